"""Over a limit: a clear message, or a sample on request; a bomb costs no more than the limit."""

import gzip
import io
import tracemalloc
import zipfile
from io import StringIO

import pandas as pd
import pytest

from ingest import IngestError, Limits, read_pairs, read_table
from tests.ingest.files import SMALL


def rows(count: int) -> str:
    return "a,b,score\n" + "".join(f"one {n},two {n},{n % 6}\n" for n in range(count))


def test_for_too_many_rows_there_is_an_error_or_a_sample_on_request():
    assert len(read_pairs(StringIO(rows(10)), limits=SMALL)) == 10
    with pytest.raises(IngestError, match=r"more than 10 rows.*ask for a sample"):
        read_pairs(StringIO(rows(11)), limits=SMALL)
    sample = read_pairs(StringIO(rows(60)), limits=SMALL, sample=True)
    assert len(sample) == 10
    assert sample.row_numbers != tuple(range(1, 11)), "a sample is not just the beginning"
    assert "A sample of 10 of 60 rows was read." in sample.report.notes
    for number, (one, _) in zip(sample.row_numbers, sample.texts, strict=True):
        assert one == f"one {number - 1}"
    assert sample.texts == read_pairs(StringIO(rows(60)), limits=SMALL, sample=True).texts


def test_for_too_many_bytes_there_is_an_error_or_a_sample_on_request(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text(rows(500))
    for source in (path, path.read_bytes(), StringIO(path.read_text())):
        with pytest.raises(IngestError, match=r"larger than 2.0 kB"):
            read_table(source, limits=SMALL)
        sample = read_pairs(source, limits=SMALL, sample=True)
        assert len(sample) == 10
        assert any("Only the beginning" in note for note in sample.report.notes)


def test_too_many_columns_are_refused():
    with pytest.raises(IngestError, match=r"5 columns; at most 4"):
        read_table(StringIO("a,b,c,d,e\n1,2,3,4,5\n"), limits=SMALL)
    frame = pd.DataFrame({name: ["x"] for name in "abcde"})
    with pytest.raises(IngestError, match=r"5 columns; at most 4"):
        read_table(frame.to_parquet(), limits=Limits(columns=4))
    with pytest.raises(IngestError, match=r"5 different fields; at most 4"):
        read_table(StringIO(frame.to_json(orient="records", lines=True)), limits=SMALL)


def test_rows_with_a_text_that_is_too_long_are_dropped():
    pairs = read_pairs(StringIO("a,b\nshort,short too\n" + "x" * 21 + ",short\n"), limits=SMALL)
    assert pairs.report.dropped == {"text longer than 20 characters": (2,)}
    assert pairs.report.codes == {"text longer than 20 characters": "too_long"}


def bombs(size: int) -> list[bytes]:
    data = b"a,b,c\n" + b"x" * size
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return [gzip.compress(data), buffer.getvalue()]


@pytest.mark.parametrize("bomb", bombs(200 * 2**20), ids=["gz", "zip"])
def test_a_bomb_is_stopped_at_the_limit(bomb):
    limits = Limits(unpacked_bytes=2**20)
    tracemalloc.start()
    with pytest.raises(IngestError, match=r"Unpacked, the file is larger than 1.0 MB"):
        read_table(bomb, limits=limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_parquet_bomb_is_stopped_too():
    frame = pd.DataFrame({"a": ["x" * 100_000] * 500, "b": ["y z"] * 500})
    data = frame.to_parquet()
    assert len(data) < 2**20
    with pytest.raises(IngestError, match=r"larger than 4.0 MB"):
        read_table(data, limits=Limits(unpacked_bytes=2**22))


def test_limits_are_checked():
    with pytest.raises(IngestError, match=r"rows is 0.*\n.*columns is -1"):
        Limits(rows=0, columns=-1)
