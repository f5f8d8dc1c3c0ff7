"""The Search tab as it is wired: first look, examples, settings, why, and texts of the Map tab."""

from types import SimpleNamespace

import gradio as gr
import pytest

from encoder import DEFAULT_MODEL
from explore.store import NotStored
from tests.explore.store.stores import free_port
from tests.ui.corpus import TABLE
from tests.ui.laid_out import event, tiny_workbench
from tests.ui.search.lab import QUERY, SearchPage
from tests.ui.visit import read_html
from ui.search.examples import FIRST
from ui.search.tab import CLICK
from ui.state.samples import TEXT_SAMPLES
from ui.state.vectors import Vectors

SETTINGS = (DEFAULT_MODEL, "the model's own", "-1", "Vectors", 10)
FORM = (QUERY, *SETTINGS)
SAMPLE = TEXT_SAMPLES[FIRST].queries
ASK = ("search-query", "submit")


def search(page: SearchPage, query: str = QUERY, *settings, visitor: str = "ann") -> list[dict]:
    return page.steps(page.function("search-k", "change"), query, *(settings or SETTINGS),
                     visitor=visitor)  # fmt: skip


def prepare(page: SearchPage, typed: str = "") -> dict:
    """What other texts bring with them."""
    [version] = [box for box in page.function("search-corpus-pairs", "click").outputs
                 if isinstance(box, gr.State)]  # fmt: skip
    return page.call(page.reaction(version._id, "change", "search-example-0"), typed)


def test_at_the_first_look_the_sample_and_a_question_lie_ready(page):
    opened = page.arrive()
    assert "search_passages.csv: 243 texts" in opened["search-corpus-facts"]
    ready = prepare(page)
    assert ready["search-query"] == SAMPLE[0]
    assert [ready[f"search-example-{at}"].value for at in range(5)] == list(SAMPLE)
    shown = search(page, ready["search-query"])
    assert len(read_html(shown[-1]["search-hits"]).one("tbody").all("tr")) == 10


def test_other_texts_clear_every_section_before_anything_is_found_in_them(page):
    page.judged()
    page.steps(("flow-go", "click"), ["cls"], ["-1"], [], [])
    page.open()  # other texts, as far as anybody knows
    assert prepare(page)["State 2"] == ""  # no hits: every section that hangs on them hears of it
    taken = page.fresh("search-code", *FORM)
    assert taken == {"search-code": "", "search-link-note": ""}
    cleared = page.fresh("flow-chart", ["-1"])
    assert (cleared["flow-chart"], cleared["flow-table"]) == (None, "")
    for section, empty in (("judge-hits", "Search first"), ("lab-hits", "Search first")):
        assert empty in page.fresh(section)[section]
    for section in ("compress", "duplicates", "judge-scores"):
        assert page.fresh(section)[section] == ""


def test_examples_are_of_the_texts_and_a_typed_question_is_kept(page):
    page.open()
    ready = prepare(page, SAMPLE[0])  # an example of other texts: a result without a word typed
    assert "search-query" not in ready
    assert ready["search-hits"] == ""  # those of other texts are gone
    assert "search-query" not in prepare(page, "")
    assert [ready[f"search-example-{at}"].visible for at in range(5)] == [False] * 5
    assert "search-query" not in prepare(page, "my own words")
    page.workbench.forget("ann")
    page.arrive()
    assert "search-query" not in prepare(page, "my own words")
    assert prepare(page, TEXT_SAMPLES["topics"].queries[0])["search-query"] == SAMPLE[0]


def test_an_example_is_asked_by_a_click(page):
    page.arrive()
    answer = page.call(("search-example-1", "click"))
    assert answer["search-query"] == SAMPLE[1]
    assert answer["State"]
    page.open()
    assert page.call(("search-example-1", "click")) == {}


def test_hits_come_first_and_the_verdict_later_and_stop_is_offered_meanwhile(page):
    page.open()
    shown = search(page)
    panels = [step["search-answer"] for step in shown if "search-answer" in step]
    assert "being measured" in panels[0]
    assert "no verdict" in panels[-1]  # which the tiny model's vectors cannot give
    assert any(step["stop-search"].visible is True for step in shown if "stop-search" in step)
    assert shown[-1]["stop-search"].visible == "hidden"
    [again] = search(page, "other words")  # all is known: one answer, at once
    assert "no verdict" in again["search-answer"]


def test_stop_while_the_verdict_is_measured_leaves_no_promise(page):
    page.open()
    steps = page.function("search-k", "change").fn(
        SimpleNamespace(session_hash="ann"), QUERY, *SETTINGS
    )
    for step in steps:
        if "being measured" in str(step[2]):
            page.call(("stop-search", "click"))
        last = step
    progress, _, panel, hits, *_ = last
    assert "What was found before stays" in progress
    assert "was not measured to its end" in panel
    assert hits


def test_a_number_out_of_bounds_is_told_in_our_words(page):
    page.open()
    [slider] = [b for b in page.demo.blocks.values() if getattr(b, "elem_id", "") == "search-k"]
    sent = slider.preprocess(500)
    with pytest.raises(gr.Error, match="k is 500; it must be from 1 to 50"):
        search(page, QUERY, *SETTINGS[:4], sent)


def test_questions_wait_for_no_follower_of_long_work(page):
    fn = page.function("search-k", "change")
    assert fn.concurrency_limit >= page.workbench.settings.max_visitors


def test_stop_before_anything_was_found_says_so(page):
    page.open()
    assert (
        "Stopped before anything was found"
        in page.call(("stop-search", "click"))["search-progress"]
    )
    page.find()
    assert "found before stays" in page.call(("stop-search", "click"))["search-progress"]


