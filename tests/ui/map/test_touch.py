"""Clusters and points of a map: zoomed, named, clicked, chosen; and what is refused."""

import numpy as np
import pytest

from ingest import LabError
from tests.ui.map.lab import kinds
from tests.ui.map.pages import TABLE, TEXTS
from ui.map.figures import Overlay

KMEANS = {"clustering": "k-means", "n_clusters": 3}


@pytest.fixture
def drawn(map_lab):
    """A visitor with a map; the next test has a fresh one."""
    return map_lab.fresh("ann", **KMEANS)


@pytest.fixture
def handlers(map_lab, drawn):
    return map_lab.handlers


# --- clusters -----------------------------------------------------------------------------------


def test_a_cluster_fills_the_view_and_the_whole_map_comes_back(handlers, drawn):
    _, shown = handlers.zoom("ann", 1)
    members = tuple(np.flatnonzero(drawn.clusters.labels == 1).tolist())
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
    map_lab.draw("ann", **KMEANS, dims="3-D")  # the same clusters on another map
    assert map_lab.clusters_of("ann") == mine
    map_lab.draw("ann", clustering="k-means", n_clusters=2)
    assert "my trains" not in map_lab.clusters_of("ann")
    map_lab.draw("ann", **KMEANS)  # and back
    assert map_lab.clusters_of("ann") == mine
    handlers.open_text("ann", TABLE)
    map_lab.draw("ann", **KMEANS)
    assert map_lab.clusters_of("ann") == names


def test_a_name_for_clusters_of_the_map_is_for_this_map(map_lab, handlers):
    on_map = {"space": "the map", "min_cluster_size": 4}
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


def test_a_click_draws_lines_to_the_nearest_texts(handlers, drawn):
    picture, shown, row = handlers.point("ann", 7)
    assert (picture, row) == (drawn, 7)
    assert shown.overlay.rings == (7,)
    assert shown.overlay.lines == tuple((7, n) for n in drawn.near.indices[7, :10].tolist())


def test_a_lasso_is_kept_in_order_each_text_once(handlers, drawn):
    _, found = handlers.lasso("ann", [9, 3, 3, "5"])
    assert found.tolist() == [3, 5, 9]
    assert handlers.shown("ann").selected == (3, 5, 9)
    for none in ([], None, "0,1", {"0": 1}, 5):
        assert handlers.lasso("ann", none)[1].size == 0
        assert handlers.shown("ann").selected == ()
    assert len(handlers.lasso("ann", list(range(96)) * 50)[1]) == 96


def test_why_two_texts_are_near_sums_to_their_cosine(handlers, drawn):
    pair = handlers.why("ann", "why:3:6")
    explained, tokens = pair.explained, (pair.tokens_a, pair.tokens_b)
    assert (pair.a, pair.b) == (TEXTS[3], TEXTS[6])
    assert explained.cosine == pytest.approx(float(drawn.vectors[3] @ drawn.vectors[6]), abs=1e-5)
    assert explained.contributions.sum() == pytest.approx(explained.cosine, abs=1e-5)
    assert explained.contributions.shape == tuple(map(len, tokens))


def test_selections_and_lines_are_of_the_map_they_were_made_on(map_lab, handlers):
    handlers.lasso("ann", [1, 2])
    handlers.point("ann", 5)
    map_lab.draw("ann", **KMEANS, dims="3-D")
    shown = handlers.shown("ann")
    assert (shown.selected, shown.focus, shown.overlay) == (None, None, Overlay())


def test_a_second_drawing_says_when_it_is_done(map_lab, handlers):
    assert kinds(map_lab.start("ann", method="PCA", **KMEANS)) == ["event"] * 3 + ["done"]
