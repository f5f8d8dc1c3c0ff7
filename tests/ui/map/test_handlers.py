"""What a visitor can do with a map, what stays from one map to the next, and what is refused."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from ingest import LabError, read_pairs
from tests.ui.corpus import TABLE, TEXTS
from tests.ui.map.lab import kinds
from tests.ui.map.pages import IN_THREE
from tests.ui.test_hostile_text import ATTACKS, HARD
from ui.map.figures import Overlay
from ui.map.form import MapForm
from ui.map.html import place_panel, search_panel
from ui.map.view import CLUSTER, SIMILARITY, Shown, nearest, value
from ui.state.pairs import TrainingPairs
from ui.state.samples import FIRST_SAMPLE


@pytest.fixture
def anns_map(map_lab):
    """Ann's map; the next test has a fresh one."""
    return map_lab.fresh("ann")


@pytest.fixture
def handlers(map_lab, anns_map):
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
    map_lab.workbench.visitor("bob").training_pairs = TrainingPairs("pairs.csv", None, None, pairs)
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
        lambda: handlers.drawn("eve"), lambda: handlers.finished("eve"),
        lambda: handlers.colour("eve", CLUSTER), lambda: handlers.search("eve", "a"),
        lambda: handlers.zoom("eve", 0), lambda: handlers.whole("eve"),
        lambda: handlers.rename("eve", 0, "a"), lambda: handlers.point("eve", 0),
        lambda: handlers.lasso("eve", [0]), lambda: handlers.drop("eve", "a"),
        lambda: handlers.why("eve", "why:0:1"),
    ]  # fmt: skip
    for touch in touches:
        with pytest.raises(LabError, match="There is no map yet"):
            touch()


def test_an_unfinished_map_can_be_looked_at_but_not_measured(handlers, anns_map):
    handlers.state("ann").drawn = replace(anns_map, fidelity=None)
    assert handlers.drawn("ann").clusters is not None
    with pytest.raises(LabError, match="still being drawn"):
        handlers.finished("ann")


@pytest.mark.parametrize(
    ("form", "why"),
    [({"model": "no-such"}, "Unknown model"), ({"model": "../../etc"}, "not the id of a model"),
     ({"model": "bert-tiny"}, "was to be downloaded"), ({"pooling": "median"}, "Unknown pooling"),
     ({"seed": float("nan")}, "must be a number"), ({"method": "magic"}, "Unknown method")],
)  # fmt: skip
def test_a_form_that_cannot_be_drawn_is_refused_and_the_map_stays(handlers, anns_map, form, why):
    with pytest.raises(LabError, match=why):
        handlers.request("ann", MapForm(**form))
    assert handlers.drawn("ann") is anns_map


def test_a_layer_that_the_model_does_not_have_fails_in_words(map_lab, handlers, anns_map):
    job = map_lab.start("ann", layer="7")
    job.ended.wait(60)
    *_, last = [job.news.get() for _ in range(job.news.qsize())]
    assert last.kind == "failed"
    assert "Unknown layer 7. Choose one of: 0, 1, 2" in last.content
    assert handlers.drawn("ann") is anns_map


# --- colours ------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [CLUSTER, "label: topic", "length", "kNN recall"])
def test_a_colour_stays_from_one_map_to_the_next(map_lab, handlers, colour):
    assert handlers.colour("ann", colour)[1].colour == colour
    map_lab.draw("ann", dims="3-D")
    assert handlers.shown("ann").colour == colour


@pytest.mark.parametrize("colour", ["label: absent", "topic", "", None, 5, [], ATTACKS[0]])
def test_an_unknown_colour_is_told_and_changes_nothing(handlers, colour):
    with pytest.raises(LabError, match=r"Choose one of: cluster, label: topic"):
        handlers.colour("ann", colour)
    assert handlers.shown("ann").colour == CLUSTER


def test_a_colour_of_a_column_that_is_gone_is_the_clusters_again(map_lab, handlers):
    handlers.colour("ann", "label: topic")
    handlers.choose_columns("ann", "text", ["colour"])
    map_lab.draw("ann")
    assert handlers.shown("ann").colour == CLUSTER


