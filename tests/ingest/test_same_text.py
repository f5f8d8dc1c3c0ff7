"""When two texts count as the same: marks, symbols and signs make them different."""

import pytest

from ingest import text_key
from ingest.neighbours import NEAR, earlier_twins
from ingest.text import words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Same text.", "same  TEXT"),
        ("Is it so?", "“Is it so”"),
        ("He said: 'Stop!'", "he said stop"),
        ("isn’t", "ISN'T."),
        ("Ａｂｃ １", "abc 1"),
        ("今日は晴れ。", "今日は晴れ"),
        ("यह घर है।", "यह घर है"),
        ("ما اسمك؟", "ما اسمك"),
        ("−5 °C", "-5 °C"),
        ("He said '5'", "He said 5"),
        ("“I was born in 1905.”", "I was born in 1905"),
        ("Plan 'B'", "Plan B"),
        ("A board of 5\u201d", 'a board of 5"'),
        ("好！", "好"),
        ("James' dog!", "James dog"),
    ],
)
def test_case_spaces_width_quotes_and_final_punctuation_make_no_difference(one, other):
    assert text_key(one) == text_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("लड़का", "लड़की"), ("कल", "काल"), ("ไม่", "ไม้"), ("កា", "កី"), ("عِلم", "عَلَم"),
        ("C++", "C"), ("C++", "C#"), ("-5 °C", "5 °C"), ("x > 3", "x < 3"), ("$9", "€9"),
        ("10%", "10"), ("😀", "😡"), ("No 😀", "No 😡"), ("1.5", "15"), ("12:30", "1230"),
        ("a/b", "ab"), ("@home", "home"), ("#1", "1"), ("±3", "3"), ("½ cup", "2 cups"),
        ("A & B", "A B"), ("?", "!"), ("~5", "5"), ("p = 1", "p ≠ 1"), ("5°", "5"), ("=A1", "A1"),
        ("5'", "5"), ("5'", '5"'), ('5"', "5"), ("10'", "10"), ("x'", "x"), ("n!", "n"),
        ("The x' axis", "The x axis"), ("f''(x)", "f'(x)"), ("3!", "3"), ("A 5' wall", "A 5 wall"),
        ("It is 6'.", "It is 6."), ("'A' is 5'", "A is 5"), ("5\u2032", "5\u2033"),
    ],
)  # fmt: skip
def test_what_carries_meaning_makes_texts_different(one, other):
    assert text_key(one) != text_key(other)


def test_words_keep_their_marks_and_signs():
    assert words("I know C++, not C#.") == ["i", "know", "c++", "not", "c#"]
    assert words("यह लड़का है।") == ["यह", "लड़का", "है"]
    assert words("今日は3匹のcat、ไม่ดี") == [
        *("今", "日", "は", "3", "匹", "の", "cat", "ไ", "ม่", "ดี")
    ]  # fmt: skip


def test_rows_that_differ_in_a_mark_are_no_twins():
    rows = ["यह बड़ा लड़का आज घर पर है", "यह बड़ी लड़की आज घर पर है"]
    assert earlier_twins([frozenset(words(row)) for row in rows], NEAR) == [None, None]
