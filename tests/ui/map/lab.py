"""The Map tab over tiny models: its handlers, and the functions behind its events, as wired."""

import gradio as gr
from gradio.blocks import BlockFunction

from tests.ui.corpus import TABLE
from tests.ui.laid_out import LaidOut
from tests.ui.map.pages import IN_THREE
from ui.map import tab as map_tab
from ui.map.drawing import DrawnMap
from ui.map.form import MapForm
from ui.map.handlers import MapHandlers
from ui.state.jobs import Job
from ui.state.workbench import Workbench

SOON_S = 60


class MapLab:
    """One workbench, and visitors by name; their texts are those of `tests.ui.map.pages`."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.handlers = MapHandlers(workbench)

    def start(self, visitor: str, **form: object) -> Job:
        """Begin a map of this visitor's texts, of the usual ones where it has none."""
        if self.handlers.texts(visitor).opened is None:
            self.handlers.open_text(visitor, TABLE)
        return self.handlers.start(visitor, self.handlers.request(visitor, MapForm(**form)))

    def draw(self, visitor: str = "ann", **form: object) -> DrawnMap:
        """A whole map; by PCA and k-means unless something else is asked for."""
        assert kinds(self.start(visitor, **{**IN_THREE, **form}))[-1] == "done"
        return self.handlers.drawn(visitor)

    def fresh(self, visitor: str, **form: object) -> DrawnMap:
        """A whole map of a visitor who has just come."""
        self.workbench.forget(visitor)
        return self.draw(visitor, **form)

    def clusters_of(self, visitor: str) -> list[str]:
        """What the clusters of the last map are called."""
        drawn_map = self.handlers.drawn(visitor)
        return [drawn_map.title(c) for c in range(drawn_map.clusters.count)]

    def close(self) -> None:
        """No job outlives a test."""
        for visitor in list(self.workbench._visitors):
            self.workbench.forget(visitor)


def kinds(job: Job) -> list[str]:
    """What a job told, but for its progress, when it is over."""
    assert job.ended.wait(SOON_S)
    news = []
    while not job.news.empty():
        news.append(job.news.get().kind)
    return [kind for kind in news if kind != "progress"]


class MapPage(LaidOut, MapLab):
    """The tab laid out, for the functions behind its events."""

    def __init__(self, workbench: Workbench) -> None:
        MapLab.__init__(self, workbench)
        LaidOut.__init__(self, workbench, map_tab.build)

    @property
    def link(self) -> BlockFunction:
        """The dependency that opens what a link to the page says."""
        [function] = [
            fn for fn in self.demo.fns.values() if any(event == "load" for _, event in fn.targets)
        ]
        return function

    def following(self, state: gr.State, elem_id: str) -> BlockFunction:
        """The dependency that fills this whenever the state is new."""
        [function] = [
            fn for fn in self.demo.fns.values()
            if (state._id, "change") in fn.targets
            and elem_id in [getattr(box, "elem_id", None) for box in fn.outputs]
        ]  # fmt: skip
        return function

    def new_map(self, elem_id: str) -> BlockFunction:
        """The dependency that fills this as soon as a map is ready."""
        [ready] = [
            b for b in self.function("map-seed", "change").outputs if isinstance(b, gr.State)
        ]
        return self.following(ready, elem_id)