# --- search -------------------------------------------------------------------------------------


def test_a_search_colours_by_likeness_and_rings_the_best(handlers, anns_map):
    _, shown = handlers.search("ann", TEXTS[4])
    assert shown.colour == SIMILARITY
    np.testing.assert_allclose(shown.similar, anns_map.vectors @ anns_map.vectors[4], atol=1e-5)
    assert shown.overlay.rings == nearest(shown.similar)
    assert shown.overlay.rings[0] == 4
    assert shown.query == TEXTS[4]


@pytest.mark.parametrize("empty", ["", "   ", None])
def test_an_empty_box_ends_the_search(handlers, empty):
    handlers.search("ann", "a cat")
    _, shown = handlers.search("ann", empty)
    assert (shown.colour, shown.similar, shown.query) == (CLUSTER, None, "")
    assert shown.overlay == Overlay()
    handlers.colour("ann", "length")
    assert handlers.search("ann", empty)[1].colour == "length"  # no search was on


def test_a_search_is_made_again_for_other_vectors(map_lab, handlers):
    handlers.search("ann", TEXTS[4])
    other = map_lab.draw("ann", pooling="max", layer="1")
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
        anns_map, shown, *_ = touch("ann", text)
        assert value(anns_map, shown).encode()  # fails for half a surrogate pair
        assert search_panel(anns_map, shown).encode() or touch == handlers.drop
    handlers.rename("ann", 0, text)
    assert value(anns_map, Shown()).encode()


# --- drop ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [0, 17, 95])
def test_a_sentence_that_is_on_the_map_lands_on_itself(handlers, anns_map, row):
    anns_map, shown, landed = handlers.drop("ann", f"  {TEXTS[row]} ")
    place, text = shown.overlay.star
    assert place == pytest.approx(tuple(anns_map.projection.coordinates[row]), abs=1e-6)
    assert text == TEXTS[row]
    assert shown.overlay.rings[0] == row
    assert landed.cosines[0] == pytest.approx(1)
    assert "cosine 1.000" in place_panel(anns_map, text, landed)


def test_a_new_sentence_lands_among_its_neighbours(handlers, anns_map):
    sentence = "The old red cat sleeps on the white window sill."
    _, shown, landed = handlers.drop("ann", sentence)
    vector = anns_map.encoder.encode([sentence])[0]
    best = np.argsort(-(anns_map.vectors @ vector), kind="stable")[:10]
    assert set(shown.overlay.rings) == set(best.tolist())
    around = anns_map.projection.coordinates[best]
    assert (around.min(0) - 1e-6 <= landed.coordinates).all()
    assert (landed.coordinates <= around.max(0) + 1e-6).all()


def test_nothing_to_drop_is_told(handlers):
    for empty in ("", " ", None):
        with pytest.raises(LabError, match="is empty"):
            handlers.drop("ann", empty)


# --- clusters -----------------------------------------------------------------------------------


def test_a_cluster_fills_the_view_and_the_whole_map_comes_back(handlers, anns_map):
    _, shown = handlers.zoom("ann", 1)
    members = tuple(np.flatnonzero(anns_map.clusters.labels == 1).tolist())
    assert shown.selected == shown.focus == members
    _, again = handlers.zoom("ann", 1)
    assert again.focus_rev != shown.focus_rev
    _, whole = handlers.whole("ann")
    assert (whole.selected, whole.focus, whole.overlay) == ((), (), Overlay())
    assert whole.focus_rev != again.focus_rev


@pytest.mark.parametrize("cluster", [-1, 3, 10**9])
def test_a_cluster_that_is_not_there_is_told(handlers, cluster):
    for touch in (
        lambda: handlers.zoom("ann", cluster),
        lambda: handlers.rename("ann", cluster, "x"),
    ):
        with pytest.raises(LabError, match="not on the map any more"):
            touch()
    assert handlers.shown("ann").selected is None


