"""What one browser tab carries along: small frozen values, no vectors."""

from dataclasses import dataclass

from encoder import DEFAULT_MODEL
from ui.comparison import Score


@dataclass(frozen=True)
class Pinned:
    """Scores kept to compare the next pair with."""

    a: str
    b: str
    setting: str  # model and layer, in words
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class Session:
    """The state of one visit. Hashable, since Gradio compares states by hash."""

    greeted: bool = False  # the page has been filled for the first time
    model: str = DEFAULT_MODEL  # the last one that loaded
    pinned: Pinned | None = None
    open: frozenset[str] = frozenset({"apart", "layers"})  # sections that are unfolded
