"""What a visitor sends, and readers for the HTML and the figures that come back."""

import base64
import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from html.parser import HTMLParser
from typing import Any

import numpy as np

from encoder import POOLINGS
from encoder.calibration import Calibration, Scale
from ui.pooling.form import View
from ui.pooling.handlers import EMPTY_SECTIONS, Inputs, Screen

EVERYTHING = frozenset(EMPTY_SECTIONS)
NOTHING: frozenset[str] = frozenset()
TAGS = {"b", "br", "button", "details", "div", "i", "li", "ol", "p", "root", "small", "span",
        "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"}  # fmt: skip
ATTRIBUTE = re.compile(r"(aria|data)-\w+|class|dir|role|scope|style|tabindex|title|type")


def inputs(unfolded: frozenset[str] = NOTHING, **changes: Any) -> Inputs:
    """What the browser sends on the first visit, with some of it changed."""
    view = View()
    first = Inputs(
        a=view.a,
        b=view.b,
        layer=str(view.layer),
        pooling=view.pooling,
        pool_special=view.pool_special,
        measure=view.measure,
        lines="\n".join(view.texts),
        model=view.model,
        pinned=None,
        unfolded=unfolded,
    )
    return replace(first, **changes)


def changed(before: Screen, after: Screen) -> set[str]:
    """The parts of the tab that differ, sections by their name."""
    parts = [part.name for part in fields(Screen) if part.name != "sections"]
    found = {part for part in parts if getattr(before, part) != getattr(after, part)}
    names = before.sections.keys() | after.sections.keys()
    return found | {n for n in names if before.sections.get(n) != after.sections.get(n)}


# --- HTML ---------------------------------------------------------------------------------------


@dataclass
class Node:
    """An element: its tag, attributes, and the elements and texts in it."""

    tag: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return (self.attributes.get("class") or "").split()

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    @property
    def own_text(self) -> str:
        return "".join(c for c in self.children if isinstance(c, str))

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, tag_or_class: str) -> list["Node"]:
        """Elements by "tag" or ".class", in order."""
        name = tag_or_class.removeprefix(".")
        by_class = tag_or_class.startswith(".")
        return [n for n in self.walk() if (name in n.classes if by_class else n.tag == name)]

    def one(self, tag_or_class: str) -> "Node":
        [found] = self.all(tag_or_class)
        return found


def in_one_direction(node: Node, text: str) -> list[str]:
    """The tags around `text` that neither have `dir="auto"` nor stand within one that does."""
    if node.attributes.get("dir") == "auto" or node.tag == "bdi":
        return []
    inside = [child for child in node.children if isinstance(child, Node)]
    own = [node.tag] if text in node.own_text else []
    return own + [tag for child in inside for tag in in_one_direction(child, text)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack = [Node("root")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.stack[-1].children.append(node)
        if tag != "br":
            self.stack.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop().tag == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"not HTML: {data}")

    handle_comment = handle_decl = handle_pi = unknown_decl


def read_html(markup: str) -> Node:
    """The tree; fails for HTML with anything left open."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    [root] = reader.stack
    return root


def check(piece: str) -> Node:
    """The tree of our HTML: well-formed, own tags and attributes only, tables with headers."""
    root = read_html(piece)
    for node in root.walk():
        assert node.tag in TAGS, node.tag
        assert all(map(ATTRIBUTE.fullmatch, node.attributes)), node.attributes
    for table in root.all(".lab-table"):
        assert {th.attributes.get("scope") for th in table.one("thead").all("th")} == {"col"}
    return root


@dataclass(frozen=True)
class Row:
    """One line of the table of scores."""

    value: str
    delta: str | None
    worth: dict[str, str]  # "unrelated" and "paraphrases"
    chosen: bool


def score_rows(scores: str) -> dict[str, Row]:
    """The table of scores by strategy."""
    rows = {}
    for row in read_html(scores).all("tr"):
        name = row.attributes.get("data-pick")
        if name is not None:
            value, deltas = row.one(".value"), row.all(".delta")
            rows[name] = Row(
                value.own_text.replace("−", "-"),
                deltas[0].text.replace("−", "-") if deltas else None,
                {str(cell.attributes["data-of"]): cell.text for cell in row.all(".worth")},
                "chosen" in row.classes,
            )
    return rows


# --- figures ------------------------------------------------------------------------------------


def array(packed: Mapping[str, str]) -> np.ndarray:
    """The numbers of a figure, as plotly.js unpacks them."""
    shape = [int(n) for n in packed.get("shape", "-1").split(",")]
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"]).reshape(shape)


# --- Python that is shown -----------------------------------------------------------------------


def run_python(code: str) -> tuple[float, np.ndarray]:
    """The number that the code prints, and its `vectors` (2, D)."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, "snippet.py", "exec"), names)
    [line] = out.getvalue().splitlines()
    assert len(line.partition(".")[2]) == 6, "printed to 6 digits"
    return float(line), np.asarray(names["vectors"])


# --- calibrations by hand -----------------------------------------------------------------------


def scale(low: float, high: float, p_low: float, p_high: float, steps: int = 1000) -> Scale:
    """Unrelated pairs spread evenly over one range, paraphrases over another."""
    return Scale(np.linspace(low, high, steps + 1), np.linspace(p_low, p_high, steps + 1))


def scale_around(cosine: float, random: float, paraphrase: float) -> Scale:
    """A scale on which `cosine` has these two percentiles, and paraphrases score higher."""

    def values(percentile: float, below: float, above: float) -> np.ndarray:
        count = round(percentile * 10)
        return np.array([below] * count + [above] * (1000 - count))

    return Scale(
        values(random, cosine - 0.3, cosine + 0.01), values(paraphrase, cosine - 0.1, cosine + 0.3)
    )


def calibration(scales: Mapping[str, Scale] | Scale, layer: int | str) -> Calibration:
    """One scale for all strategies of a layer, or one for each that is named."""
    if isinstance(scales, Scale):
        scales = dict.fromkeys(POOLINGS, scales)
    cells = {(pooling, layer): scale for pooling, scale in scales.items()}
    return Calibration(cells, sentences=45, random_pairs=1001, paraphrase_pairs=200)
