"""Nothing is read for what it is not: pages and pointers for tables, classes for texts."""

import gzip
import json
from io import StringIO

import pytest

from ingest import IngestError, check, guess_columns, read_corpus, read_pairs, read_table

A, B = "The train was late again.", "Once more we waited for the train."


# --- what stands for a file -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS pointer"),
        (b"/annex/objects/SHA256E-s12--00ff.csv\n", "git-annex pointer"),
        (b"../.git/annex/objects/aa/bb/SHA256E-s12--00ff.csv\n", "git-annex pointer"),
        (b"\n<!-- x -->\n<HTML lang='en'><p>Hi, you", "web page"),
        ("<!DOCTYPE html><p>Hi".encode("utf-16"), "web page"),
        (gzip.compress(b"<!doctype html>\n<title>x, y</title>", mtime=0), "web page"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html>a, b</html>", "web page"),
        (b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>", "XML document"),
        (b'{"error": "Not found", "message": "No such set, or no access."}', "server's refusal"),
        (b'{"message": "Bad credentials", "documentation_url": "x"}', "server's refusal"),
        (b'{"detail": "Not authenticated"}', "server's refusal"),
        (b'{\n "errors": [{"code": 403}]\n}', "server's refusal"),
        (b"404: Not Found", "server's refusal"),
        (b"HTTP/1.1 403 Forbidden\n", "server's refusal"),
        (b"Access denied.", "server's refusal"),
        (b"<title>Sign in</title>\n<p>Hi, you", "part of a web page"),
        (b"<div class='e'>Page, gone</div>", "part of a web page"),
        (b"<div>\n <p>Hi, you</p>\n</div>", "part of a web page"),
        (b"<table><tr><td>a, b</td></tr></table>", "part of a web page"),
        (b"ARROW1\x00\x00", "Arrow file"),
        (b"{\\rtf1 a, b}", "Rich Text"),
    ],
)
@pytest.mark.parametrize("read", [read_pairs, read_corpus])
def test_what_stands_for_the_data_is_named(read, data, what):
    with pytest.raises(IngestError, match=f"This is an? {what}"):
        read(data)


@pytest.mark.parametrize(
    "text",
    [
        "<p>One, two</p>\n<p>three</p>",
        "<div>One, two</div>\n<div>three</div>",
        "version control is\nsafe",
        "Not found in the garden\nNot found",
        '{"message": "Where are you?"}\n{"message": "At home."}',
        '[{"error": "The lamp broke."}, {"error": "The tap drips."}]',
    ],
)
def test_texts_with_markup_or_about_versions_are_texts(text):
    assert len(read_corpus(StringIO(text))) == 2


# --- one column -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'text\n"I came, I saw."\n"He sat, she ran."\n"It rains, now."',
        '"I came, I saw."\n"He sat, she ran."\n"It rains, now."',
        'Satz\n"Er kam; er sah."\n"Sie saß; er lief."\n"Es regnet; nun."',
        'text\n"I came, then\nsaw, and won."\n"He sat, she\nran, too."',
    ],
)
def test_quoted_texts_are_never_split_inside_their_quotes(text):
    with pytest.raises(IngestError, match=r"found 1 among.*single texts, as in .*, belong in Map"):
        read_pairs(StringIO(text))


def test_quotes_in_a_table_of_tabs_are_no_column():
    rows = "\n".join(f'"Well, no {n}"\t"Yes, {n}"' for n in range(4))
    assert read_pairs(StringIO(f"a\tb\n{rows}")).texts[0] == ("Well, no 0", "Yes, 0")


# --- JSON -----------------------------------------------------------------------------------------


def records(count: int, word: str = "tap") -> list[dict[str, str]]:
    return [
        {"a": f"The {word} {n} drips.", "b": f"One {word}, no. {n}, leaks."} for n in range(count)
    ]


@pytest.mark.parametrize(
    ("value", "rows", "note"),
    [
        ({"train": records(5), "test": records(2, "pipe")}, 7, "'train' (5 records), 'test' (2"),
        ({"data": {"dev": records(1), "train": records(4)}}, 5, "'data.dev' (1 record), 'data.tr"),
        ({"info": [{"year": 1}], "pairs": records(3)}, 3, "lists were not: 'info' (1 record)"),
        ({"a": ["I came here.", "He sat."], "b": ["I did come.", "He was seated."]}, 2, ""),
        ({"a": {"0": "I came.", "1": "He sat."}, "b": {"0": "So I did.", "1": "He was."}}, 2, ""),
        ({"version": 1, "data": records(3)}, 3, ""),
        ({"p1": records(1)[0], "p2": records(2)[1], "p3": records(3)[2]}, 3, ""),
        ({"rows": [{"row_idx": 0, "row": record} for record in records(3)]}, 3, ""),
    ],
)  # fmt: skip
def test_of_an_object_everything_is_read_or_named(value, rows, note):
    pairs = read_pairs(StringIO(json.dumps(value)))
    assert len(pairs) == rows
    assert note in " ".join(pairs.report.notes)
    assert bool(note) == bool(pairs.report.notes)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
