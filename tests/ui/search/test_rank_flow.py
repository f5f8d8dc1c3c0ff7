"""Rank flow: one pass for all poolings, the engine's ranks, and a chart that shows them."""

import threading
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from encoder import DEFAULT_MODEL, EncoderError
from explore import Bm25Index, Stopped, search
from explore.fusion import found_only_by, overlap_at, ranks
from tests.ui.corpus import TEXTS
from tests.ui.laid_out import OTHER_MODEL, event, tiny_workbench
from tests.ui.search.lab import QUERY, SearchLab, quiet
from tests.ui.visit import read_html
from ui.search.form import SearchForm
from ui.search.index import SearchSettings
from ui.search.rank_flow import (
    WAITING,
    encode_cells,
    follow_ranks,
    other_model,
    parse_cells,
    same_as,
)
from ui.search.rank_flow_html import bump_chart, flow_facts
from ui.search.strategies import BM25, FUSED, WITH_KEYWORDS, DenseStrategy, rankings

ROOM = 10**8
GO = threading.Event()


def test_poolings_and_layers_are_checked_and_put_in_the_order_of_every_chart():
    assert parse_cells(["cls", "mean"], ["-1"], 6) == (("mean", 6), ("cls", 6))
    assert parse_cells(["max"], ["3", "-1", "6"], 6) == (("max", 3), ("max", 6))
    assert parse_cells([], ["3"], 6) == parse_cells(None, None, 6) == ()
    assert parse_cells(["max"], [], 6) == (("max", 6),)
    for poolings, layers, why in (
        (["median"], ["-1"], "Unknown pooling 'median'"),
        (["max"], ["7"], "layer"),
        (["max", "mean", "cls", "min"], ["0", "1", "2", "3"], "16 rankings; at most 12"),
    ):
        with pytest.raises(EncoderError, match=why):
            parse_cells(poolings, layers, 6)


def test_all_poolings_come_from_one_pass_and_are_kept(page, bert, count_forwards):
    index = page.search().index
    cells = (("max", 2), ("cls", 2), ("max", 1))
    with count_forwards(bert) as calls:
        encode_cells(index, cells, ROOM, quiet, GO)
    # ("cls", 1) comes along with the pass, which is one over the texts and not one a pooling.
    assert sum(rows for rows, _ in calls) == len(TEXTS)
    with count_forwards(bert) as calls:
        encode_cells(index, cells, ROOM, quiet, GO)
        again = page.search(pooling="max", layer="2", query=QUERY)
    assert sum(rows for rows, _ in calls) == 1  # the question, under a pooling it had not
    np.testing.assert_allclose(again.index.vectors, bert.encode(TEXTS, "max", 2), atol=1e-5)


def test_vectors_that_would_not_fit_are_told_and_nothing_is_kept(page):
    index = page.search().index
    with pytest.raises(EncoderError, match="2 more rankings of 96 texts, with those"):
        encode_cells(index, (("max", 2), ("cls", 2)), 100, quiet, GO)
    assert page.work()["encode"] == 1


def three_kept(tiny):
    """A lab that keeps three matrices of vectors for a visitor, and half of another."""
    encoder = tiny("bert")
    room = int(3.5 * encoder.encode(TEXTS).nbytes)
    return SearchLab(tiny_workbench(encoder, tiny("roberta"), texts_bytes=room)), encoder, room


class Passes(list):
    """Hears of work; has an entry for each time that all texts were encoded.

    (Whether the encoder's own cache spares it the transformer depends on that cache's size.)
    """

    def __call__(self, stage: str, share: float) -> None:
        if stage == "encode" and not share:
            self.append(stage)


def test_where_room_is_short_nothing_is_encoded_twice(tiny):
    lab, _, room = three_kept(tiny)
    passes, cells = Passes(), (("max", 2), ("cls", 2))
    follow_ranks(lab.search(), cells, [], (), room, passes, GO)
    answer = lab.search(query="a train")
    follow_ranks(answer, cells, [], (), room, passes, GO)
    assert len(passes) == 1
    with pytest.raises(EncoderError, match="3 more rankings"):  # with the page's own they are four
        follow_ranks(answer, (("max", 1), ("cls", 1), ("mean", 1)), [], (), room, quiet, GO)
    lab.leave()


