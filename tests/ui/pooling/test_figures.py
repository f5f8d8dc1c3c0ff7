"""Figures as the browser gets them: the right numbers, labels that stay apart, and not too many."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoder import POOLINGS
from encoder.trace import PairExplanation, Parts, explain
from tests.ui.visit import array
from ui.page.matrix import ANNOTATE_COLUMNS, distinct, figure_json, heatmap, token_matrix
from ui.pooling.figures import MAX_COLUMNS, MAX_ROWS, layer_map, sentence_matrix, shorten, strips
from ui.pooling.sections import apart, layers, making

LONG = 256  # tokens of the longest sentence that the bundled model reads
LAYERS = [0, 1, 2, "first_last", "last2"]
LABELS = ["0 (embeddings)", "1", "2 (last)", "first + last", "last two"]
RNG = np.random.default_rng(0)


def parts(tokens: int, width: int = 8) -> Parts:
    rows = RNG.normal(size=(tokens, width))
    return Parts(("word",) * tokens, (False,) * tokens, rows, None)


def pair(a: int, b: int, width: int = 8) -> PairExplanation:
    return explain(parts(a, width), parts(b, width))


def numbers(figure: dict) -> list[np.ndarray]:
    """Every array of a figure."""
    return [array(trace["z"]) for trace in figure["data"]]


def weigh(figure: dict) -> int:
    """Bytes on the wire; fails for NaN, which is not JSON."""
    assert all(np.isfinite(z).all() for z in numbers(figure))
    return len(json.dumps(figure, allow_nan=False, ensure_ascii=False).encode())


# --- token × token ------------------------------------------------------------------------------


def test_the_token_matrix_has_a_down_and_b_across():
    pairing = pair(3, 5)
    [trace] = figure_json(token_matrix(pairing, ["x", "y", "z"], list("abcde")))["data"]
    np.testing.assert_allclose(array(trace["z"]), pairing.contributions, atol=1e-7)
    assert (trace["y"], trace["x"]) == (["x", "y", "z"], list("abcde"))
    assert trace["zmax"] == -trace["zmin"] == np.abs(pairing.contributions).max()


def test_a_pair_without_a_token_is_drawn_as_nothing():
    nothing = explain(Parts(("a",), (True,), np.zeros((1, 8)), None), parts(2))
    [trace] = figure_json(token_matrix(nothing, ["a"], ["b", "c"]))["data"]
    assert not array(trace["z"]).any()
    assert (trace["zmin"], trace["zmax"]) == (-1, 1)  # a range of 0 would be no colour scale


def test_the_longest_sentences_still_travel():
    words = ["wonderful"] * LONG
    figure = figure_json(token_matrix(pair(LONG, LONG), words, words))
    assert numbers(figure)[0].shape == (LONG, LONG)
    assert len(set(figure["data"][0]["x"])) == len(set(figure["data"][0]["y"])) == LONG
    assert weigh(figure) < 2_000_000


def test_numbers_stand_in_the_cells_where_there_is_room():
    for columns, shown in ((ANNOTATE_COLUMNS, True), (ANNOTATE_COLUMNS + 1, False)):
        names = [str(i) for i in range(columns)]
        [trace] = figure_json(token_matrix(pair(2, columns), ["a", "b"], names))["data"]
        assert ("texttemplate" in trace) == shown


# --- labels -------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(["the", "the\u200b", "<b>", "&lt;b&gt;", "", "1"]) | st.text()))
def test_labels_stay_apart_without_showing_it(labels):
    out = distinct(labels)
    assert len(set(out)) == len(labels)
    bare = [label.rstrip("\u200b") for label in out]
    assert bare == [label.rstrip("\u200b") for label in map(shown_by_plotly, labels)]


def shown_by_plotly(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_axes_are_of_names_never_of_numbers():
    """Tokens "1", "2", "10" would be placed as numbers, and a date as a date."""
    layout = figure_json(heatmap(np.eye(2), ["1", "10"], ["2024-01-01", "x"], hover=""))["layout"]
    assert layout["xaxis"]["type"] == layout["yaxis"]["type"] == "category"
    assert layout["yaxis"]["autorange"] == "reversed"  # row 0 on top


# --- layer × strategy ---------------------------------------------------------------------------


@pytest.fixture
def cosines() -> dict:
    cells = [(pooling, layer) for pooling in POOLINGS for layer in LAYERS]
    return {cell: i / len(cells) for i, cell in enumerate(cells)}


def test_the_layer_map_has_a_row_a_layer_and_a_column_a_strategy(cosines):
    figure = figure_json(layer_map(cosines, list(POOLINGS), LAYERS, LABELS, ("max", 1), {}))
    [trace] = figure["data"]
    for row, layer in enumerate(LAYERS):
        for column, pooling in enumerate(POOLINGS):
            assert array(trace["z"])[row, column] == np.float32(cosines[pooling, layer])
    assert (trace["x"], trace["y"]) == (list(POOLINGS), LABELS)
    assert (trace["zmin"], trace["zmax"]) == (-1, 1)


@pytest.mark.parametrize("chosen", [("mean", 0), ("max", "first_last"), ("mean_with_padding", 2)])
def test_a_frame_stands_round_the_chosen_cell(cosines, chosen):
    figure = figure_json(layer_map(cosines, list(POOLINGS), LAYERS, LABELS, chosen, {}))
    [frame] = figure["layout"]["shapes"]
    x, y = list(POOLINGS).index(chosen[0]), LAYERS.index(chosen[1])
    assert [frame[key] for key in ("x0", "x1", "y0", "y1")] == [x - 0.5, x + 0.5, y - 0.5, y + 0.5]


def test_the_hover_text_tells_what_a_cell_is_worth_without_claiming_all(cosines):
    worth = dict.fromkeys(cosines, 75.0)
    worth |= {("mean", 0): 100.0, ("max", 1): 42.0, ("cls", 2): 0.0}
    figure = figure_json(layer_map(cosines, list(POOLINGS), LAYERS, LABELS, ("mean", 0), worth))
    hover = figure["data"][0]["customdata"]
    assert hover[0][0] == "<br>above over 99.9% of unrelated pairs"
    assert hover[1][1] == "<br>above 42% of unrelated pairs"
    assert hover[2][2] == "<br>above under 0.1% of unrelated pairs"
    colours = array(figure["data"][0]["z"])  # of percentiles, 50 in the middle
    assert (colours[0, 0], colours[2, 2], colours[0, 1]) == (1, -1, 0.5)
    assert figure["data"][0]["text"][0][1] == f"{cosines['max', 0]:.2f}"


# --- sentence × sentence ------------------------------------------------------------------------


def test_the_sentence_matrix_numbers_its_sentences():
    cosines = np.array([[1, 0.5, -0.25], [0.5, 1, 0], [-0.25, 0, 1]])
    [trace] = figure_json(sentence_matrix(cosines, ["same", "same", "x" * 50]))["data"]
    np.testing.assert_allclose(array(trace["z"]), cosines)
    assert trace["x"] == ["S1", "S2", "S3"]
    assert trace["y"] == ["S1 same", "S2 same", f"S3 {'x' * 26} …"]
    assert (trace["zmin"], trace["zmax"]) == (-1, 1)


def test_a_cell_shows_no_negative_zero():
    cosines = np.array([[1, -0.001], [-0.03, 1]])
    [trace] = figure_json(sentence_matrix(cosines, ["a", "b"]))["data"]
    assert trace["text"] == [["1.00", "0.00"], ["−0.03", "1.00"]]


@given(st.text(max_size=60))
def test_a_shortened_text_is_the_beginning_of_it(text):
    short = shorten(text)
    assert len(short) <= 28
    assert text.startswith(short.removesuffix(" …"))
    assert short == text or len(text) > 26


# --- strips -------------------------------------------------------------------------------------


def test_strips_are_token_vectors_over_the_vector_they_become():
    states = RNG.normal(size=(3, 8)), RNG.normal(size=(5, 8))
    vectors = states[0].mean(0), states[1].mean(0)
    figure = figure_json(strips((["x", "x", "y"], list("abcde")), states, vectors))
    assert [z.shape for z in numbers(figure)] == [(3, 8), (1, 8), (5, 8), (1, 8)]
    for z, expected in zip(numbers(figure), (states[0], vectors[0], states[1], vectors[1]),
                           strict=True):  # fmt: skip
        np.testing.assert_allclose(z, np.atleast_2d(expected), rtol=1e-6)
    assert figure["data"][0]["y"][0] != figure["data"][0]["y"][1]


def test_strips_of_long_sentences_are_cut_to_what_can_be_seen():
    states = RNG.normal(size=(LONG, 768)), RNG.normal(size=(LONG, 768))
    vectors = np.ones(1536), np.zeros(1536)
    labels = ["wonderful"] * LONG, ["w"] * LONG
    figure = figure_json(strips(labels, states, vectors))
    rows, columns = MAX_ROWS, MAX_COLUMNS
    shapes = [(rows, columns), (2, columns)] * 2  # a vector of twice the width: its two halves
    assert [z.shape for z in numbers(figure)] == shapes
    assert weigh(figure) < 2_000_000


# --- the real thing -----------------------------------------------------------------------------


def test_all_figures_of_a_page_of_the_longest_sentences_travel(compare):
    comparison = compare(a="many words " * 180, b="A long story of long words. " * 70)
    assert {len(trace.tokens) for trace in comparison.traces} == {LONG}
    for figure in (apart(comparison)[2], layers(comparison)[0], making(comparison)[2]):
        assert weigh(figure) < 2_000_000
    assert "colorway" not in json.dumps(figure["layout"])  # no template: the page has its own look
