"""What rows may be read from: a path, bytes, an open file; all else is refused in words."""

import io

import pandas as pd
import pytest

from ingest import IngestError, read_corpus, read_pairs

CSV = "a,b,score\nA cat sleeps.,A cat naps.,5\nIt rains.,The sun shines.,1\nBread.,Rolls.,4\n"
TEXTS = (("A cat sleeps.", "A cat naps."), ("It rains.", "The sun shines."), ("Bread.", "Rolls."))


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pairs.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "opened",
    [
        lambda home: io.BytesIO(CSV.encode()),
        lambda home: (home / "pairs.csv").open(encoding="utf-8"),
        lambda home: (home / "pairs.csv").open("rb"),
        lambda home: bytearray(CSV.encode()),
        lambda home: "~/pairs.csv",
    ],
    ids=["BytesIO", "text file", "binary file", "bytearray", "home"],
)
def test_a_file_is_read_however_it_is_handed_over(home, opened):
    assert read_pairs(opened(home)).texts == TEXTS


@pytest.mark.parametrize("read", [read_pairs, read_corpus])
@pytest.mark.parametrize(
    ("source", "words"),
    [([("a", "b")], "type list cannot be read"),
     (pd.DataFrame({"a": ["x"]}), "type DataFrame cannot"),
     (None, "type NoneType cannot"),
     (7, "type int cannot"), ("", "no such file"),
     ("~nobody-of-this-name/x.csv", "cannot be read")],
    ids=["list", "table", "nothing", "number", "empty path", "unknown home"],
)  # fmt: skip
def test_what_is_no_file_is_refused_in_words(read, source, words):
    with pytest.raises(IngestError, match=words):
        read(source)