def test_another_model_in_the_flow_does_not_cost_the_page_its_vectors(tiny):
    lab, _, room = three_kept(tiny)
    answer = lab.search()
    other = other_model("other", OTHER_MODEL, lab.workbench.encoder(OTHER_MODEL, None))
    follow_ranks(answer, (("max", 2), ("cls", 2)), [other], (), room, quiet, GO)
    assert lab.handlers.is_ready(lab.handlers.request("ann", SearchForm("a train")))
    lab.leave()


def test_of_more_encodings_than_are_kept_those_that_are_there_come_first(tiny):
    lab, encoder, _ = three_kept(tiny)
    index = lab.search().index
    names = ["mean", "max", "cls", "min", "soft"]
    dense = [
        DenseStrategy(name, "", encoder, SearchSettings(DEFAULT_MODEL, name)) for name in names
    ]
    first = rankings(index, dense, (), [QUERY], quiet, GO)
    passes = Passes()
    second = rankings(index, dense, (), [QUERY], passes, GO)
    assert 0 < len(passes) <= len(names) - 2  # one of the three places is the page's
    for one, two in zip(first, second, strict=True):
        assert (one.name, one.hits.indices.tolist()) == (two.name, two.hits.indices.tolist())
    lab.leave()


def test_it_can_be_stopped(page):
    index = page.search().index
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        encode_cells(index, (("max", 2),), ROOM, quiet, stop)


def test_ranks_overlap_and_what_only_one_found_are_the_engines(page, bert):
    answer = page.search(k=6)
    flow = follow_ranks(answer, (("mean", 2), ("cls", 2)), [], WITH_KEYWORDS, ROOM, quiet, GO)
    names = [strategy.name for strategy in flow.strategies]
    # The ranking on the page is mean already: it does not stand there twice.
    assert same_as(answer.index) == ("mean", 2)
    assert names == ["mean (as saved)", "cls", BM25, FUSED]
    assert flow.poolings == ("mean", "cls", "", "")
    hits = {s.name: s.hits for s in flow.strategies}
    cls = search(bert.encode([QUERY], "cls"), bert.encode(TEXTS, "cls"), 6)
    assert hits["cls"].indices[0, :6].tolist() == cls.indices[0].tolist()
    words = Bm25Index(TEXTS).search([QUERY], 6)
    assert hits[BM25].indices[0, :6].tolist() == words.indices[0].tolist()
    assert flow.ranks == ranks(hits, 6)
    assert flow.only == found_only_by(hits, 6)
    assert flow.overlaps[0] == 1
    assert flow.overlaps[1] == overlap_at(hits[names[0]], hits["cls"], 6)[0]
    assert all(row >= 0 for row in flow.ranks)


def test_other_models_join_as_they_were_saved_each_once(page, tiny):
    page.find(k=4)
    chosen = (["cls"], ["-1"], [OTHER_MODEL, OTHER_MODEL, DEFAULT_MODEL], [])
    shown = page.steps(("flow-go", "click"), *chosen)
    [facts] = [step["flow-facts"] for step in shown if "flow-facts" in step]
    assert "3 rankings" in facts
    assert shown[-1]["flow-progress"].startswith('<p class="lab-note">Done in')
    flow = page.result("flow")
    other = tiny("roberta")
    expected = search(other.encode([QUERY]), other.encode(TEXTS), 4).indices[0].tolist()
    assert flow.strategies[-1].name == f"{OTHER_MODEL} (as saved)"
    assert flow.strategies[-1].hits.indices[0, :4].tolist() == expected


@pytest.mark.parametrize(
    ("method", "said"),
    [("Vectors", "The first column is the ranking above:"),
     ("Keywords (BM25)", "by the vectors alone (the hits above are ranked by BM25)"),
     ("Both, fused", "by the vectors alone (the hits above are fused with BM25)")],
)  # fmt: skip
def test_the_first_column_is_called_what_it_is(page, bert, method, said):
    answer = page.search(query="red cat window", method=method, k=5)
    flow = follow_ranks(answer, (("cls", 2),), [], (), ROOM, quiet, GO)
    assert said in read_html(flow_facts(flow)).text
    dense = search(bert.encode(["red cat window"]), bert.encode(TEXTS), 5)
    assert flow.strategies[0].hits.indices[0, :5].tolist() == dense.indices[0].tolist()


