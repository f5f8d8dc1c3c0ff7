"""Every format, encoding and dialect that people send gives the same pairs."""

import csv
import gzip
import io
import json
import zipfile
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from ingest import IngestError, read_corpus, read_pairs, read_table

ROWS = [
    ("Das Café öffnet um acht.", "Es macht früh auf.", "4.5"),
    ("Say “hi”, then leave.", "One line\nand another; really", "0"),
    ("Naïve, isn’t it?", "A “quoted” word", "2.5"),
]
TEXTS = tuple((a, b.replace("\n", " ")) for a, b, _ in ROWS)


def delimited(sep: str = ",", header: bool = True, end: str = "\n") -> str:
    frame = pd.DataFrame(ROWS, columns=["sentence1", "sentence2", "score"])
    quoting = csv.QUOTE_ALL if end == "\r" else csv.QUOTE_MINIMAL  # else a \n stands unquoted
    return frame.to_csv(sep=sep, index=False, header=header, lineterminator=end, quoting=quoting)


def check_rows(pairs) -> None:
    assert pairs.kind == "score"
    assert pairs.texts == TEXTS
    assert pairs.labels.tolist() == pytest.approx([0.9, 0, 0.5])
    assert pairs.report.scaling == "0–5 divided by 5"
    assert pairs.row_numbers == (1, 2, 3)


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end_gives_the_same_pairs(sep, end):
    check_rows(read_pairs(delimited(sep, end=end).encode()))


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with byte order mark"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16 without byte order mark"),
        ("utf-16-be", "UTF-16 without byte order mark"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252 (Western)"),
    ],
)
def test_every_encoding_gives_the_same_pairs_and_is_named(encoding, name):
    pairs = read_pairs(delimited(";").encode(encoding))
    check_rows(pairs)
    assert pairs.report.encoding == name


@pytest.mark.parametrize(
    ("encoding", "one", "other"),
    [
        ("latin-1", "où est la gare ?", "ça va très bien"),
        ("cp1251", "Где находится вокзал?", "Как пройти к вокзалу?"),
        ("cp1250", "Zażółć gęślą jaźń", "Příliš žluťoučký kůň"),
        ("shift_jis", "今日は天気がいいですね", "今日は晴れています"),
        ("gb18030", "今天天气很好我们去公园", "今天是晴天他去学校了"),
        ("euc_kr", "오늘 날씨가 좋네요", "오늘은 맑습니다"),
    ],
)
def test_older_encodings_are_read_and_said(encoding, one, other):
    pairs = read_pairs(
        f"sentence1,sentence2,label\n{one},{other},1\n{other},b b,0\n".encode(encoding)
    )
    assert pairs.texts[0] == (one, other)
    assert "Not valid UTF-8 (line 2)" in pairs.report.notes[0]


def test_a_lost_character_is_counted():
    pairs = read_pairs("a,b\nLe caf\udcff est l\u00e0,oui\n".encode("utf-8", "surrogatepass"))
    assert len(pairs) == 1
    pairs = read_pairs(b"\xef\xbb\xbfa,b\nhel\xfflo you,hi there\n")
    [note] = pairs.report.notes
    assert note.startswith("1 character could not be read")
    assert all(part in note for part in ("UTF-8 with byte order mark", "\ufffd"))


