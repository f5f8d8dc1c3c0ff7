"""A file of a few bytes costs no more than the limits, whatever it unpacks to."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from ingest import IngestError, Limits, read_corpus, read_pairs, read_table
from tests.ingest.bombs import BOMBS, SHEET, parquet, workbook

ROOM_MB = 150  # the limits allow 32 MB of text, of which a few copies are made


@pytest.mark.slow
def test_no_small_file_takes_much_memory(tmp_path):
    paths = [tmp_path / f"{name}.bin" for name in BOMBS]
    for path, bomb in zip(paths, BOMBS.values(), strict=True):
        path.write_bytes(bomb())
        assert path.stat().st_size < Limits().file_bytes
    child = subprocess.run(
        [sys.executable, "-m", "tests.ingest.read_in_child", *map(str, paths)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    results = [json.loads(line) for line in child.stdout.splitlines()]
    assert [result["name"] for result in results] == list(BOMBS)
    assert sum(result["grew_mb"] for result in results) < ROOM_MB, results
    problems = {result["name"]: result["error"] for result in results if result["error"]}
    assert "20,001 columns; at most 50" in problems.pop("wide_csv")
    assert "20,000 different fields; at most 50" in problems.pop("a_key_for_each_record")
    assert "more than 4,000,000 values in one piece of JSON" in problems.pop("empty_objects")
    assert "larger than 32.0 MB" in problems.pop("parquet_dictionary")
    assert "'c.list.element' could unpack to" in problems.pop("parquet_dictionary_in_lists")
    assert "more than 4,000,000 values" in problems.pop("parquet_of_nothing")
    assert "more cells or styles than are read" in problems.pop("workbook_row")
    assert "more cells or styles than are read" in problems.pop("workbook_styles")
    assert "100,009 files" in problems.pop("zip_directory")
    assert "more than 20,000 rows" in problems.pop("wide_csv_further_down")
    assert not problems


def test_a_row_far_wider_than_the_table_is_left_out_and_counted():
    rows = "x,y\n" * 9 + "a," * 5_000 + "b\n" + 'one,"two, ' + ", " * 80 + 'three\nmore"\n'
    table = read_table(io.StringIO("first,second\n" + rows))
    assert table.columns == ("first", "second")
    assert {why.words: rows for why, rows in table.dropped.items()} == {
        "more cells than columns": (10,)
    }
    assert table.frame["second"].tolist()[-1].startswith("two, , ,"), "commas in quotes are text"


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_parquet_is_read_in_all_its_pages(version):
    texts = [f"text {number % 7} of many" for number in range(3_000)]
    table = pa.table(
        {
            "text": texts,
            "tags": [[text, None] for text in texts],
            "about": [{"kind": text} for text in texts],
            "score": [number / 2 if number % 3 else None for number in range(3_000)],
            "flag": [True, None, False] * 1_000,
        }
    )
    small_pages = {"data_page_version": version, "data_page_size": 500, "row_group_size": 700}
    for options in ({}, {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}):
        of_texts = table.select(["text"]) if options else table
        frame = read_table(parquet(of_texts, **small_pages, **options)).frame
        assert frame["text"].tolist() == texts
    frame = read_table(parquet(table, **small_pages)).frame
    assert frame["tags"][2] == '["text 1 of many", null]'
    assert frame["about"][2] == '{"kind": "text 1 of many"}'
    assert frame["score"].tolist()[:3] == ["", "0.5", "1.0"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_wherever_it_stands(encoding):
    late = f"<?xml version='1.0' encoding='{encoding}'?><!--{' ' * 2_000}-->"
    entity = "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"
    data = workbook_with_sheet((late + entity).encode(encoding))
    with pytest.raises(IngestError, match="a document type"):
        read_pairs(data)


def workbook_with_sheet(sheet: bytes) -> bytes:
    """A workbook whose sheet is these bytes."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as source,
        zipfile.ZipFile(file, "w") as target,
    ):
        for name in source.namelist():
            target.writestr(name, sheet if name == SHEET else source.read(name))
    return file.getvalue()


def test_a_zip_packed_in_an_unusual_way_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("texts.csv", "a,b\n1,2\n")
    with pytest.raises(IngestError, match="packed by a method other than deflate"):
        read_corpus(file.getvalue())
