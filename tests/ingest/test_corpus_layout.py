"""Texts one a line, one column of a CSV, or a table: each read as what it is."""

import csv
import io
import random
from io import StringIO

import pytest

from ingest import IngestError, Limits, read_corpus, read_table
from tests.samples import SAMPLES

LINES = {
    "different numbers of commas": "I came, I saw, I won.\nIt rains.\nWell, yes.",
    "one comma each": "Yes, please.\nNo, thank you.\nWell, I think so.\nHowever, it rained.",
    "one comma each and starts that repeat": "Yes, please.\nNo, I cannot.\nYes, I do.\nNo, never.",
    "one semicolon each": "I came; I saw\nHe left; she stayed\nIt rained; we sang",
    "different numbers of semicolons": "a b c; d e; f\nit is so\nbe it; now",
    "a comma that ends each line": "Hello world,\nGood day to you,\nSee you soon,",
    "a poem": "The woods are lovely, dark and deep,\nBut I have promises to keep,\nAnd miles.",
    "decimal commas": "Es kostet 4,5\nDer Wert liegt bei 3,2\nEs waren 1,7",
    "thousands": "We saw 10,000 people\nThere were 2,000 birds\nI paid 3,500 euros",
    "years": "She was born in Paris, 1999\nHe died in Rome, 1845",
    "days": "We left on Monday, 4 May\nWe came back on Tuesday, 5 May",
    "places": "Paris, France\nLyon, France\nBerlin, Germany\nBonn, Germany",
    "no spaces behind commas": "hey,how are you\nfine,and you\nok,bye now then",
    "known names in a sentence": "Same, same but different\nText, please\nQuestion, comment",
    "a greeting on top": "Hello\nI would like to return my order please\nThis is, frankly, slow",
    "a short first line with a comma": "Hello, world\nI am here, as you can all see\nSo, well, bye",
    "speech": '"Stop!" he said.\n"No, never," she cried.\n"Why, then?"\nHe left.',
    "speech with a comma behind": '"Stop", he said.\n"No", she cried.\n"Why", they asked.',
    "quotes and one comma each": 'He said "no", then left\nShe said "yes", then stayed',
    "a quote never closed": '"Stop, he said.\nNo, she cried.',
    "far too many commas": "a, " * 60 + "b\n" + "c, " * 60 + "d\ne",
    "no letters": "😀😀\n🎉 🎉\n!!!",
    "words": "apple\npear\nplum",
    "no alphabet": "我来，我看，我赢。\n今天天气很好\n我有3只猫",
    "one line": "Only this, and that.",
    "one word that could be a name": "text",
}


@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_lines_are_one_text_each_whatever_their_commas(text):
    for source, name in ((StringIO(text), ""), (text.encode(), "notes.txt")):
        corpus = read_corpus(source, name)
        assert corpus.texts == tuple(text.split("\n"))
        assert corpus.columns.text == "text"
        assert "One text a line." in corpus.report.notes
        assert not any("header" in note for note in corpus.report.notes)