def test_a_string_is_a_path_as_in_pandas(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(delimited())
    check_rows(read_pairs(path))
    check_rows(read_pairs(str(path)))
    check_rows(read_pairs(path.read_bytes()))
    semicolons = tmp_path / "pairs.tsv"
    semicolons.write_text("one text\tanother; text\n")
    assert read_table(str(semicolons)).delimiter == "tab", "its name says so"


def test_pasted_text_is_never_a_path(tmp_path, monkeypatch):
    path = tmp_path / "our pairs and what they hold.csv"
    path.write_text(delimited())
    check_rows(read_pairs(StringIO(delimited("\t"))))
    monkeypatch.chdir(tmp_path)
    assert read_corpus(StringIO(path.name)).texts == (path.name,)
    with pytest.raises(IngestError, match=r"A text alone on its line is no pair"):
        read_pairs(StringIO(path.name))


@pytest.mark.parametrize("given", [str, Path], ids=["str", "Path"])
def test_a_missing_file_is_named_and_told_from_text(tmp_path, given):
    for read in (read_pairs, read_corpus):
        with pytest.raises(
            IngestError, match=r"no such file.*Check the path.*io.StringIO"
        ) as error:
            read(given(tmp_path / "not there.csv"))
        assert repr(str(tmp_path / "not there.csv")) in str(error.value)


@pytest.mark.parametrize("path", ["", ".", "x" * 10_000, "a\0b", "a,b\nIt rains.,It pours.\n" * 99])
def test_what_is_no_file_at_all_is_refused_in_a_few_words(path):
    with pytest.raises(IngestError, match=r"cannot be read: .*\. Check the path") as error:
        read_table(path)
    assert len(str(error.value)) < 500


def test_json_lines_lists_and_wrapped_lists():
    records = [{"sentence1": a, "sentence2": b, "score": float(s)} for a, b, s in ROWS]
    check_rows(read_pairs("\n".join(json.dumps(r) for r in records).encode()))
    check_rows(read_pairs(json.dumps(records, indent=1).encode()))
    check_rows(read_pairs(json.dumps({"version": 1, "data": records}).encode()))
    lists = [[a, b, float(s)] for a, b, s in ROWS]
    check_rows(read_pairs(StringIO("\n".join(map(json.dumps, lists)))))


def test_bad_json_lines_are_dropped_by_number():
    lines = ('{"a": "x y", "b": "z w"}', '{"a": "broken', '{"a": ["p q"], "b": "r s"}', "[]",
             '{"a": ["1", "2"], "b": "t"}')  # fmt: skip
    pairs = read_pairs(StringIO("\n".join(lines)))
    assert pairs.texts == (("x y", "z w"), ("p q", "r s"))
    assert pairs.row_numbers == (1, 3)
    assert pairs.report.dropped == {
        "not a readable record": (2, 4),
        "a list or an object instead of a text": (5,),
    }


def test_parquet_gives_the_same_pairs_or_is_said_to_be_broken():
    frame = pd.DataFrame(ROWS, columns=["sentence1", "sentence2", "score"])
    data = frame.astype({"score": float}).to_parquet(index=False)
    pairs = read_pairs(data)
    check_rows(pairs)
    assert pairs.report.encoding == "Parquet"
    with pytest.raises(IngestError, match=r"Parquet file is broken"):
        read_pairs(data[:40] + b"x" * 40 + data[80:-20])


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_DOT_", ".").replace("_IN_", "/"), data)
    return buffer.getvalue()


def test_a_compressed_file_is_read_if_it_is_the_only_one():
    data = delimited(";").encode("utf-16")
    check_rows(read_pairs(gzip.compress(data)))
    check_rows(read_pairs(zipped(pairs_DOT_csv=data)))
    check_rows(read_pairs(zipped(__MACOSX_IN_x=b"?", pairs_DOT_csv=data, _DOT_DS_Store=b"?")))
    with pytest.raises(IngestError, match=r"holds 2 files \(a.csv, b.csv\); pack exactly one"):
        read_pairs(zipped(a_DOT_csv=data, b_DOT_csv=data))
    with pytest.raises(IngestError, match=r"compressed file inside a compressed file"):
        read_pairs(zipped(a_DOT_gz=gzip.compress(data)))
    with pytest.raises(IngestError, match=r"a Word or PowerPoint file"):
        read_pairs(zipped(**{"[Content_Types]_DOT_xml": b"<x/>"}))
    for broken in (gzip.compress(data)[:-20], zipped(a=data)[:-20], b"\x1f\x8b", b"PK\x03\x04"):
        with pytest.raises(IngestError, match=r"broken or incomplete"):
            read_pairs(broken)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no text"),
        (b" \n\n ", "no text"),
        (b",,\n,,\n", "Every cell is empty"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
        (bytes(range(256)) * 4, "not text"),
        (b"only one column\nof sentences here\n", "two columns of texts"),
        (b"size,weight,price\n1,2,3\n4,5,6\n", "two columns of texts"),
    ],
)
def test_what_holds_no_pairs_is_refused_with_a_reason(data, message):
    with pytest.raises(IngestError, match=message):
        read_pairs(data)


