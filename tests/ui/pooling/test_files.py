"""What comes down as CSV is what stands on the screen, and is safe to open."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoder import POOLINGS, Encoder
from ingest.templates import cell, unguarded
from tests.ui.visit import calibration, scale
from ui.pooling.comparison import Comparison
from ui.pooling.files import scores_csv, vectors_csv
from ui.pooling.form import View

HARD = 'a "quoted", text; with\nlines\r\nand\rreturns\t and ünïcode 😀'


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_scores_come_back_as_they_were(compare):
    comparison = compare(b=HARD, layer="last2", pool_special=False)
    rows = read(scores_csv(comparison))
    assert [row["pooling"] for row in rows] == list(POOLINGS)
    for row, score in zip(rows, comparison.scores.values(), strict=True):
        for column, value in (("cosine", score.cosine), ("dot", score.dot),
                              ("euclidean", score.distance)):  # fmt: skip
            assert float(row[column]) == pytest.approx(value, abs=5.1e-7)
        assert float(row["percentile_unrelated"]) == round(score.random_percentile, 1)
        assert float(row["percentile_paraphrases"]) == round(score.paraphrase_percentile, 1)
        assert (row["sentence_a"], row["sentence_b"]) == (comparison.view.a, HARD)
        assert (row["model"], row["layer"]) == ("all-MiniLM-L6-v2", "last2")
        assert row["special_tokens_pooled"] == "no"


def test_what_was_not_measured_is_an_empty_cell(bundled):
    for row in read(scores_csv(Comparison(bundled, View(), None))):
        assert row["percentile_unrelated"] == row["percentile_paraphrases"] == ""
    some = Comparison(bundled, View(a="\u200b"), calibration(scale(0, 1, 0, 1), 6))
    rows = {row["pooling"]: row for row in read(scores_csv(some))}
    assert rows["mean_no_special"]["percentile_unrelated"] == ""  # no token: 0 by definition
    assert rows["mean"]["percentile_unrelated"] != ""


def test_vectors_come_back_as_they_were_and_as_wide(compare):
    comparison = compare(a=HARD)
    header, *rows = csv.reader(io.StringIO(vectors_csv(comparison), newline=""))
    assert header[:3] == ["model", "layer", "special_tokens_pooled"]
    assert header[3:] == ["pooling", "sentence", "text", *(f"d{i}" for i in range(768))]
    assert all(row[:3] == ["all-MiniLM-L6-v2", "6", "yes"] for row in rows)
    assert [row[3:5] for row in rows] == [[name, side] for name in POOLINGS for side in "AB"]
    for _, _, _, name, side, text, *digits in rows:
        vector = comparison.vectors[name]["AB".index(side)]
        assert len(digits) == len(vector) == (768 if name == "mean_max" else 384)
        np.testing.assert_allclose(np.array(digits, float), vector, rtol=1e-6)
        assert text == (HARD if side == "A" else comparison.view.b)


def test_vectors_of_the_file_give_the_cosine_of_the_file(compare):
    comparison = compare()
    scores = {row["pooling"]: float(row["cosine"]) for row in read(scores_csv(comparison))}
    _, *rows = csv.reader(io.StringIO(vectors_csv(comparison), newline=""))
    vectors = {(row[3], row[4]): np.array(row[6:], float) for row in rows}
    for name in POOLINGS:
        a, b = vectors[name, "A"], vectors[name, "B"]
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert cosine == pytest.approx(scores[name], abs=1e-6)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_a_text_that_begins_like_a_formula_is_not_run(compare, start):
    text = f"{start}HYPERLINK(1)"
    for rows, columns in (
        (read(scores_csv(compare(a=text, b=text))), ("sentence_a", "sentence_b")),
        (read(vectors_csv(compare(a=text, b=text))), ("text",)),
    ):
        assert all(row[column] == "'" + text for row in rows for column in columns)


STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]


@given(st.text() | st.builds(str.__add__, st.sampled_from(STARTS), st.text()))
def test_only_formulas_are_touched_and_come_back(text):
    guarded = cell(text)
    assert guarded in (text, "'" + text)
    assert unguarded(guarded) == text
    if guarded == text and text.startswith(tuple(STARTS)):
        float(text)  # a number


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_stay_numbers(value):
    assert cell(str(value)) == str(value)


@pytest.mark.parametrize("start", STARTS)
def test_the_name_of_a_model_is_not_run_as_a_formula(bundled, start):
    own = Comparison(Encoder(f"{start}1+1", bundled.backbone, bundled.recipe), View(), None)
    for write in (scores_csv, vectors_csv):
        assert {row["model"] for row in read(write(own))} == {f"'{start}1+1"}


def test_a_sentence_of_control_characters_stays_in_its_cell(compare):
    text = "one\x00two\x0bthree\u2028four"
    assert {row["sentence_a"] for row in read(scores_csv(compare(a=text)))} == {text}
