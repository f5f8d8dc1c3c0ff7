"""What reading did to the rows: kept, mended, left out and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Rows = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Report:
    """Row numbers are 1-based data rows of the file; every row read is kept, or dropped once.

    scaling: how labels became numbers from 0 to 1; scaling_note: what was seen and is not certain,
    in sentences; scale: the (lowest, highest) label, None for words and kinds without labels.
    """

    kept: int
    fixed: Rows = field(default_factory=dict)
    dropped: Rows = field(default_factory=dict)
    scaling: str = ""
    encoding: str = ""
    delimiter: str = ""
    notes: tuple[str, ...] = ()
    scaling_note: str = ""
    scale: tuple[float, float] | None = None

    @property
    def read(self) -> int:
        """Rows kept and rows dropped."""
        return self.kept + sum(map(len, self.dropped.values()))

    def without(self, rows: tuple[int, ...], reason: str) -> "Report":
        """The same after these kept rows were dropped, too."""
        dropped = dict(self.dropped)
        if rows:
            dropped[reason] = tuple(sorted((*dropped.get(reason, ()), *rows)))
        return replace(self, kept=self.kept - len(rows), dropped=dropped)