def test_rankings_stay_while_the_answer_is_of_the_same_question(page):
    page.find(k=4)
    page.steps(("flow-go", "click"), ["cls"], ["-1"], [], [])
    page.find(k=4)  # asked once more, or with its verdict
    assert page.fresh("flow-chart", ["-1"]) == {}
    for other in ({"query": "a train"}, {"k": 5}, {"pooling": "max"}, {"method": "bm25"}):
        page.find(**{"query": QUERY, "k": 4, **other})
        assert page.fresh("flow-chart", ["-1"])["flow-facts"] == WAITING
        page.find(k=4)


@pytest.mark.parametrize("asked", ["a train", ""])
def test_rankings_of_a_question_that_is_gone_are_not_shown_beside_another(page, asked):
    later = page.search(k=4, query=asked) if asked else None
    page.search(k=4)
    stages = page.handlers.texts("ann").stages
    walk = page.function("flow-go", "click").fn(
        SimpleNamespace(session_hash="ann"), ["cls"], ["-1"], [], []
    )
    with stages._lock:  # the work waits for it
        next(walk)
        page.handlers.state("ann").answer = later
    [facts] = [step[2] for step in walk if step[2] != gr.skip()]
    assert f"“{QUERY}” was ranked, but by now the page asks something else" in facts
    assert page.result("flow") is None


def test_a_mark_that_is_clicked_shows_its_text_and_why_each_ranking_has_it_there(page, tiny):
    page.find(k=4, query="red cat")
    page.steps(("flow-go", "click"), ["cls"], ["-1"], [OTHER_MODEL], [BM25])
    flow = page.result("flow")
    row = next(iter(flow.ranks))
    shown = page.call(("flow-chart", "pick"), event(row=row))
    picked = read_html(shown["flow-picked"])
    assert TEXTS[row] in picked.text
    assert shown["flow-why"] == ""
    whys = [button.attributes["data-pick"] for button in picked.all("button")]
    assert whys == [f"why:{at}:{row}" for at in range(4)]  # as searched, cls, the other, BM25
    other = tiny("roberta")
    for name, said in (
        (
            whys[1],
            f"By cls: cosine {cosine(page.workbench.encoder(DEFAULT_MODEL, None), row, 'cls')}",
        ),
        (whys[2], f"By {OTHER_MODEL} (as saved): cosine {cosine(other, row)}"),
        (whys[3], "By Keywords (BM25): cosine"),
    ):
        why = read_html(page.call(("flow-picked", "pick"), event(name=name))["flow-why"]).text
        assert said in why
        assert ("BM25" in why) == (name == whys[3])
    for wrong in (-1, 10**6, "x", None, [row]):
        with pytest.raises(gr.Error, match="not in these rankings any more"):
            page.call(("flow-chart", "pick"), event(row=wrong))
    for wrong in (f"why:4:{row}", "why:0:999999", "why:0", f"why:0:{row}:1", "", f"why:-1:{row}"):
        with pytest.raises(gr.Error, match="not in these rankings any more"):
            page.call(("flow-picked", "pick"), event(name=wrong))


def cosine(encoder, row, pooling=None):
    """Of the question and a text, as a panel writes it."""
    query, text = encoder.encode(["red cat", TEXTS[row]], pooling)
    return f"{query @ text:.4f}"


def test_the_chart_has_a_line_a_text_and_a_diamond_where_only_one_found_it():
    found = {7: {"a": 1, "b": 2}, 8: {"a": 2, "b": None}, 9: {"a": None, "b": 1}}
    texts = {7: "seven", 8: "eight", 9: "nine"}
    figure = bump_chart(["a", "b"], ["#111111", "#222222"], found, texts, 2, chosen=8).to_dict()
    lines = [trace for trace in figure["data"] if trace["mode"] == "lines"]
    marks = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert [line["y"] for line in lines] == [[1, 2], [2, None], [None, 1]]
    assert [line["line"]["color"] for line in lines].count("var(--lab-accent)") == 1
    assert [list(mark["customdata"]) for mark in marks] == [[7, 8], [7, 9]]
    assert [list(mark["marker"]["symbol"]) for mark in marks] == [["circle", "diamond"]] * 2
    assert [mark["marker"]["color"] for mark in marks] == ["#111111", "#222222"]
    beside = [note["text"] for note in figure["layout"]["annotations"]]
    assert beside == ["seven", "eight", "seven", "nine"]
    assert list(figure["layout"]["xaxis"]["ticktext"]) == ["a", "b"]
