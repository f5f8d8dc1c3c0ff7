"""How much may be read: the one place that says so."""

from dataclasses import dataclass, fields

from ingest.errors import IngestError

MIB = 2**20
SAMPLED_TIMES = 10  # a sample is drawn from at most this many times the rows that may be read


@dataclass(frozen=True)
class Limits:
    """Upper bounds on what is read; all are at least 1.

    `file_bytes` bounds what is sent, `unpacked_bytes` what comes out of a gz, zip or Parquet file,
    `rows` the data rows, `columns` the columns of the file, `cell_chars` one text. A file of few
    bytes can hold many cells, so all readers count rows × columns before they build a table.
    """

    rows: int = 20_000
    columns: int = 50
    cell_chars: int = 5_000
    file_bytes: int = 5 * MIB
    unpacked_bytes: int = 32 * MIB

    def __post_init__(self) -> None:
        wrong = [f.name for f in fields(self) if getattr(self, f.name) < 1]
        if wrong:
            raise IngestError(*(f"Limit {n} is {getattr(self, n)}; give 1 or more." for n in wrong))

    @property
    def cells(self) -> int:
        """Of the largest table that is read whole."""
        return self.rows * self.columns

    def rows_looked_at(self, sample: bool) -> int:
        """Rows that are parsed: those that may be read, or those that a sample is drawn from.

        Two more tell that there are too many, one of them being the header.
        """
        return self.rows * (SAMPLED_TIMES if sample else 1) + 2


LIMITS = Limits()


def size(count: int) -> str:
    """Bytes for people: '5.0 MB'."""
    return f"{count / MIB:.1f} MB" if count >= MIB / 10 else f"{count / 1024:.1f} kB"
