"""A map is drawn step by step, can be stopped, fails in words, and disturbs no other."""

import gc
import threading
import weakref
from contextlib import contextmanager
from dataclasses import astuple, replace
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from explore import map_fidelity, umap_fit
from tests.ui.corpus import TABLE
from tests.ui.laid_out import tiny_workbench
from tests.ui.map.lab import SOON_S, MapLab, kinds
from tests.ui.state.test_jobs import free
from tests.ui.visit import read_html
from ui.map.form import MapForm, parse
from ui.page.tasks import follow

DRAW = ("map-seed", "change")
PCA = MapForm(method="PCA", clustering="k-means", n_clusters=3)


@pytest.fixture
def page(map_page):
    for visitor in ("ann", "bob", "cat"):
        map_page.workbench.forget(visitor)
        map_page.handlers.open_text(visitor, TABLE)
    yield map_page
    assert free(map_page.workbench.work_queue)


@contextmanager
def no_layout():
    """Every UMAP waits for its turn, as it does while another map is laid out."""
    with umap_fit._lock:
        yield


def drawing(page, form=PCA, visitor="ann"):
    """The answers of one drawing, as they come; by elem_id."""
    fn = page.function(*DRAW)
    names = [getattr(box, "elem_id", None) or "drawn" for box in fn.outputs]
    for values in fn.fn(SimpleNamespace(session_hash=visitor), *astuple(form)):
        pairs = zip(names, values, strict=True)
        yield {name: value for name, value in pairs if value != gr.skip()}


def until(steps, words: str) -> list[dict]:
    """Answers up to the one whose progress says this."""
    before = []
    for step in steps:
        before.append(step)
        if words in step["map-progress"]:
            return before
    raise AssertionError(f"never {words!r}: {[s['map-progress'] for s in before]}")


def progress_of(step: dict) -> str:
    return read_html(f"<div>{step['map-progress']}</div>").text


# --- one map ------------------------------------------------------------------------------------


def test_a_drawing_sharpens_and_says_when_it_is_done(page):
    steps = list(drawing(page, replace(PCA, method="UMAP")))
    assert [step["stop-map"].visible for step in steps] == [True] * (len(steps) - 1) + ["hidden"]
    maps = [step["map"] for step in steps if "map" in step]
    assert 1 <= len(maps) <= 4  # what was overtaken by something newer is left out
    *_, last = [step for step in steps if "map-header" in step]
    assert "UMAP" in last["map-header"]
    assert "map fidelity" in last["map-header"]
    assert len(read_html(last["clusters"]).one("tbody").all("tr")) == 3
    assert [step for step in steps if "drawn" in step] == [steps[-1]]
    assert progress_of(steps[-1]).startswith("Drawn in")


def test_each_map_is_new_to_whoever_waits_for_one(page):
    first, again = ([s["drawn"] for s in drawing(page) if "drawn" in s] for _ in range(2))
    assert first != again


def test_without_texts_nothing_is_drawn(page):
    page.workbench.forget("ann")
    assert list(drawing(page)) == [{}]  # every output is left as it is


def test_a_map_that_fails_says_why_and_can_no_longer_be_stopped(page):
    steps = []
    with pytest.raises(gr.Error, match="Unknown layer 7"):
        steps.extend(drawing(page, replace(PCA, layer="7")))  # what came before stays in it
    assert "Unknown layer 7" in progress_of(steps[-1])
    assert steps[-1]["stop-map"].visible == "hidden"
    assert free(page.workbench.work_queue)


def test_a_form_that_is_refused_is_told_before_the_line(page):
    with pytest.raises(gr.Error, match="seed is -1"):
        list(drawing(page, replace(PCA, seed=-1)))
    assert not page.workbench.work_queue.busy


# --- stopping -----------------------------------------------------------------------------------


