"""The door of every feature: `tab.build(page) -> Tab` lays a tab out and says what others may use.

A feature knows no other. What leads from one tab to another goes by name through the page, which
`ui.shell` connects when all tabs are there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import gradio as gr
from gradio.components import Component
from starlette.routing import Route

from ui.page.events import OPEN, TOUCH, worded
from ui.page.models import ModelPicker
from ui.state.workbench import Workbench


@dataclass(frozen=True)
class Tab:
    """What others may use of a tab.

    `open(request, settings)` gives a value for each component of `form`, in order: the tab with
    these settings, named as in a link to it; what they leave out may stay. Raises LabError.
    """

    name: str  # its id among the tabs, and what its settings are called in a link
    form: Sequence[Component]
    open: Callable[[gr.Request, Mapping[str, str]], Sequence[object]]


@dataclass(frozen=True)
class Feature:
    """What the page needs of a tab's folder, in its `door.py`.

    `build` lays the tab out and connects it; `build_api` adds its endpoints to the web API;
    `routes` are what it serves beside the page; `css` names style sheets among the assets.
    """

    build: Callable[["Page"], Tab]
    build_api: Callable[[Workbench], None]
    routes: Callable[[Workbench], list[Route]] = lambda workbench: []
    css: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Way:
    """A button that leads to a tab with settings."""

    button: gr.Button
    name: str
    settings: Mapping[str, str]


@dataclass
class Page:
    """What a feature lays itself out in: inside the current Blocks and Tabs, over one workbench."""

    demo: gr.Blocks
    tabs: gr.Tabs
    workbench: Workbench
    picker: ModelPicker = field(init=False)
    own_models: gr.State = field(init=False)  # new whenever a visitor's own models have changed
    _ways: list[_Way] = field(default_factory=list)
    _arrivals: dict[str, gr.State] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.picker = ModelPicker(self.workbench)
        self.own_models = gr.State("")

    def tab(self, name: str, title: str) -> gr.Tab:
        """The place of a feature, to be entered with `with`."""
        return gr.Tab(title, id=name, elem_id=f"tab-{name}")

    def offer_own_models(self, box: gr.Dropdown) -> None:
        """Let a model picker offer what the visitor has trained, as soon as that changes."""

        def offer(request: gr.Request, chosen: object) -> gr.Dropdown:
            return gr.Dropdown(choices=self.picker.choices(request.session_hash, str(chosen)))

        self.own_models.change(worded(offer), box, box, **TOUCH)

    def lead(self, button: gr.Button, name: str, settings: Mapping[str, str]) -> None:
        """A click opens another tab with settings."""
        self._ways.append(_Way(button, name, settings))

    def arrivals(self, name: str) -> gr.State:
        """A state: whenever it is new, that tab is shown with what has been put ready for it."""
        return self._arrivals.setdefault(name, gr.State(""))

    def connect(self, tabs: Sequence[Tab]) -> None:
        """Everything that goes from one tab to another, and links to the page that name a tab."""
        by_name = {tab.name: tab for tab in tabs}
        for way in self._ways:
            tab = by_name[way.name]
            shown = [self.tabs, *tab.form]
            way.button.click(worded(self._open(tab, way.settings)), None, shown, **OPEN)
        for name, arrival in self._arrivals.items():
            tab = by_name[name]
            shown = [self.tabs, *tab.form]
            arrival.change(worded(self._arrive(tab)), arrival, shown, **OPEN)
        for tab in tabs:
            shown = [self.tabs, *tab.form]
            self.demo.load(worded(self._open_link(tab, tabs)), None, shown, **OPEN)

    def _open(self, tab: Tab, settings: Mapping[str, str]) -> Callable[[gr.Request], list[object]]:
        def open_tab(request: gr.Request) -> list[object]:
            return [gr.Tabs(selected=tab.name), *tab.open(request, settings)]

        return open_tab

    def _arrive(self, tab: Tab) -> Callable[[gr.Request, str], list[object]]:
        def arrive(request: gr.Request, token: str) -> list[object]:
            if not token:  # the state is set when the page opens, too
                return [gr.skip(), *(gr.skip() for _ in tab.form)]
            return [gr.Tabs(selected=tab.name), *tab.open(request, {})]

        return arrive

    def _open_link(self, tab: Tab, tabs: Sequence[Tab]) -> Callable[[gr.Request], list[object]]:
        def open_link(request: gr.Request) -> list[object]:
            self.workbench.presence.arrive(request.session_hash or "")
            query = dict(request.query_params)
            named = named_tab(query, tabs)
            if tab is named and tab.name in query:
                return [gr.Tabs(selected=tab.name), *tab.open(request, query)]
            if tab is tabs[0]:  # it stands there; who has gone on to another tab is not called back
                return [gr.skip(), *tab.open(request, query if tab is named else {})]
            return [gr.skip(), *(gr.skip() for _ in tab.form)]

        return open_link


def named_tab(query: Mapping[str, str], tabs: Sequence[Tab]) -> Tab:
    """The tab that a link leads to: the first, where it names none of the others.

    The first is not asked for by its name, since that may be a setting of another: `pooling` is one
    of the map's.
    """
    return next((tab for tab in tabs[1:] if tab.name in query), tabs[0])
