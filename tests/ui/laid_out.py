"""Tabs laid out without a server: the functions behind their events, called as Gradio does."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gradio as gr

from encoder import DEFAULT_MODEL, DownloadFailed, Encoder
from ui.page.components import leave_checks_to_us
from ui.page.tab import Page, Tab
from ui.settings import Settings
from ui.state.workbench import Workbench

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


class LaidOut:
    """Some tabs over one workbench, connected as the shell connects all of them."""

    def __init__(self, workbench: Workbench, *builds: Callable[[Page], Tab]) -> None:
        self.workbench = workbench
        leave_checks_to_us()
        with gr.Blocks() as self.demo:
            tabs = gr.Tabs()
            self.page = Page(self.demo, tabs, workbench)
            with tabs:
                self.tabs = {tab.name: tab for tab in (build(self.page) for build in builds)}
            self.page.connect(list(self.tabs.values()))

    def close(self) -> None:
        """No job outlives a test."""
        for visitor in list(self.workbench._visitors):
            self.workbench.forget(visitor)

    def function(self, elem_id: str, event: str) -> Any:
        """The dependency of a component's event."""
        [box] = [b for b in self.demo.blocks.values() if getattr(b, "elem_id", None) == elem_id]
        [found] = [fn for fn in self.demo.fns.values() if (box._id, event) in fn.targets]
        return found

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
