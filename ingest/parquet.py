"""Parquet files → records, none of it decoded before it is known how much it unpacks to.

A page of a few bytes can hold a value of gigabytes, and a dictionary lets thousands of rows point
to one value. So pages are measured by what their own headers announce, and dictionaries are kept as
such until the rows of a batch have been added up.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ingest.amounts import count
from ingest.errors import IngestError
from ingest.limits import Limits, size
from ingest.parquet_pages import PageHeader, page_headers
from ingest.records import VALUES_TIMES, Record, record

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 64  # rows that are decoded at once
COPIES_TIMES = 8  # of `unpacked_bytes`: the most that lists with shared values may come to
CODECS = {"LZ4": "lz4_raw"}  # what pyarrow calls it where its metadata says otherwise


def parquet_records(data: bytes, limits: Limits, sample: bool) -> list[Record]:
    """The rows of a Parquet file. Raises IngestError if it is broken or over a limit."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    most = limits.rows_looked_at(sample)
    records: list[Record] = []
    try:
        metadata = pq.read_metadata(io.BytesIO(data))
        names = metadata.schema.to_arrow_schema().names
        if len(names) > limits.columns:
            raise IngestError(
                f"The file has {count(len(names), 'column')}; at most {limits.columns} are read. "
                "Leave out the others."
            )
        _check_pages(data, metadata, limits)
        texts = [
            metadata.schema.column(number).path
            for number in range(metadata.num_columns)
            if _keeps_dictionary(metadata, number)
        ]
        file = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts)
        unpacked = 0
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            unpacked += sum(map(_decoded_bytes, batch.columns))
            if unpacked > limits.unpacked_bytes:
                raise _too_large(limits)
            cells = (column.to_pylist() for column in batch.columns)
            records += [record(dict(zip(names, row, strict=True)))
                      for row in zip(*cells, strict=True)]  # fmt: skip
            if len(records) >= most:
                break
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, IndexError) as error:
        if isinstance(error, IngestError):
            raise
        raise IngestError(f"The Parquet file is broken: {str(error)[:200]}.") from None
    return records[:most]


def _too_large(limits: Limits) -> IngestError:
    return IngestError(
        f"Unpacked, the file is larger than {size(limits.unpacked_bytes)}, the most that is read. "
        "Shorten it."
    )


def _check_pages(data: bytes, metadata: Any, limits: Limits) -> None:
    """Raises IngestError where all pages together hold more bytes or values than are read."""
    room, values = limits.unpacked_bytes, VALUES_TIMES * limits.cells
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for number, chunk in enumerate(map(group.column, range(metadata.num_columns))):
            pages = []
            for page in page_headers(data, _begin(chunk), chunk.total_compressed_size):
                room, values = room - page.unpacked_bytes, values - page.values
                pages.append(page)
                if room < 0:
                    raise _too_large(limits)
                if values < 0:
                    raise IngestError(
                        f"The file holds more than {VALUES_TIMES * limits.cells:,} values, the "
                        "most that are read. Leave out columns of lists, such as embeddings."
                    )
            if not _keeps_dictionary(metadata, number):
                in_lists = metadata.schema.column(number).max_repetition_level > 0
                _check_copies(data, chunk, pages, in_lists, limits)


def _keeps_dictionary(metadata: Any, number: int) -> bool:
    """Whether pyarrow can read a column with its dictionaries as they are: of texts, not nested."""
    column = metadata.schema.column(number)
    if column.physical_type != "BYTE_ARRAY" or "." in column.path:
        return False
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return not any("DELTA_BYTE_ARRAY" in group.column(number).encodings for group in groups)


def _begin(chunk: Any) -> int:
    """Where the pages of a column begin."""
    begin: int = chunk.data_page_offset
    if chunk.has_dictionary_page and 0 < chunk.dictionary_page_offset < begin:
        begin = chunk.dictionary_page_offset
    return begin


def _check_copies(
    data: bytes, chunk: Any, pages: Sequence[PageHeader], in_lists: bool, limits: Limits
) -> None:
    """Raises IngestError where a batch could take too much, each value as long as the longest.

    Such columns can only be read with the values that dictionaries share copied into them. One row
    can hold all values that are in lists.
    """
    copied = sum(page.values for page in pages if page.copies)
    copied = copied if in_lists else min(copied, BATCH)
    longest = max((_longest(data, chunk, page) for page in pages), default=0)
    if copied * longest > COPIES_TIMES * limits.unpacked_bytes:
        raise IngestError(
            f"The values in {chunk.path_in_schema!r} could unpack to more than "
            f"{size(COPIES_TIMES * limits.unpacked_bytes)}, the most that is read. Save the file "
            "as JSON Lines, or leave the column out."
        )


def _longest(data: bytes, chunk: Any, page: PageHeader) -> int:
    """Bytes of the longest value that the page can lend to others."""
    import pyarrow as pa

    if not page.is_dictionary or chunk.physical_type != "BYTE_ARRAY":
        return page.unpacked_bytes if page.is_dictionary or page.copies else 0
    packed = data[page.body]
    if chunk.compression == "UNCOMPRESSED":
        values = packed
    else:
        codec = CODECS.get(chunk.compression, chunk.compression.lower())
        values = pa.decompress(packed, page.unpacked_bytes, codec=codec, asbytes=True)
    at, longest = 0, 0
    while at < len(values):  # each behind its length
        length = int.from_bytes(values[at : at + 4], "little")
        at, longest = at + 4 + length, max(longest, length)
    return longest


def _decoded_bytes(array: "pa.Array") -> int:
    """What an array takes with each row's own copy of the values that dictionaries share."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.DictionaryArray):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0) + array.indices.nbytes
    return int(array.nbytes)