def test_a_name_stays_while_its_clusters_do(map_lab, handlers):
    names = map_lab.clusters_of("ann")
    handlers.rename("ann", 1, "  my\n trains ")
    mine = [names[0], "my trains", names[2]]
    assert map_lab.clusters_of("ann") == mine
    map_lab.draw("ann", dims="3-D")  # the same clusters on another map
    assert map_lab.clusters_of("ann") == mine
    map_lab.draw("ann", n_clusters=2)
    assert "my trains" not in map_lab.clusters_of("ann")
    map_lab.draw("ann")  # and back
    assert map_lab.clusters_of("ann") == mine
    handlers.open_text("ann", TABLE)
    map_lab.draw("ann")
    assert map_lab.clusters_of("ann") == names


def test_a_name_for_clusters_of_the_map_is_for_this_map(map_lab, handlers):
    on_map = {"clustering": "HDBSCAN", "space": "the map", "min_cluster_size": 4}
    map_lab.draw("ann", **on_map)
    handlers.rename("ann", 0, "an island")
    map_lab.draw("ann", **on_map, method="t-SNE", perplexity=5)
    assert "an island" not in map_lab.clusters_of("ann")
    map_lab.draw("ann", **on_map)
    assert map_lab.clusters_of("ann")[0] == "an island"


@pytest.mark.parametrize("name", ["", " \n ", None, 5, []])
def test_a_cluster_needs_a_name(handlers, name):
    with pytest.raises(LabError, match="The name is empty"):
        handlers.rename("ann", 0, name)


# --- points -------------------------------------------------------------------------------------

NO_ROWS = [-1, 96, 10**30, "x", "", None, 1.5, "1.0", [], {}, True, "9" * 5_000, "why", "\u0000"]


@pytest.mark.parametrize("row", NO_ROWS, ids=lambda row: str(row)[:9])
def test_a_row_that_is_not_there_is_told(handlers, row):
    touches = [
        lambda: handlers.point("ann", row), lambda: handlers.lasso("ann", [0, row]),
        lambda: handlers.why("ann", f"why:0:{row}"), lambda: handlers.why("ann", f"{row}"),
    ]  # fmt: skip
    for touch in touches:
        with pytest.raises(LabError, match="not on the map any more; click again"):
            touch()
    assert handlers.shown("ann").selected is None


def test_a_click_draws_lines_to_the_nearest_texts(handlers, anns_map):
    clicked, shown, row = handlers.point("ann", 7)
    assert (clicked, row) == (anns_map, 7)
    assert shown.overlay.rings == (7,)
    assert shown.overlay.lines == tuple((7, n) for n in anns_map.near.indices[7, :10].tolist())


def test_a_lasso_chooses_each_text_once_in_order(handlers, anns_map):
    _, rows = handlers.lasso("ann", [9, 3, 3, "5"])
    assert rows.tolist() == [3, 5, 9]
    assert handlers.shown("ann").selected == (3, 5, 9)
    for none in ([], None, "0,1", {"0": 1}, 5):
        assert handlers.lasso("ann", none)[1].size == 0
        assert handlers.shown("ann").selected == ()
    assert len(handlers.lasso("ann", list(range(96)) * 50)[1]) == 96


def test_why_two_texts_are_near_sums_to_their_cosine(handlers, anns_map):
    pair = handlers.why("ann", "why:3:6")
    explained, tokens = pair.explained, (pair.tokens_a, pair.tokens_b)
    assert (pair.a, pair.b) == (TEXTS[3], TEXTS[6])
    assert explained.cosine == pytest.approx(
        float(anns_map.vectors[3] @ anns_map.vectors[6]), abs=1e-5
    )
    assert explained.contributions.sum() == pytest.approx(explained.cosine, abs=1e-5)
    assert explained.contributions.shape == tuple(map(len, tokens))


def test_selections_and_lines_are_of_the_map_they_were_made_on(map_lab, handlers):
    handlers.lasso("ann", [1, 2])
    handlers.point("ann", 5)
    map_lab.draw("ann", dims="3-D")
    shown = handlers.shown("ann")
    assert (shown.selected, shown.focus, shown.overlay) == (None, None, Overlay())


def test_a_second_drawing_says_when_it_is_done(map_lab, handlers):
    assert kinds(map_lab.start("ann", **IN_THREE)) == ["event"] * 3 + ["done"]