def test_an_empty_question_leaves_nothing_to_go_on_from(page):
    page.find()
    [shown] = search(page, " ")
    assert (shown["search-hits"], shown["State"]) == ("", "")
    with pytest.raises(gr.Error, match="ask a question first"):
        page.steps(("flow-go", "click"), ["cls"], ["-1"], [], [])


def test_late_work_on_texts_that_are_gone_is_not_shown(page):
    page.find()
    steps = page.function("flow-go", "click").fn(
        SimpleNamespace(session_hash="ann"), ["cls"], ["-1"], [], []
    )
    next(steps)
    page.open()  # other texts, while the follower looks away
    rest = list(steps)
    assert all(value == gr.skip() for step in rest for value in step)
    assert page.result("flow") is None


def test_a_search_that_is_overtaken_at_once_ends_without_a_word(page):
    class Overtaken(Vectors):
        """The visitor asks something else while it searches."""

        def search(self, *asked):
            page.handlers.state("ann").begin()
            return super().search(*asked)

    before = page.judged().answer
    page.workbench.vectors = Overtaken()
    assert search(page, "other words") == [{}]  # every output is left as it is
    assert page.handlers.last("ann") is before


def test_what_the_engine_refuses_is_told_in_its_words(page):
    class Broken(Vectors):
        """Loses collections."""

        def search(self, *asked):
            raise NotStored("The collection has just left the store.")

    page.judged()
    page.workbench.vectors = Broken()
    with pytest.raises(gr.Error, match="has just left the store"):
        search(page, "other words")


def test_a_hit_that_is_explained_before_the_verdict_comes_stays_explained(page):
    page.find()  # encoded; what the best is worth is not known yet
    fn = page.function("search-k", "change").fn
    steps = fn(SimpleNamespace(session_hash="ann", query_params={}), QUERY, *SETTINGS)
    _, _, panel, hits, why, matrix, token = next(steps)
    assert "being measured" in panel
    assert (why, matrix) == (CLICK, None)
    row = page.handlers.last("ann").rows[0]
    page.call(("search-hits", "pick"), event(name=f"why:{row}"))
    _, _, panel, *rest = list(steps)[-1]
    assert "no verdict" in panel
    # The same hits and the same token: nothing that hangs on them is drawn anew.
    assert rest == [hits, gr.skip(), gr.skip(), token]
    _, _, _, _, why, matrix, other = next(
        fn(SimpleNamespace(session_hash="ann", query_params={}), "other words", *SETTINGS)
    )
    assert (why, matrix) == (CLICK, None)
    assert other != token


def test_without_a_question_the_page_asks_for_one(page):
    assert search(page) == [{}]  # every output is left as it is  # there are no texts yet
    page.open()
    [step] = search(page, "  ")
    assert "type a question" in step["search-progress"]
    assert step["search-hits"] == ""


@pytest.mark.parametrize(
    "wrong",
    [("x", *SETTINGS[1:]), (DEFAULT_MODEL, "median", "-1", "Vectors", 10),
     (DEFAULT_MODEL, "mean", "99", "Vectors", 10), (DEFAULT_MODEL, "mean", "-1", "magic", 10),
     (DEFAULT_MODEL, "mean", "-1", "Vectors", 51)],
    ids=str,
)  # fmt: skip
def test_what_no_page_would_send_is_told(page, wrong):
    page.open()
    with pytest.raises(gr.Error):
        search(page, QUERY, *wrong)


def test_every_control_starts_a_search(page):
    fn = page.function("search-k", "change")
    changes = {target[0] for target in fn.targets if target[1] == "change"}
    for name in ("search-pooling", "search-layer", "search-method", "search-k"):
        [box] = [b for b in page.demo.blocks.values() if getattr(b, "elem_id", None) == name]
        assert box._id in changes


def test_a_store_that_does_not_answer_is_told_on_the_page_and_the_search_goes_on(tiny):
    setting = f"http://127.0.0.1:{free_port()}"
    page = SearchPage(tiny_workbench(tiny("bert"), tiny("roberta"), vector_store=setting))
    page.open()
    shown = search(page)[-1]
    assert len(read_html(shown["search-hits"]).one("tbody").all("tr")) == 10
    said = read_html(shown["search-answer"]).text
    assert "cannot be used now" in said
    assert "The search goes on in memory" in said
    assert "127.0.0.1" not in said
    page.leave()


def test_a_hit_that_is_clicked_is_explained(page):
    answer = page.search()
    shown = page.call(("search-hits", "pick"), event(name=f"why:{answer.rows[0]}"))
    assert "Hit 1: cosine" in shown["search-why"]
    assert shown["search-why-matrix"]["data"]
    for name in ("why:-1", "", "why:<b>", None):
        with pytest.raises(gr.Error, match="not among the hits any more"):
            page.call(("search-hits", "pick"), event(name=name))


def test_stop_ends_the_search_and_no_other_work(page):
    page.open()
    duplicates = page.handlers.texts("ann").tasks.begin("duplicates")
    searching = page.handlers.state("ann").begin()
    assert "Stopped" in page.call(("stop-search", "click"))["search-progress"]
    assert searching.is_set()
    assert not duplicates.is_set()


def test_what_the_map_has_opened_is_searched_here(page):
    first = page.arrive()
    page.open("ann", TABLE)  # as the Map tab does it
    answer = page.arrive(first["State"])
    assert "texts.csv: 96 texts" in answer["search-corpus-facts"]
    assert page.arrive(answer["State"]) == {}