def test_stop_ends_a_layout_says_so_and_frees_the_line(page):
    with no_layout():
        steps = drawing(page, replace(PCA, method="UMAP"))
        until(steps, "Waiting for another map")
        assert page.workbench.work_queue.busy == 1
        answer = page.call(("stop-map", "click"))
        assert "Stopped" in answer["map-progress"]
        assert answer["stop-map"].visible == "hidden"
        rest = list(steps)
        assert free(page.workbench.work_queue)
    # Nothing comes after the click that would take its word back.
    assert {progress_of(step) for step in rest} == {"Stopped. What was drawn so far stays."}
    assert rest[-1]["stop-map"].visible == "hidden"
    assert page.handlers.drawn("ann").projection.method == "pca"  # what was drawn stays
    assert progress_of(list(drawing(page))[-1]).startswith("Drawn in")


def test_stop_ends_the_encoding(page, count_forwards):
    encoder = page.workbench.encoder(PCA.model, None)
    began, go = threading.Event(), threading.Event()

    def wait(*args: object) -> None:
        began.set()
        assert go.wait(SOON_S)

    handle = encoder.backbone.model.register_forward_pre_hook(wait)
    try:
        page.handlers.open_text("ann", "\n".join(f"{'a ' * n}b {n}" for n in range(1, 300)))
        with count_forwards(encoder) as calls:
            job = page.start("ann")
            assert began.wait(SOON_S)
            page.call(("stop-map", "click"))
            go.set()
            assert kinds(job) == ["cancelled"]
            few = len(calls)
    finally:
        go.set()
        handle.remove()
    assert free(page.workbench.work_queue)
    with count_forwards(encoder) as calls:
        page.draw("ann")
    assert 0 < few < few + len(calls)  # not all of it was done when it was stopped
    assert page.handlers.texts("ann").stages.work["encode"] == 1


def test_a_map_that_waits_in_the_line_is_stopped_at_once(bert):
    lab = MapLab(tiny_workbench(bert, bert, map_slots=1))
    line = lab.workbench.work_queue
    with no_layout():
        first = lab.start("ann", method="UMAP")
        second = lab.start("bob", method="UMAP")
        assert line.place(second) == 1
        moments = follow(second, line)
        assert "waiting at place 1 of the line" in next(moments).progress.lower()
        lab.handlers.state("bob").stop()
        assert [m.ended for m in moments][-1] == "cancelled"
        assert not first.ended.is_set()
        assert line.place(second) == 0
    assert kinds(first)[-1] == "done"
    assert free(line)


def test_a_newer_map_ends_the_older_one_without_a_word(page):
    with no_layout():
        older = drawing(page, replace(PCA, method="UMAP"))
        until(older, "Waiting for another map")
        newer = list(drawing(page))
        assert progress_of(newer[-1]).startswith("Drawn in")
        assert list(older) == [{}]
    assert free(page.workbench.work_queue)
    assert page.handlers.drawn("ann").projection.method == "pca"


def test_other_texts_end_the_map_of_the_old_ones_without_a_word(page):
    with no_layout():
        older = drawing(page, replace(PCA, method="UMAP"))
        until(older, "Waiting for another map")
        page.handlers.open_text("ann", "Quite other texts.\nTwo of them.")
        assert list(older) == [{}]
    assert page.handlers.state("ann").drawn is None
    assert free(page.workbench.work_queue)


def test_a_browser_that_is_gone_ends_its_map(page):
    with no_layout():
        steps = drawing(page, replace(PCA, method="UMAP"))
        until(steps, "Waiting for another map")
        steps.close()
        assert free(page.workbench.work_queue)


# --- several visitors ---------------------------------------------------------------------------