def test_no_mark_inside_a_text_ends_a_line_or_joins_words(mark):
    line = json.dumps({"a": "Lamp MARK on.", "b": "It shines MARK now."})
    for text in (f"{line}\n{line}", "a,b\n" + "Lamp MARK on.,It shines MARK now.\n" * 2):
        pairs = read_pairs(StringIO(text.replace(" MARK ", mark)))
        assert pairs.texts == (("Lamp on.", "It shines now."),) * 2


def test_lines_may_end_as_on_an_old_mac():
    lines = "\r".join(map(json.dumps, records(3)))
    assert len(read_pairs(StringIO(lines))) == 3


# --- texts ----------------------------------------------------------------------------------------


def guess(header: str, row: str) -> tuple[str, ...]:
    """The texts' columns of 40 rows, "#" being their number."""
    rows = "\n".join(row.replace("#", str(n)) for n in range(40))
    return guess_columns(read_table(StringIO(f"{header}\n{rows}"))).texts


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("one|tags|other", "I saw # birds.|PRP VBD CD NNS IN DT # .|Ich sah # Vögel."),
        ("one|html|other", "I saw # birds.|<p>I saw <b>#</b> birds.</p>|Ich sah # Vögel."),
        ("html|one|other", "<p>I saw <b>#</b> birds.</p>|I saw # birds.|Ich sah # Vögel."),
        ("one|tokens|other", "I saw # birds.|i saw # birds .|Ich sah # Vögel."),
        ("one|link|other", "I saw # birds.|https://a.org/birds/many/of/them/#|Ich sah # Vögel."),
        ("one|day|other", "I saw # birds.|Monday, # January 2021|Ich sah # Vögel."),
        ("one|other|licence", "I saw # birds.|Ich sah # Vögel.|CC BY 4.0, all of it, by # people"),
        ("one|other|spill", "I saw # birds.|Ich sah # Vögel.|"),
        ("one|rights|other", "I saw # birds.|All rights of all of us reserved|Ich sah # Vögel."),
    ],
)  # fmt: skip
def test_the_sentences_win_over_what_is_longer(header, row):
    assert guess(header, row) == ("one", "other")


@pytest.mark.parametrize(
    ("header", "row", "text"),
    [
        ("user,tweet", "CLASS,I saw # birds today", "tweet"),
        ("text,label", "I saw # birds today,CLASS", "text"),
        ("id,text,class", "#,I saw # birds today,CLASS", "text"),
        ("headline,section,rest", "I saw # birds today,CLASS,", "headline"),
    ],
)
def test_a_column_of_few_values_is_no_text_of_a_pair(header, row, text):
    rows = [row.replace("#", str(n)).replace("CLASS", ("anna", "bo")[n % 2]) for n in range(40)]
    with pytest.raises(IngestError, match=rf"single texts with a class.*the texts are in '{text}'"):
        read_pairs(StringIO("\n".join([header, *rows])))


def test_a_short_text_before_two_passages_is_their_query():
    rows = [f"Is it {n}?\tIt is {n}, for all that we know here.\tIt rains on day {n}, a lot of it."
            for n in range(9)]  # fmt: skip
    assert read_pairs(StringIO("\n".join(rows))).kind == "triplet"


def test_the_map_takes_no_tags_for_texts_either():
    rows = [f"PRP VBD CD NNS IN DT NN {'A' * n}|I saw {n} birds." for n in range(20)]
    assert read_corpus(StringIO("\n".join(["tags|words", *rows]))).columns.text == "words"


def test_few_queries_beside_grades_are_texts():
    queries = ("Will it rain tomorrow?", "Where is the station here?")
    rows = [f"{queries[n % 2]};The answer {n} is long.;{n % 3}" for n in range(40)]
    pairs = read_pairs(StringIO("\n".join(["Frage;Antwort;Grad", *rows])))
    assert (pairs.kind, pairs.texts[0]) == ("score", (queries[0], "The answer 0 is long."))


@pytest.mark.parametrize(("filled", "severity"), [(19, "error"), (20, None)])
def test_more_rows_left_out_than_kept_are_an_error_on_top(filled, severity):
    rows = [f"{A} {n},{B if n < filled else ''},{n % 6}" for n in range(40)]
    found = check(read_pairs(StringIO("\n".join(["sentence1,sentence2,score", *rows]))))
    top = next((f for f in found if f.name == "mostly_dropped"), None)
    assert (top and top.severity) == severity
    if top:
        assert found[0] is top
        assert top.what == "21 of 40 rows are left out: empty text (21)."
        assert top.rows == tuple(range(20, 41))
    assert ("empty_text" in {f.name for f in found}) is (top is None), "said once"
