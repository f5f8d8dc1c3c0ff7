"""The Map tab over tiny models: its handlers, and the functions behind its events, as wired."""

import inspect
from types import SimpleNamespace
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, DownloadFailed, Encoder
from tests.ui.map.pages import TABLE
from ui.map import tab as map_tab
from ui.map.drawing import DrawnMap
from ui.map.form import MapForm
from ui.map.handlers import MapHandlers
from ui.settings import Settings
from ui.state.jobs import Job
from ui.state.workbench import Workbench

SOON_S = 60
OTHER_MODEL = "untrained-minilm"
LATE_MODEL = "bert-tiny"  # cannot be had


def tiny_workbench(first: Encoder, other: Encoder, **settings: Any) -> Workbench:
    """Two models are here; the others would be downloads, which fail."""
    models = {DEFAULT_MODEL: first, OTHER_MODEL: other}

    def load(spec: Any, **limits: object) -> Encoder:
        if spec.key not in models:
            raise DownloadFailed(f"{spec.key} was to be downloaded")
        return models[spec.key]

    return Workbench(Settings(**settings), load)


class MapLab:
    """One workbench, and visitors by name; their texts are those of `map_pages`."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.handlers = MapHandlers(workbench)

    def start(self, visitor: str, **form: Any) -> Job:
        """Begin a map of this visitor's texts, of the usual ones where it has none."""
        if self.handlers.atlas(visitor).corpus is None:
            self.handlers.open_text(visitor, TABLE)
        return self.handlers.start(self.handlers.request(visitor, MapForm(**form)))

    def draw(self, visitor: str = "ann", **form: Any) -> DrawnMap:
        """A whole map; by PCA unless something else is asked for."""
        assert kinds(self.start(visitor, **{"method": "PCA", **form}))[-1] == "done"
        return self.handlers.picture(visitor)

    def fresh(self, visitor: str, **form: Any) -> DrawnMap:
        """The same of a visitor of whom nothing is known yet."""
        self.workbench.forget(visitor)
        return self.draw(visitor, **form)

    def clusters_of(self, visitor: str) -> list[str]:
        """What the clusters of the last map are called."""
        picture = self.handlers.picture(visitor)
        return [picture.title(c) for c in range(picture.clusters.count)]

    def close(self) -> None:
        """No job outlives a test."""
        for visitor in list(self.workbench._visitors):
            self.workbench.forget(visitor)


def kinds(job: Job) -> list[str]:
    """What a job told, but for its progress, when it is over."""
    assert job.ended.wait(SOON_S)
    found = []
    while not job.news.empty():
        found.append(job.news.get().kind)
    return [kind for kind in found if kind != "progress"]


class MapPage(MapLab):
    """The same with the tab laid out, for the functions behind its events."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        with gr.Blocks() as self.demo, gr.Tabs() as tabs, gr.Tab("Map", id="map") as tab:
            map_tab.build(self.demo, tabs, tab, workbench)

    def function(self, elem_id: str, event: str) -> Any:
        """The dependency of a component's event."""
        [box] = [b for b in self.demo.blocks.values() if getattr(b, "elem_id", None) == elem_id]
        [found] = [fn for fn in self.demo.fns.values() if (box._id, event) in fn.targets]
        return found

    def filling(self, elem_id: str, name: str) -> Any:
        """The dependency that runs the function of this name and fills a component."""
        found = [
            fn for fn in self.demo.fns.values()
            if fn.name == name and elem_id in [getattr(b, "elem_id", None) for b in fn.outputs]
        ]  # fmt: skip
        assert len(found) == 1, [fn.name for fn in self.demo.fns.values()]
        return found[0]

    def steps(self, at: Any, *sent: Any, visitor: str = "ann", query: Any = None) -> list[dict]:
        """What each answer fills, by elem_id; outputs that are left alone are left out."""
        fn = self.function(*at) if isinstance(at, tuple) else at
        request = SimpleNamespace(session_hash=visitor, query_params=query or {})
        asked = [request, *sent] if "request" in inspect.signature(fn.fn).parameters else sent
        made = fn.fn(*asked)
        answers = list(made) if inspect.isgenerator(made) else [made]
        found = []
        for answer in answers:
            values = answer if len(fn.outputs) > 1 else [answer]
            names: list[str] = []
            for box in fn.outputs:  # states have no id: "State", "State 2"
                name = getattr(box, "elem_id", None) or type(box).__name__
                names.append(f"{name} 2" if name in names else name)
            pairs = zip(names, values, strict=True)
            found.append({name: value for name, value in pairs if value != gr.skip()})
        return found

    def call(self, at: Any, *sent: Any, **how: Any) -> dict:
        """The last answer."""
        return self.steps(at, *sent, **how)[-1]


def event(**data: Any) -> gr.EventData:
    """What the browser says of an event."""
    return gr.EventData(None, data)
