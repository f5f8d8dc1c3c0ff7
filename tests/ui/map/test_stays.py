"""What stays of a map while another is drawn, what goes with it, and what its link may promise."""

import json
import threading

import gradio as gr
import numpy as np
import pytest

from encoder import DEFAULT_MODEL
from explore import ClusterConfig, Stopped, cluster
from explore.fidelity import distortion
from tests.ui.laid_out import event, tiny_workbench
from tests.ui.map.lab import MapLab
from tests.ui.map.pages import TABLE, TEXTS, draw_map, open_table
from ui.map.files import map_snippet
from ui.map.html import header
from ui.state.pairs import SAMPLES_FOLDER
from ui.state.texts import choose_columns, open_sample, sample_of

UMAP = {"method": "UMAP", "n_neighbors": 5, "clustering": "k-means", "n_clusters": 3}


@pytest.fixture
def drawn(map_lab):
    return map_lab.fresh("ann", clustering="k-means", n_clusters=3)


@pytest.fixture
def page(map_page):
    map_page.workbench.forget("ann")
    map_page.handlers.open_text("ann", TABLE)
    map_page.draw("ann", clustering="k-means", n_clusters=3)
    return map_page


@pytest.mark.parametrize(
    ("at", "sent"),
    [(("measure-go", "click"), ()), (("sides-go", "click"), (DEFAULT_MODEL, "cls", "-1"))],
)  # fmt: skip
def test_a_map_being_drawn_anew_is_not_given_up_for_work_on_the_old_one(page, at, sent):
    state = page.handlers.state("ann")
    running = state.begin()  # what is on the screen is the finished map of before
    with pytest.raises(gr.Error, match="still being drawn"):
        page.call(at, *sent)
    assert not running.is_set()
    state.end(running)
    assert page.call(at, *sent)  # and once it has ended, both go


def test_the_files_of_the_last_whole_map_stay_while_another_is_begun_and_stopped(map_lab, drawn):
    state = map_lab.handlers.state("ann")
    job = map_lab.start("ann", **UMAP, layer="1")
    state.stop()
    assert job.ended.wait(60)
    assert state.finished is drawn
    assert not state.drawing
    newer = map_lab.draw("ann", layer="1")
    assert state.finished is newer


def test_dots_do_not_leave_their_places_where_only_the_clusters_change(map_lab, drawn):
    map_lab.draw("ann", **UMAP)
    job = map_lab.start("ann", **{**UMAP, "n_clusters": 2})
    assert job.ended.wait(60)
    events = [news.content for news in list(job.news.queue) if news.kind == "event"]
    assert {picture.projection.method for picture in events} == {"umap"}


def test_a_click_takes_the_matrix_of_the_pair_before_away(page):
    page.call(("point", "pick"), event(name="why:0:3"))
    answer = page.call(("map", "pick"), event(row=5))
    assert (answer["why-note"], answer["why"]) == ("", None)


def test_torn_neighbours_stay_in_sight_and_are_counted(page):
    answer = page.call(("map-honesty", "input"), True)
    overlay = json.loads(answer["map"])["overlay"]
    found = distortion(*_vectors_and_places(page), page.handlers.picture("ann").near, 10**9)
    assert f"of {len(found.torn):,} torn pairs" in answer["map-honesty-note"]
    assert found.all_torn == len(found.torn)
    clicked = json.loads(page.call(("map", "pick"), event(row=5))["map"])["overlay"]
    assert clicked["torn"] == overlay["torn"]
    assert clicked["rings"] == [5]


def _vectors_and_places(page) -> tuple[np.ndarray, np.ndarray]:
    picture = page.handlers.picture("ann")
    return picture.vectors, picture.projection.coordinates


def test_a_file_that_is_called_like_a_sample_is_none(bert):
    own = open_table(TABLE, "topics.csv")
    assert sample_of(own) == ""
    assert "assets/samples" not in map_snippet(draw_map(own, bert, method="PCA"))
    sample = open_sample("Twelve everyday topics", own.stages)
    assert sample_of(sample) == "topics.csv"
    other = next(name for name in sample.table.columns if name != sample.corpus.columns.text)
    # Other texts than a link to the sample would show:
    assert sample_of(choose_columns(sample, other, [])) == ""
    assert (SAMPLES_FOLDER / "topics.csv").is_file()


def test_a_link_without_its_texts_says_so(map_page, monkeypatch):
    said = []
    monkeypatch.setattr(gr, "Warning", lambda text, **how: said.append(text))
    map_page.call(map_page.link, query={"map": "{}", "corpus": "topics.csv"})
    assert not any("not the texts" in text for text in said)
    map_page.call(map_page.link, query={"map": "{}"})
    assert any("not the texts" in text for text in said)


def test_seeds_stand_where_they_are_used(map_lab, drawn):
    said = header(map_lab.draw("ann"))
    assert "PCA ·" in said  # which has none
    assert "on a 5-D UMAP (20 neighbours, min_dist 0, seed 0)" in said
    assert "3 clusters as asked, on the vectors, seed 4" in header(
        map_lab.draw("ann", clustering="k-means", n_clusters=3, seed=4)
    )
    shown = header(map_lab.draw("ann", **UMAP, seed=4))
    assert "UMAP, 5 neighbours, min_dist 0.1, seed 4" in shown


def test_two_visitors_with_one_link_see_one_map(bert):
    lab = MapLab(tiny_workbench(bert, bert))
    one, other = (lab.draw(visitor, **UMAP) for visitor in ("ann", "bob"))
    np.testing.assert_array_equal(one.projection.coordinates, other.projection.coordinates)
    np.testing.assert_array_equal(one.clusters.labels, other.clusters.labels)
    lab.close()


@pytest.mark.parametrize("method", ["kmeans", "agglomerative"])
def test_numbers_of_clusters_are_tried_one_by_one_and_can_be_stopped(method):
    stop, heard = threading.Event(), []

    def tell(stage: str, share: float) -> None:
        heard.append(share)
        if share > 0.2:
            stop.set()

    vectors = np.random.default_rng(0).normal(size=(len(TEXTS), 8)).astype(np.float32)
    with pytest.raises(Stopped):
        cluster(vectors, ClusterConfig(method), on_progress=tell, stop=stop)
    assert max(heard) < 0.5
