"""What a visitor can do with a map, what stays from one map to the next, and what is refused."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from ingest import LabError, read_pairs
from tests.ui.map.pages import TABLE, TEXTS
from tests.ui.test_hostile_text import ATTACKS, HARD
from ui.map.figures import Overlay
from ui.map.form import MapForm
from ui.map.html import place_panel, search_panel
from ui.map.view import CLUSTER, LENGTH, RECALL, SIMILARITY, Shown, nearest, value
from ui.state.pairs import Desk
from ui.state.texts import FIRST_SAMPLE

KMEANS = {"clustering": "k-means", "n_clusters": 3}


@pytest.fixture
def drawn(map_lab):
    """A visitor with a map; the next test has a fresh one."""
    return map_lab.fresh("ann", **KMEANS)


@pytest.fixture
def handlers(map_lab, drawn):
    return map_lab.handlers


# --- texts --------------------------------------------------------------------------------------


def test_texts_come_from_a_sample_a_file_a_paste_or_pairs(map_lab, tmp_path):
    map_lab.workbench.forget("bob")
    path = tmp_path / "mine.csv"
    path.write_text(TABLE)
    handlers = map_lab.handlers
    assert len(handlers.open_sample("bob", FIRST_SAMPLE).corpus) > 600
    assert handlers.open_file("bob", str(path)).name == "mine.csv"
    assert handlers.texts("bob").opened.corpus.texts == tuple(TEXTS)
    assert handlers.open_text("bob", "One text.\nTwo texts.").corpus.texts[1] == "Two texts."
    with pytest.raises(LabError, match="There are no pairs yet"):
        handlers.open_pairs("bob")
    pairs = read_pairs(StringIO("a,b,score\nA cat.,A dog.,1\nA cat.,A cow.,0\n"))
    map_lab.workbench.visitor("bob").desk = Desk("pairs.csv", None, None, pairs)
    assert set(handlers.open_pairs("bob").corpus.texts) == {"A cat.", "A dog.", "A cow."}


@pytest.mark.parametrize("labels", [None, "topic", 5, {}])
def test_columns_are_chosen_by_a_list_of_names(map_lab, labels):
    map_lab.workbench.forget("bob")
    map_lab.handlers.open_text("bob", TABLE)
    assert map_lab.handlers.choose_columns("bob", "text", labels).corpus.labels == {}
    assert list(map_lab.handlers.choose_columns("bob", "text", ["colour"]).corpus.labels) == [
        "colour"
    ]


@pytest.mark.parametrize("pasted", ["", "  ", None, 5])
def test_a_paste_of_nothing_is_told(map_lab, pasted):
    with pytest.raises(LabError):
        map_lab.handlers.open_text("bob", pasted)


# --- before there is a map ----------------------------------------------------------------------


def test_without_texts_or_a_map_every_touch_is_told(map_lab):
    handlers = map_lab.handlers
    map_lab.workbench.forget("eve")
    with pytest.raises(LabError, match="There are no texts yet"):
        handlers.request("eve", MapForm())
    touches = [
        lambda: handlers.picture("eve"), lambda: handlers.finished("eve"),
        lambda: handlers.colour("eve", CLUSTER), lambda: handlers.search("eve", "a"),
        lambda: handlers.zoom("eve", 0), lambda: handlers.whole("eve"),
        lambda: handlers.rename("eve", 0, "a"), lambda: handlers.point("eve", 0),
        lambda: handlers.lasso("eve", [0]), lambda: handlers.drop("eve", "a"),
        lambda: handlers.why("eve", "why:0:1"),
    ]  # fmt: skip
    for touch in touches:
        with pytest.raises(LabError, match="There is no map yet"):
            touch()


def test_an_unfinished_map_can_be_looked_at_but_not_measured(handlers, drawn):
    handlers.state("ann").drawn = replace(drawn, fidelity=None)
    assert handlers.picture("ann").clusters is not None
    with pytest.raises(LabError, match="still being drawn"):
        handlers.finished("ann")


@pytest.mark.parametrize(
    ("form", "why"),
    [({"model": "no-such"}, "Unknown model"), ({"model": "../../etc"}, "not the id of a model"),
     ({"model": "bert-tiny"}, "was to be downloaded"), ({"pooling": "median"}, "Unknown pooling"),
     ({"seed": float("nan")}, "must be a number"), ({"method": "magic"}, "Unknown method")],
)  # fmt: skip
def test_a_form_that_cannot_be_drawn_is_refused_and_the_map_stays(handlers, drawn, form, why):
    with pytest.raises(LabError, match=why):
        handlers.request("ann", MapForm(**form))
    assert handlers.picture("ann") is drawn


def test_a_layer_that_the_model_does_not_have_fails_in_words(map_lab, handlers, drawn):
    job = map_lab.start("ann", layer="7")
    job.ended.wait(60)
    *_, last = [job.news.get() for _ in range(job.news.qsize())]
    assert last.kind == "failed"
    assert "Unknown layer 7. Choose one of: 0, 1, 2" in last.content
    assert handlers.picture("ann") is drawn


# --- colours ------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [CLUSTER, "label: topic", "label: colour", LENGTH, RECALL])
def test_a_colour_stays_from_one_map_to_the_next(map_lab, handlers, colour):
    picture, shown = handlers.colour("ann", colour)
    assert (picture, shown.colour) == (handlers.picture("ann"), colour)
    map_lab.draw("ann", **KMEANS, dims="3-D")
    assert handlers.shown("ann").colour == colour


@pytest.mark.parametrize("colour", ["label: absent", "topic", "", None, 5, [], ATTACKS[0]])
def test_an_unknown_colour_is_told_and_changes_nothing(handlers, colour):
    with pytest.raises(LabError, match=r"Choose one of: cluster, label: topic"):
        handlers.colour("ann", colour)
    assert handlers.shown("ann").colour == CLUSTER


def test_a_colour_of_a_column_that_is_gone_is_the_clusters_again(map_lab, handlers):
    handlers.colour("ann", "label: topic")
    handlers.choose_columns("ann", "text", ["colour"])
    map_lab.draw("ann", **KMEANS)
    assert handlers.shown("ann").colour == CLUSTER


# --- search -------------------------------------------------------------------------------------


def test_a_search_colours_by_likeness_and_rings_the_best(handlers, drawn):
    _, shown = handlers.search("ann", TEXTS[4])
    assert shown.colour == SIMILARITY
    np.testing.assert_allclose(shown.similar, drawn.vectors @ drawn.vectors[4], atol=1e-5)
    assert shown.overlay.rings == nearest(shown.similar)
    assert shown.overlay.rings[0] == 4
    assert shown.query == TEXTS[4]


@pytest.mark.parametrize("empty", ["", "   ", None])
def test_an_empty_box_ends_the_search(handlers, empty):
    handlers.search("ann", "a cat")
    _, shown = handlers.search("ann", empty)
    assert (shown.colour, shown.similar, shown.query) == (CLUSTER, None, "")
    assert shown.overlay == Overlay()
    handlers.colour("ann", LENGTH)
    assert handlers.search("ann", empty)[1].colour == LENGTH  # no search was on


def test_a_search_is_made_again_for_other_vectors(map_lab, handlers):
    handlers.search("ann", TEXTS[4])
    other = map_lab.draw("ann", **KMEANS, pooling="max", layer="1")
    shown = handlers.shown("ann")
    assert (shown.colour, shown.query) == (SIMILARITY, TEXTS[4])
    np.testing.assert_allclose(shown.similar, other.vectors @ other.vectors[4], atol=1e-5)
    assert shown.overlay.rings == nearest(shown.similar)
    handlers.open_text("ann", "Other texts.\nAnd one more.")
    map_lab.draw("ann")
    assert handlers.shown("ann").query == ""


@pytest.mark.parametrize("text", ["x" * 2_001, "a" * 10**6])
def test_a_sentence_that_is_too_long_is_told(handlers, text):
    for touch in (handlers.search, handlers.drop):
        with pytest.raises(LabError, match="takes up to 2,000"):
            touch("ann", text)


@pytest.mark.parametrize("text", [t for t in ATTACKS + HARD if len(t) < 2_000 and t.strip()])
def test_whatever_is_typed_can_be_sent_to_the_browser(handlers, text):
    for touch in (handlers.search, handlers.drop):
        picture, shown, *_ = touch("ann", text)
        assert value(picture, shown).encode()  # fails for half a surrogate pair
        assert search_panel(picture, shown).encode() or touch == handlers.drop
    handlers.rename("ann", 0, text)
    assert value(picture, Shown()).encode()


# --- drop ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [0, 17, 95])
def test_a_sentence_that_is_on_the_map_lands_on_itself(handlers, drawn, row):
    picture, shown, found = handlers.drop("ann", f"  {TEXTS[row]} ")
    place, text = shown.overlay.star
    assert place == pytest.approx(tuple(drawn.projection.coordinates[row]), abs=1e-6)
    assert text == TEXTS[row]
    assert shown.overlay.rings[0] == row
    assert found.cosines[0] == pytest.approx(1)
    assert "cosine 1.000" in place_panel(picture, text, found)


def test_a_new_sentence_lands_among_its_neighbours(handlers, drawn):
    sentence = "The old red cat sleeps on the white window sill."
    _, shown, found = handlers.drop("ann", sentence)
    vector = drawn.encoder.encode([sentence])[0]
    best = np.argsort(-(drawn.vectors @ vector), kind="stable")[:10]
    assert set(shown.overlay.rings) == set(best.tolist())
    around = drawn.projection.coordinates[best]
    assert (around.min(0) - 1e-6 <= found.coordinates).all()
    assert (found.coordinates <= around.max(0) + 1e-6).all()


def test_nothing_to_drop_is_told(handlers):
    for empty in ("", " ", None):
        with pytest.raises(LabError, match="is empty"):
            handlers.drop("ann", empty)
