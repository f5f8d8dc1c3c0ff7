"""Small files that would unpack to much more, by what they do."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

MIB = 2**20


def wide_csv() -> bytes:
    """A line of 20,000 cells, then 19,000 lines of two."""
    return b"a," * 20_000 + b"b\n" + b"x,y\n" * 19_000


def wide_csv_further_down() -> bytes:
    """A line of 20,000 cells behind a quarter of a megabyte, then lines of two."""
    return b"p,q\n" + b"x,y\n" * 300_000 + b"a," * 20_000 + b"b\n" + b"x,y\n" * 10_000


def a_key_for_each_record() -> bytes:
    """JSON Lines in which no two records have a field in common."""
    return "\n".join(f'{{"k{number}":"x"}}' for number in range(20_000)).encode()


def empty_objects() -> bytes:
    """A JSON list of ten million objects."""
    return gzip.compress(b"[" + b"{}," * (10 * MIB) + b"{}]", 1)


def empty_lists_in_a_line() -> bytes:
    """JSON Lines, one record being a list of ten million lists."""
    return gzip.compress(b'{"a":"x y"}\n{"a":[' + b"[]," * (10 * MIB) + b"[]]}\n", 1)


def parquet(table: pa.Table, **options: object) -> bytes:
    """A file of it, without a word on how pyarrow holds it."""
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd", store_schema=False, **options)
    return file.getvalue()


def parquet_dictionary() -> bytes:
    """64 rows that point to one value of 20 MB."""
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 64, pa.int32()), ["a" * (20 * MIB)])
    return parquet(pa.table({"c": shared}))


def parquet_dictionary_in_lists() -> bytes:
    """One row that holds the same value of 2 MB 500 times."""
    return parquet(pa.table({"c": [["a" * (2 * MIB)] * 500]}))


def parquet_of_nothing() -> bytes:
    """One row of ten million missing values."""
    return parquet(
        pa.table({"c": pa.ListArray.from_arrays([0, 10 * MIB], pa.nulls(10 * MIB, pa.int8()))})
    )


def workbook(part: str = "", before: bytes = b"", more: bytes = b"") -> bytes:
    """A small workbook, with more put into one part in front of some bytes of it."""
    book = openpyxl.Workbook()
    for row in (["sentence1", "sentence2"], ["One.", "Two."]):
        book.active.append(row)
    written, file = io.BytesIO(), io.BytesIO()
    book.save(written)
    with (
        zipfile.ZipFile(written) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                content = content.replace(before, more + before, 1)
            target.writestr(name, content)
    return file.getvalue()


SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"


def workbook_row() -> bytes:
    """A row of two million cells without a place."""
    return workbook(SHEET, b"</row>", b"<c/>" * (2 * MIB))


def workbook_styles() -> bytes:
    """Two million fonts."""
    return workbook(STYLES, b"</fonts>", b"<font/>" * (2 * MIB))


def zip_directory() -> bytes:
    """A zip whose directory has 100,000 entries, of which it names a few."""
    plain = workbook()
    end = plain.rfind(b"PK\x05\x06")
    [length] = struct.unpack("<L", plain[end + 12 : end + 16])
    fields = (20, 20, *[0] * 7, 1, *[0] * 6)
    more = (struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *fields) + b"a") * 100_000
    new_length = struct.pack("<L", length + len(more))
    return plain[:end] + more + plain[end : end + 12] + new_length + plain[end + 16 :]


BOMBS: dict[str, Callable[[], bytes]] = {
    bomb.__name__: bomb
    for bomb in (
        wide_csv, wide_csv_further_down, a_key_for_each_record, empty_objects,
        empty_lists_in_a_line, parquet_dictionary, parquet_dictionary_in_lists, parquet_of_nothing,
        workbook_row, workbook_styles, zip_directory,
    )
}  # fmt: skip
