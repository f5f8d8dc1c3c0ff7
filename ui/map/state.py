"""What the Map tab keeps for one visitor: the map on the screen, and what lies over it."""

import threading
from dataclasses import dataclass, field

from ui.map.drawing import DrawnMap, Titles
from ui.map.view import Shown
from ui.state.texts import OpenTexts, TabState

TRUST, SIDE_BY_SIDE = "measure", "sides"  # long work on a finished map


@dataclass(eq=False)
class MapState(TabState):
    """All of it belongs to the texts that are open."""

    drawn: DrawnMap | None = None  # the last map drawn
    finished: DrawnMap | None = None  # the last one with all that belongs to it, for its files
    shown: Shown = field(default_factory=Shown)  # colours, selection and lines over it
    titles: Titles = field(default_factory=dict)  # what the visitor calls clusters
    running: threading.Event | None = None  # set it, and the map under way is given up
    drawing: bool = False  # whether one is under way

    @property
    def at_work(self) -> bool:
        """Whether a map is being drawn."""
        return self.drawing

    @property
    def made_something(self) -> bool:
        """Whether clusters were named."""
        return any(self.titles.values())

    def reopen(self, texts: OpenTexts | None) -> None:
        """No map of other texts stays."""
        self.stop()
        self.running = self.drawn = self.finished = None
        self.shown, self.titles = Shown(), {}

    def begin(self) -> threading.Event:
        """A new map is to be drawn; one under way is given up."""
        self.stop()
        self.running = threading.Event()
        self.drawing = True
        return self.running

    def stop(self) -> None:
        """Give up the map under way."""
        self.drawing = False
        if self.running is not None:
            self.running.set()

    def end(self, begun: threading.Event) -> None:
        """That map has ended, if no newer one has begun."""
        if self.running is begun:
            self.drawing = False
