"""The first row: names of columns in any language, or data already."""

from io import StringIO

import pytest

from ingest import read_pairs, read_table
from ingest.header import is_header

TEXTS = {
    "de": ("Wie kann ich mein Passwort ändern?", "Wo ändere ich das Passwort?"),
    "zh": ("今天天气很好我们去公园吧", "今天是晴天我们出去走走"),
    "ar": ("كيف يمكنني تغيير كلمة المرور؟", "أين أغير كلمة المرور الخاصة بي؟"),
    "hi": ("मैं अपना पासवर्ड कैसे बदल सकता हूँ?", "पासवर्ड कहाँ बदला जाता है?"),
    "ru": ("Как мне изменить свой пароль?", "Где можно поменять пароль?"),
}


def rows_of(language: str, labels=(1, 0, 1)) -> list[list[str]]:
    one, other = TEXTS[language]
    return [[one, other, str(label)] for label in labels]


def table_of(first: str, rows: list[list[str]], separator: str = ";"):
    return read_table(StringIO("\n".join([first, *(separator.join(row) for row in rows)])))


@pytest.mark.parametrize(
    ("first", "language"),
    [
        ("Frage A;Frage B;gleich?", "de"),
        ("Frage A;Frage B;sind sie gleich?", "de"),
        ("Frage?;Andere Frage?;gleich?", "de"),
        ("Phrase 1;Phrase 2;même sens ?", "de"),
        ("Texte d'origine;Texte modifié;identiques ?", "de"),
        ("Oración A;Oración B;¿iguales?", "de"),
        ("Domanda uno;Domanda due;uguali?", "de"),
        ("Vraag A;Vraag B;zelfde (ja/nee)?", "de"),
        ("Pytanie A;Pytanie B;takie same?", "de"),
        ("Soru A;Soru B;aynı mı?", "de"),
        ("Вопрос А;Вопрос Б;одинаковы?", "ru"),
        ("句子一;句子二;相同？", "zh"),
        ("文A;文B;同じ?", "zh"),
        ("السؤال الأول;السؤال الثاني;متشابه؟", "ar"),
        ("पहला वाक्य;दूसरा वाक्य;समान?", "hi"),
        ("वाक्य क;वाक्य की;समान?", "hi"),
        ("Satz A;Satz B;0–100", "de"),
        ("Satz A;Satz B;Ähnlichkeit (0–5)", "de"),
        ("Satz A;Satz B;Ähnlichkeit in %", "de"),
    ],
)
def test_names_of_columns_in_any_language_are_a_header(first, language):
    table = table_of(first, rows_of(language))
    assert table.header
    assert table.columns == tuple(first.split(";"))
    pairs = read_pairs(StringIO("\n".join([first, *(";".join(row) for row in rows_of(language))])))
    assert len(pairs) == 3
    assert pairs.texts[0] == TEXTS[language]


@pytest.mark.parametrize("labels", [("ja", "nein", "ja"), ("4,5", "0", "2"), ("yes", "?", "no")])
def test_a_question_above_any_labels(labels):
    assert table_of("Frage A;Frage B;gleich?", rows_of("de", labels)).header


def test_votes_below_a_name():
    rows = [[f"Hut {n}", f"Mütze {n}", f"({n}, 6)"] for n in range(3)]
    assert table_of("Satz A;Satz B;Stimmen", rows).header


def test_a_label_word_with_a_question_mark_is_a_name():
    assert is_header(["Erster", "Zweiter", "identical?"], rows_of("de", ("yes", "no", "no")))


def test_abbreviated_numbers():
    rows = [[str(n), *TEXTS["de"], "1"] for n in range(4)]
    assert is_header(["Nr.", "Frage A", "Frage B", "gleich?"], rows)


@pytest.mark.parametrize(
    ("first", "language"),
    [("句子一;句子二", "zh"), ("Erste Frage;Zweite Frage", "de"), ("अनुच्छेद;वाक्य", "hi")],
)
def test_names_above_texts_alone(first, language):
    rows = [row[:2] for row in rows_of(language)]
    assert is_header(first.split(";"), rows)


QUESTIONS = [
    ["Where can I park the car?", "Is there a car park?"],
    ["Do you deliver on Sunday mornings?", "Are there deliveries on Sundays?"],
    ["What does the large box cost?", "How much is the large box?"],
]


@pytest.mark.parametrize(
    "first",
    [
        ["Why?", "How so?"],
        ["Is it open?", "Are you open?"],
        ["Warum?", "Wieso?"],
        ["¿Por qué?", "¿Cómo?"],
        ["为什么？", "怎么？"],
        ["Open?", "Opening hours"],
    ],
)
def test_a_row_of_questions_is_data(first):
    assert not is_header(first, QUESTIONS)
    labelled = [[*row, label] for row, label in zip(QUESTIONS, ["yes", "no", "yes"], strict=True)]
    for label in ("1", "no", "maybe", "", "?"):
        assert not is_header([*first, label], labelled)


@pytest.mark.parametrize(
    ("first", "rows"),
    [
        (["Good morning!", "Hello"], QUESTIONS),
        (["It's late", "Hurry"], QUESTIONS),
        (["sport", "The referee left"], [["sport", "He was sent off early today"],
                                         ["money", "The bank raised its rates again"]]),
        (["Hello there", "Hi you", "same"], [["Good day", "Bye", "different"],
                                             ["It rains", "Rain", "same"]]),
        (["A short one.", "Short.", "perhaps"], [["Is it so?", "It is so", "yes"]] * 3),
        (["1", "Satz", "gleich?"], [["2", "Ein Satz", "1"]]),
        (["Satz", "Satz", "gleich?"], [["Das ist ein Satz", "Das ist noch einer", "1"]]),
        (["Satz A", "Satz B", "wirklich?"], [["Das ist ein Satz", "So ist es", "im Ernst?"]] * 3),
        (["Satz A", "Satz B", "unknown"], [["Kurz", "Auch kurz", "yes"]] * 3),
    ],
)  # fmt: skip
def test_data(first, rows):
    assert not is_header(first, rows)


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("My pairs,,\n,,\na,b,same?\nIt rains.,It pours.,yes\nI sing.,I ran.,no", 3, 2),
        ("Export of May\nsentence1;sentence2\nIt rains.;It pours.\nI sing.;I ran.", 2, 2),
        ("It rains.,,\nI sing.,I ran.,no\nThe tap drips.,It leaks.,yes", 3, 3),
        ("text,,\nIt rains.,It pours.,yes\nI sing.,I ran.,no", 3, 2),
    ],
)
def test_a_title_above_the_names_is_no_row(text, columns, rows):
    table = read_table(StringIO(text))
    assert (len(table.columns), len(table.frame)) == (columns, rows)
    assert table.frame.index.tolist() == list(range(1, rows + 1))