def test_no_header_is_said_and_row_one_kept():
    table = read_table(delimited(header=False).encode())
    assert not table.header
    assert table.columns == ("column 1", "column 2", "column 3")
    assert any("No header" in note for note in table.notes)
    check_rows(read_pairs(delimited(header=False).encode()))


def test_a_header_of_unknown_names_is_one():
    table = read_table(
        StringIO(
            "Satz,Umschreibung,Ähnlichkeit\nDas ist ein schöner Tag.,Es ist schön draußen.,ja\n"
            "Der Hund bellt laut.,Die Katze schläft.,nein\n"
        )
    )
    assert table.header
    assert table.columns == ("Satz", "Umschreibung", "Ähnlichkeit")


def test_excels_first_line_names_the_separator():
    table = read_table(StringIO("sep=;\na;b\nx, y, z;one, two\n"))
    assert table.columns == ("a", "b")
    assert table.frame.values.tolist() == [["x, y, z", "one, two"]]


def test_decimal_commas_between_semicolons():
    pairs = read_pairs(StringIO("a;b;score\nx y, z;u v;4,5\nk, l;m n;0,5\np q;r, s;5,0\n"))
    assert pairs.labels.tolist() == pytest.approx([0.9, 0.1, 1.0])
    assert pairs.report.fixed == {"decimal comma read as a point": (1, 2, 3)}


def test_commas_without_quotes_drop_the_row_and_say_so():
    text = ("sentence1,sentence2,label\nGood day,Hello there,1\nWell, well,So it is,0\n"
            "Good night,Sleep well,1\n")  # fmt: skip
    pairs = read_pairs(StringIO(text))
    assert pairs.row_numbers == (1, 3)
    assert pairs.report.dropped == {"more cells than columns": (2,)}


def test_quotes_that_are_mere_characters():
    rows = "\n".join(f'He said "no {n}\t"Never {n}" was the word\t{n % 2}' for n in range(6))
    pairs = read_pairs(StringIO("sentence1\tsentence2\tlabel\n" + rows))
    assert pairs.texts[2] == ('He said "no 2', '"Never 2" was the word')
    assert len(pairs) == 6


def test_a_quote_never_closed_loses_nothing_silently():
    pairs = read_pairs(StringIO('a,b,label\nx y,z w,1\n"open,quote here,0\np q,r s,1\n'))
    assert len(pairs) == 3
    assert pairs.texts[1] == ('"open', "quote here")


def test_backslash_escapes():
    pairs = read_pairs(StringIO('a,b,label\n"He said \\"hi, you\\"",greeting,1\n"x, y",z,0\n'))
    assert pairs.texts == (('He said "hi, you"', "greeting"), ("x, y", "z"))


def test_blank_lines_keep_their_row_numbers():
    pairs = read_pairs(StringIO("\n\na,b,label\nx y,z w,1\n\n\np q,r s,0\n\n\n"))
    assert pairs.row_numbers == (1, 4)
    assert pairs.report.dropped == {"blank line": (2, 3)}


def test_names_given_twice_or_not_at_all_become_distinct():
    table = read_table(StringIO("text,text,,score\na b,c d,,1\ne f,g h,x,0\n"))
    assert table.columns == ("text", "text (2)", "column 3", "score")


def test_texts_are_tidied_and_the_rows_named():
    pairs = read_pairs(StringIO('a;b;label\n  x\u00a0 y\u200b ;z;1\np;"q\nr";0\nu;v;1\n'))
    assert pairs.texts == (("x y", "z"), ("p", "q r"), ("u", "v"))
    assert pairs.report.fixed == {
        "invisible characters removed": (1,),
        "spaces and line breaks tidied": (1, 2),
    }


@pytest.mark.parametrize("code", [0, 1, 2, 7, 11, 12, 14, 27, 28, 31, 0x85])
def test_control_characters_separate_words(code):
    text = f"a,b\nHello{chr(code)}there you.,Good{chr(code)} morning.\nIt rains.,It pours."
    pairs = read_pairs(text.encode())
    assert pairs.texts[0] == ("Hello there you.", "Good morning.")
    assert "2 control characters removed, or read as a space." in pairs.report.notes