TABLES = {
    "names": "text,topic\nI love the sea,travel\nMy soup is cold,food",
    "names with spaces": "text, topic\nI love the sea, travel\nMy soup is cold, food",
    "names and quotes": 'text,topic\n"I love the sea",travel\n"My soup is cold",food',
    "names in another language": "Satz;Thema\nI love the sea;travel\nMy soup is cold;food",
    "label first": "intent,message\ntravel,I love the sea\nfood,My soup is cold",
    "no names": "I love the sea,travel\nMy soup is cold,food",
    "no names and quotes": '"I love the sea","travel by boat"\n"My soup is cold","food in a bowl"',
    "no names, numbers": "I love the sea,5\nMy soup is cold,2",
    "no names, numbers and spaces": "I love the sea, 5\nMy soup is cold, 2",
    "ids in front": "p001, I love the sea\np002, My soup is cold",
    "dates in front": "2024-01-02 10:00, I love the sea\n2024-01-03 11:00, My soup is cold",
    "tabs": "1\tI love the sea\n2\tMy soup is cold",
    "bars": "I love the sea | travel\nMy soup is cold | food",
    "separator named": "sep=;\nI love the sea;travel\nMy soup is cold;food",
    "sentences": "I sing.,I love the sea\nHe left.,My soup is cold",
    "JSON Lines": '{"text": "I love the sea", "n": 1}\n{"text": "My soup is cold", "n": 2}',
    "a JSON list": '["I love the sea", "My soup is cold"]',
    "a JSON list over lines": '[\n  "I love the sea",\n  "My soup is cold"\n]',
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_a_table_gives_its_column_of_texts(text):
    for source, name in (
        (StringIO(text), ""),
        (text.encode(), "notes.txt"),
        (text.encode(), "a.csv"),
    ):
        corpus = read_corpus(source, name)
        assert corpus.texts == ("I love the sea", "My soup is cold")
        assert "One text a line." not in corpus.report.notes


ONE_COLUMN = {
    "text\nI came, I saw\nHello there, you\nfine": ("I came, I saw", "Hello there, you", "fine"),
    "Question\nHow are you?\nWhat, now?": ("How are you?", "What, now?"),
    'text\n"I came, I saw."\n"He said ""hi"", then left."\nPlain': (
        "I came, I saw.", 'He said "hi", then left.', "Plain"),
    '"I came, I saw."\n"He said ""hi"", then."': ("I came, I saw.", 'He said "hi", then.'),
    'text\n"One line\nand another, really"\n"b; c"': ("One line and another, really", "b; c"),
    '"text"\n"a b; c"\n"d e; f"\n"g"': ("a b; c", "d e; f", "g"),
}  # fmt: skip


@pytest.mark.parametrize("text", ONE_COLUMN)
@pytest.mark.parametrize("name", ["", "a.txt", "a.csv"])
def test_one_column_is_read_with_its_commas_and_without_its_name(text, name):
    corpus = read_corpus(text.encode() if name else StringIO(text), name)
    assert corpus.texts == ONE_COLUMN[text]
    assert corpus.row_numbers == tuple(range(1, len(corpus) + 1)), "a header is no row"


def test_a_lone_opening_quote_does_not_swallow_the_lines_up_to_the_next():
    text = "\n".join(['"Hello there.', *(f"line {n}" for n in range(9)), 'then he said goodbye"'])
    assert len(read_corpus(StringIO(text + "\nx\ny\nz"))) > 1


def test_indented_lines_are_lines():
    text = "one text here\n\tindented text\n\t\tmore text, too\nnothing"
    wanted = ("one text here", "indented text", "more text, too", "nothing")
    assert read_corpus(StringIO(text)).texts == wanted


def test_a_csv_without_names_is_a_table_as_far_as_its_rows_agree():
    assert read_corpus(b"Well, yes\nNo, never\nWell, so be it", "a.csv").columns.text == "column 2"
    irregular = b"I came, I saw, I won.\nIt rains.\nWell, yes.\nSo be it."
    assert len(read_corpus(irregular, "a.csv")) == 4
    assert read_corpus(irregular, "a.csv").texts[0] == "I came, I saw, I won."


def test_a_table_with_names_drops_its_ragged_rows():
    corpus = read_corpus(
        StringIO("text,topic\nI came, I saw,history\nHello there,greeting\nBye,greeting")
    )
    assert corpus.texts == ("Hello there", "Bye")
    assert corpus.report.dropped == {"more cells than columns": (1,)}


def test_pairs_are_read_as_before():
    table = read_table(StringIO("I came, I saw.\nWell, yes."))
    assert table.columns == ("column 1", "column 2")
    with pytest.raises(IngestError, match="row per pair"):
        read_table(StringIO("\n"))


def sentences() -> list[str]:
    frames = [read_table(path).frame for path in sorted(SAMPLES.glob("*.csv"))]
    cells = [cell for frame in frames for name in frame for cell in frame[name] if " " in cell]
    tidy = dict.fromkeys(" ".join(cell.split()) for cell in cells if cell.count(" ") > 2)
    return [text for text in tidy if '"' not in text and len(text) < 5_000]


def test_real_sentences_stay_whole_however_many_are_pasted():
    rng = random.Random(0)
    everything = sentences()
    one_comma = [text for text in everything if text.count(",") == 1]
    assert len(everything) > 2_000
    assert len(one_comma) > 300
    for pool in (everything, one_comma):
        corpus = read_corpus(StringIO("\n".join(pool)), limits=Limits(rows=10_000))
        assert corpus.texts == tuple(pool)
        for size in (1, 2, 3, 5, 12) * 10:
            chosen = rng.sample(pool, size)
            assert read_corpus(StringIO("\n".join(chosen))).texts == tuple(chosen)


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("name", ["", "a.csv"])
def test_real_tables_and_columns_are_read_back(quoting, name):
    rng = random.Random(0)
    rows = read_table(SAMPLES / "topics.csv").frame.values.tolist()
    for size in (3, 5, 10, 50) * 2:
        chosen = rng.sample(rows, size)
        texts = [[text] for text, _ in chosen]
        for written in (chosen, [["text", "topic"], *chosen], texts, [["text"], *texts]):
            buffer = io.StringIO()
            csv.writer(buffer, quoting=quoting).writerows(written)
            source = buffer.getvalue().encode() if name else buffer
            assert read_corpus(source, name).texts == tuple(text for text, _ in chosen)