def test_three_maps_of_two_visitors_at_once_do_not_disturb_each_other(page, bert):
    """Ann has two browser tabs open, Bob has one: three keys, three corpora, three settings."""
    texts = {
        name: [f"{word} {n // 8 * 'old '}cat sleeps {n % 8 * 'very '}long." for n in range(64)]
        for name, word in (("ann", "The"), ("bob", "A"), ("cat", "This"))
    }
    forms = {
        "ann": MapForm(min_dist=0.3, min_cluster_size=4),
        "bob": MapForm(seed=5, dims="3-D", clustering="k-means", n_clusters=4),
        "cat": MapForm(method="t-SNE", perplexity=8, pooling="max", layer="1"),
    }
    for name, lines in texts.items():
        page.handlers.open_text(name, "\n".join(lines))
    answers: dict[str, list[dict]] = {}
    start = threading.Barrier(3)

    def visit(name: str) -> None:
        start.wait(SOON_S)
        answers[name] = list(drawing(page, forms[name], name))
        page.handlers.search(name, texts[name][0])
        page.handlers.rename(name, 0, f"of {name}")
        page.handlers.lasso(name, [1, 2, 3])

    threads = [threading.Thread(target=visit, args=(name,)) for name in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
        assert not thread.is_alive()
    for name, lines in texts.items():
        drawn_map, shown = page.handlers.drawn(name), page.handlers.shown(name)
        assert drawn_map.corpus.texts == tuple(lines)
        assert drawn_map.settings == parse(forms[name])
        settings, places = drawn_map.settings, drawn_map.projection.coordinates
        vectors = bert.encode(lines, settings.pooling, settings.layer)
        np.testing.assert_allclose(drawn_map.vectors, vectors, atol=1e-5)
        # These places are a good map of these vectors, as measured here and alone.
        alone = map_fidelity(vectors, places)
        assert drawn_map.fidelity.trustworthiness == pytest.approx(alone.trustworthiness, abs=1e-3)
        assert alone.trustworthiness > 0.7  # 0.5 is chance
        assert places.shape == (64, settings.projection.dims)
        assert drawn_map.clusters.config == settings.clusters
        assert [len(drawn_map.corpus), drawn_map.clusters.count > 1] == [64, True]
        assert drawn_map.title(0) == f"of {name}"
        assert shown.query == lines[0]
        assert progress_of(answers[name][-1]).startswith("Drawn in")
        assert set(page.handlers.texts(name).stages.work.values()) == {1}
    tokens = {page.handlers.drawn(name).token for name in texts}
    assert len(tokens) == 3


def test_forgetting_a_visitor_ends_its_map_and_frees_everything_of_it(page):
    page.draw("ann")
    other = page.draw("bob")
    with no_layout():
        job = page.start("ann", method="UMAP", n_neighbors=9)
        texts, state = page.handlers.texts("ann"), page.handlers.state("ann")
        page.workbench.forget("ann")
        assert kinds(job)[-1] == "cancelled"
    assert (texts.opened, state.drawn, state.finished, texts.stages.bytes) == (None, None, None, 0)
    assert page.handlers.drawn("bob") is other
    left = [weakref.ref(texts), weakref.ref(state)]
    del texts, state, job
    assert free(page.workbench.work_queue)
    gc.collect()
    assert [gone() for gone in left] == [None, None]  # nothing holds it any more


# --- what stays -----------------------------------------------------------------------------------


UMAP = {"method": "UMAP", "n_neighbors": 5, "clustering": "k-means", "n_clusters": 3}


def test_the_files_of_the_last_whole_map_stay_while_another_is_begun_and_stopped(map_lab):
    drawn_map = map_lab.fresh("ann")
    state = map_lab.handlers.state("ann")
    job = map_lab.start("ann", **UMAP, layer="1")
    state.stop()
    assert job.ended.wait(60)
    assert state.finished is drawn_map
    assert not state.drawing
    newer = map_lab.draw("ann", layer="1")
    assert state.finished is newer


def test_dots_do_not_leave_their_places_where_only_the_clusters_change(map_lab):
    map_lab.workbench.forget("ann")
    map_lab.draw("ann", **UMAP)
    job = map_lab.start("ann", **{**UMAP, "n_clusters": 2})
    assert job.ended.wait(60)
    events = [news.content for news in list(job.news.queue) if news.kind == "event"]
    assert {drawn_map.projection.method for drawn_map in events} == {"umap"}


def test_two_visitors_with_one_link_see_one_map(bert):
    lab = MapLab(tiny_workbench(bert, bert))
    one, other = (lab.draw(visitor, **UMAP) for visitor in ("ann", "bob"))
    np.testing.assert_array_equal(one.projection.coordinates, other.projection.coordinates)
    np.testing.assert_array_equal(one.clusters.labels, other.clusters.labels)
    lab.close()
