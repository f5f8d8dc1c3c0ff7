"""Parquet files → records, none of it decoded before it is known how much it unpacks to.

A page of a few bytes can hold a value of gigabytes, and a dictionary lets thousands of rows point
to one value. So pages are measured by what their own headers announce, and dictionaries are kept as
such until the rows of a batch have been added up.
"""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ingest.amounts import count
from ingest.errors import IngestError
from ingest.limits import Limits, size
from ingest.parquet_pages import PageHeader, page_headers
from ingest.records import VALUES_TIMES, Record, record

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 64  # rows that are decoded at once


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
            column.path
            for column in map(metadata.schema.column, range(metadata.num_columns))
            if column.physical_type == "BYTE_ARRAY"
        ]
        file = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts)
        unpacked = 0
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            unpacked += sum(map(_decoded_bytes, batch.columns))
            if unpacked > limits.unpacked_bytes:
                raise _too_large(limits)
            columns = [column.to_pylist() for column in batch.columns]
            records += [record(dict(zip(names, row, strict=True)))
                      for row in zip(*columns, strict=True)]  # fmt: skip
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
    for page in _all_pages(data, metadata):
        room, values = room - page.unpacked_bytes, values - page.values
        if room < 0:
            raise _too_large(limits)
        if values < 0:
            raise IngestError(
                f"The file holds more than {VALUES_TIMES * limits.cells:,} values, the most that "
                "are read. Leave out columns of lists, such as embeddings."
            )


def _all_pages(data: bytes, metadata: Any) -> Iterator[PageHeader]:
    """The pages of all columns. Raises ValueError where a header is none."""
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(metadata.num_columns)):
            begin = column.data_page_offset
            if column.has_dictionary_page and 0 < column.dictionary_page_offset < begin:
                begin = column.dictionary_page_offset
            yield from page_headers(data, begin, column.total_compressed_size)


def _decoded_bytes(array: "pa.Array") -> int:
    """What an array takes with each row's own copy of the values that dictionaries share."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.DictionaryArray):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0) + array.indices.nbytes
    if isinstance(array, pa.StructArray):
        return sum(_decoded_bytes(array.field(at)) for at in range(array.type.num_fields))
    if isinstance(array, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray | pa.MapArray):
        return _decoded_bytes(array.flatten()) + 8 * len(array)
    return int(array.nbytes)
