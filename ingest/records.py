"""JSON Lines, JSON and Parquet: records with named values → rows of text."""

import io
import json
from collections.abc import Iterator, Sequence

from ingest.errors import IngestError
from ingest.limits import SAMPLED_TIMES, Limits, size

BATCH = 64  # rows decoded at once, so that a column that unpacks to gigabytes is stopped early
NESTED = (list, tuple, dict)

Record = dict[str, str] | None  # None: a line that cannot be read


def looks_like_json(text: str) -> bool:
    """The first line is a JSON object, or the whole a JSON list or object."""
    start = text[:1]
    if start not in ("{", "["):
        return False
    first = text.partition("\n")[0]
    return isinstance(_loaded(first), dict | list) or isinstance(_loaded(text), dict | list)


def json_records(text: str, limits: Limits, sample: bool, singles: bool = False) -> list[Record]:
    """One record a line; or one list of records; or one object that holds such a list.

    singles: a list of strings is one of texts, a record each.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    whole = _loaded(text)
    if isinstance(whole, dict):
        whole = next((value for value in whole.values() if _are_records(value)), None)
    elif singles and isinstance(whole, list) and all(isinstance(item, str) for item in whole):
        whole = [{"text": item} for item in whole]
    elif not _are_records(whole):  # one line that is one record, or nothing
        whole = None
    items: Iterator[object]
    items = iter(whole) if isinstance(whole, list) else (_loaded(line) for line in lines)
    most = limits.rows * (SAMPLED_TIMES if sample else 1) + 2
    return [_record(item) for item, _ in zip(items, range(most), strict=False)]


def parquet_records(data: bytes, limits: Limits, sample: bool) -> list[Record]:
    """The rows of a Parquet file. Raises IngestError if it is broken or over a limit."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    most = limits.rows * (SAMPLED_TIMES if sample else 1) + 2
    records: list[Record] = []
    unpacked = 0
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        names = file.schema_arrow.names
        if len(names) > limits.columns:
            raise IngestError(
                f"The file has {len(names)} columns; at most {limits.columns} are read. "
                "Leave out the others."
            )
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            unpacked += batch.nbytes
            if unpacked > limits.unpacked_bytes:
                raise IngestError(
                    f"Unpacked, the file is larger than {size(limits.unpacked_bytes)}, the most "
                    "that is read. Shorten it."
                )
            columns = [column.to_pylist() for column in batch.columns]
            records += [_record(dict(zip(names, row, strict=True)))
                      for row in zip(*columns, strict=True)]  # fmt: skip
            if len(records) >= most:
                break
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        if isinstance(error, IngestError):
            raise
        raise IngestError(f"The Parquet file is broken: {str(error)[:200]}.") from None
    return records[:most]


def _are_records(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _record(item: object) -> Record:
    """Values as text. A list is a record of "column 1", "column 2", ..."""
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        item = {f"column {n}": value for n, value in enumerate(item, start=1)}
    if not isinstance(item, dict) or not item:
        return None
    try:
        return {str(key): _cell(value) for key, value in item.items()}
    except (ValueError, TypeError, RecursionError):  # nested too deep, or keys that are no text
        return None


def _cell(value: object) -> str:
    """A list of one value is that value; other lists and objects are their JSON."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple) and len(value) == 1 and not isinstance(value[0], NESTED):
        return _cell(value[0])
    if isinstance(value, NESTED):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
