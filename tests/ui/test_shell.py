"""The page as a whole, and the door that every tab comes in by."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.ui.laid_out import tiny_workbench
from ui import shell
from ui.page.addresses import route
from ui.page.tab import Feature, Page, Tab
from ui.serving.launch import launch_settings
from ui.state.workbench import Workbench

PATH = route("words/count")


def build_words(page: Page) -> Tab:
    """A fifth tab: one box, which a link fills."""
    with page.tab("words", "Words"):
        box = gr.Textbox(elem_id="words-box")
    return Tab("words", [box], lambda request, settings: [settings["words"]])


def build_words_api(workbench: Workbench) -> None:
    def count_words(text: str) -> int:
        return len(text.split())

    gr.api(count_words, api_name="count_words")


def words_routes(workbench: Workbench) -> list[Route]:
    def count(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"at most {workbench.settings.max_texts}")

    return [Route(PATH, count)]


@pytest.fixture(scope="module")
def workbench(_tiny) -> Workbench:
    return tiny_workbench(_tiny("bert"), _tiny("roberta"))


@pytest.fixture(scope="module")
def page(workbench) -> tuple[gr.Blocks, dict[str, object]]:
    """The whole page with a fifth feature, and what it is launched with."""
    with pytest.MonkeyPatch.context() as patch:
        fifth = Feature(build_words, build_words_api, words_routes, ("words",))
        patch.setattr(shell, "FEATURES", (*shell.FEATURES, fifth))
        return shell.build_app(workbench), launch_settings(workbench)


def asking(**query: str) -> SimpleNamespace:
    """The request of somebody who opens the page by a link."""
    return SimpleNamespace(session_hash="ann", query_params=query)


def test_no_two_places_of_the_page_have_one_id(page):
    demo, _ = page
    ids = Counter(block.elem_id for block in demo.blocks.values() if block.elem_id)
    assert len(ids) > 100
    assert [name for name, count in ids.items() if count > 1] == []


def test_a_fifth_feature_has_its_tab_last(page):
    demo, _ = page
    tabs = [box for box in demo.blocks.values() if isinstance(box, gr.Tab)]
    outer = [tab for tab in tabs if str(tab.elem_id).startswith("tab-")]
    assert [tab.id for tab in outer] == ["pooling", "finetune", "map", "search", "words"]
    assert outer[-1].label == "Words"


def test_a_fifth_feature_has_its_endpoint(page):
    demo, _ = page
    [endpoint] = [fn for fn in demo.fns.values() if fn.api_name == "count_words"]
    assert endpoint.fn("two words") == 2


def test_a_fifth_feature_has_its_route(page):
    _, settings = page
    client = TestClient(Starlette(routes=settings["app_kwargs"]["routes"]))
    assert client.get(PATH).text == "at most 10"


def test_a_fifth_feature_has_its_style(page):
    _, settings = page
    names = [path.stem for path in settings["css_paths"]]
    assert names == ["lab", "tuning", "map", "search", "words"]


def test_a_link_that_names_the_fifth_feature_opens_it(page):
    demo, _ = page
    [link] = [
        fn for fn in demo.fns.values()
        if any(name == "load" for _, name in fn.targets)
        and "words-box" in [getattr(box, "elem_id", None) for box in fn.outputs]
    ]  # fmt: skip
    tabs, box = link.fn(asking(words="three little words"))
    assert (tabs.selected, box) == ("words", "three little words")
    assert link.fn(asking(pooling="max")) == [gr.skip(), gr.skip()]


@pytest.mark.parametrize(
    ("query", "name"),
    [({}, "pooling"), ({"pooling": "max"}, "pooling"), ({"map": "", "pooling": "cls"}, "map"),
     ({"search": "sample:passages", "pooling": "cls"}, "search"), ({"words": "x"}, "words")],
    ids=str,
)  # fmt: skip
def test_a_link_leads_to_one_tab_and_the_first_stands_beside_it(page, query, name):
    demo, _ = page
    links = [fn for fn in demo.fns.values() if any(event == "load" for _, event in fn.targets)]
    answers = [fn.fn(asking(**query)) for fn in links if isinstance(fn.outputs[0], gr.Tabs)]
    selected = [tabs.selected for tabs, *_ in answers if isinstance(tabs, gr.Tabs)]
    assert selected == ([name] if query else [])  # the first stands there already
    drawn = [form for _, *form in answers if form != [gr.skip() for _ in form]]
    assert len(drawn) == (1 if name == "pooling" else 2)


def test_every_route_of_ours_is_one_that_a_node_in_front_hands_to_python(page):
    """Every other path it answers with the page, as 200: a script or a zip that is HTML."""
    _, settings = page
    node = Path(gr.__file__).parent / "templates/node/build/proxy_routes.js"
    [listed] = re.findall(r"PYTHON_ROUTE_PREFIXES = \[(.*?)\]", node.read_text("utf-8"), re.S)
    handed_on = tuple(re.findall(r'"(/[^"]*)"', listed))
    assert "/config" in handed_on
    paths = [route.path for route in settings["app_kwargs"]["routes"]]
    assert len(paths) >= 5
    assert [path for path in paths if not path.startswith(handed_on)] == []


def test_a_node_renders_the_page_only_where_the_host_wants_it(workbench):
    assert launch_settings(workbench)["ssr_mode"] is False
    rendered = Workbench(replace(workbench.settings, ssr=True), workbench._load)
    assert launch_settings(rendered)["ssr_mode"] is True


def test_no_event_keeps_the_status_of_more_than_a_few_components(page):
    """Each status kept is looked for among all of the page at every step of any event: sixty of
    them made a page take five seconds more to open.
    """
    demo, _ = page
    kept = {}
    for event in demo.get_config_file()["dependencies"]:
        on = event["show_progress_on"]
        kept[event["api_name"]] = len(event["outputs"] if on is None else on)
    assert len(kept) > 50
    assert {name: number for name, number in kept.items() if number > 1} == {}


def test_there_is_a_thread_for_whatever_the_lanes_hold_at_once(page):
    """Else thirty who wait for their runs would keep everybody's clicks waiting."""
    demo, settings = page
    lanes = {fn.concurrency_id: fn.concurrency_limit for fn in demo.fns.values()}
    own = [limit for limit in lanes.values() if isinstance(limit, int)]
    assert 80 < sum(own) <= settings["max_threads"]


@pytest.mark.parametrize(
    ("box", "sent"),
    [
        (gr.Dropdown(["new"]), "old"),
        (gr.Dropdown(["new"], multiselect=True), ["old"]),
        (gr.Radio(["new"]), "old"),
        (gr.CheckboxGroup(["new"]), ["old"]),
        (gr.Slider(0, 1), 7),
    ],
    ids=lambda box: type(box).__name__,
)
def test_what_is_no_longer_on_offer_reaches_our_own_checks(page, box, sent):
    """A click that came before the new choices did holds an old one; Gradio would refuse it."""
    assert box.preprocess(sent) == sent
