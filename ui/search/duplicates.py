"""Find duplicates: pairs of texts of the corpus that are nearly the same. Wiring only."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import gradio as gr

from encoder import EncoderError
from explore.duplicates import Duplicates, near_duplicates
from ingest import Corpus
from ingest.findings import count
from ingest.templates import csv_text
from ui.checks import as_number, one_of
from ui.page.components import csv_file, downloader, markup, prose, section
from ui.page.events import TOUCH, worded
from ui.page.tasks import Steps, Task, at_once
from ui.search.handlers import SearchHandlers
from ui.search.html import index_title
from ui.search.index import ENCODING
from ui.state.stages import Key, Tell
from ui.words import cut, message, notes, number

# --- Texts that say nearly the same: a table of pairs, the groups they form, and both as CSV ------


LISTED = 100  # pairs in the table; the CSV has more
GROUPS = 10
IN_A_GROUP = 3


@dataclass(frozen=True, eq=False)
class CorpusDuplicates:
    """What was found in which texts, how they were encoded, and what was asked."""

    source: Key
    corpus: Corpus
    settings: str
    asked: str
    pairs: Duplicates
    by_share: bool = False  # whether a percentile was asked for, not a cosine


def duplicates_panel(duplicates: CorpusDuplicates) -> str:
    """Facts, pairs, groups."""
    pairs, texts = duplicates.pairs, duplicates.corpus.texts
    facts = (
        f"{count(pairs.total, 'pair')} of {count(len(texts), 'text')} at cosine "
        f"{number(pairs.threshold, 4)} and above ({duplicates.asked})."
    )
    if duplicates.by_share:
        facts += (
            " That share of all pairs is always found, whether they are duplicates or not: look "
            "how far down the list they still are."
        )
    if not pairs.total:
        return notes([facts, duplicates.settings]) + message(
            "No pair is as near as that. Take a lower percentile or cosine."
        )
    stored = len(pairs.pairs)
    more = [f"Listed: the nearest {min(stored, LISTED):,}; the CSV has {stored:,}."]
    rows = "".join(
        f'<tr><td class="num">{number(float(score), 4)}</td>'
        f'<td dir="auto">{_text(duplicates.corpus, i)}</td>'
        f'<td dir="auto">{_text(duplicates.corpus, j)}</td></tr>'
        for (i, j), score in zip(pairs.pairs[:LISTED].tolist(), pairs.scores, strict=False)
    )
    return (
        notes([facts, duplicates.settings, *(more if stored > LISTED else [])])
        + '<div class="lab-frame lab-tall" role="region" tabindex="0" aria-label="Pairs">'
        '<table class="lab-table lab-duplicates" aria-label="Pairs of near texts"><thead><tr>'
        '<th scope="col" class="num">cosine</th><th scope="col">one text</th>'
        f'<th scope="col">the other</th></tr></thead><tbody>{rows}</tbody></table></div>'
        + _groups(duplicates)
        + notes([CAUTION])
    )


CAUTION = (
    "A high cosine says that the model sees the same meaning, not that both say the same: "
    "opposites, and other numbers or names, often lie this near. Read before you delete."
)


def _text(corpus: Corpus, row: int) -> str:
    return f"{escape(cut(corpus.texts[row]))}<small>row {corpus.row_numbers[row]:,}</small>"


def _groups(duplicates: CorpusDuplicates) -> str:
    groups, texts = duplicates.pairs.groups, duplicates.corpus.texts
    spare = sum(len(group) - 1 for group in groups)
    facts = f"They form {count(len(groups), 'group')}. "
    if not duplicates.by_share:
        facts += f"With one text kept of each, {spare:,} would go. "
    facts += "A chain is one group, though its ends may be unlike."
    items = ""
    for group in groups[:GROUPS]:
        shown = "; ".join(f"“{cut(texts[row], 90)}”" for row in group[:IN_A_GROUP].tolist())
        rest = f" and {len(group) - IN_A_GROUP:,} more" if len(group) > IN_A_GROUP else ""
        items += (
            f'<li><span class="num">{len(group):,}</span> '
            f'<span dir="auto">{escape(shown)}{rest}</span></li>'
        )
    more = f" The {GROUPS} largest:" if len(groups) > GROUPS else ""
    return f'{notes([facts + more])}<ol class="lab-near">{items}</ol>'


def duplicates_rows(duplicates: CorpusDuplicates) -> list[list[str]]:
    """The pairs as a table for a CSV, the header first."""
    texts, numbers = duplicates.corpus.texts, duplicates.corpus.row_numbers
    near = duplicates.pairs
    group_of = {int(row): at for at, group in enumerate(near.groups, 1) for row in group.tolist()}
    table: list[list[str]] = [["cosine", "group", "row_1", "text_1", "row_2", "text_2"]]
    pairs: Sequence[Sequence[int]] = near.pairs.tolist()
    for (i, j), score in zip(pairs, near.scores, strict=True):
        table.append([
            f"{float(score):.6f}", str(group_of[i]),
            str(numbers[i]), texts[i], str(numbers[j]), texts[j],
        ])  # fmt: skip
    return table


PERCENTILE, COSINE = "above a percentile of all pairs", "above a cosine"
USUAL = {PERCENTILE: 99.9, COSINE: 0.9}
MOST = 10_000  # pairs kept, for the CSV


def parse_bound(kind: object, value: object) -> dict[str, float]:
    """`threshold` or `percentile` for the engine, which bounds it. Raises EncoderError."""
    chosen, bound = one_of(kind, "kind", USUAL), as_number(value, "The bound")
    return {"percentile" if chosen == PERCENTILE else "threshold": bound}


class SearchDuplicates:
    """The section. `searched` is new whenever there are other hits."""

    def __init__(self, handlers: SearchHandlers, searched: gr.State) -> None:
        self.handlers = handlers
        with section("Find duplicates", "duplicates-section"):
            prose(
                "Every text against every other: which pairs does this model see as nearly the "
                "same? A <b>percentile</b> fits any model; a fixed cosine does not, since one "
                "model's 0.9 is another's 0.6."
            )
            with gr.Row(elem_classes=["lab-settings"]):
                kind = gr.Radio(list(USUAL), value=PERCENTILE, label="Pairs",
                                elem_id="duplicates-kind", scale=3, min_width=280)  # fmt: skip
                bound = gr.Number(USUAL[PERCENTILE], label="Bound",
                                  elem_id="duplicates-bound", scale=1,
                                  info="percent, or a cosine from −1 to 1",
                                  min_width=150)  # fmt: skip
            self.task = Task(handlers.workbench, "duplicates", "Find them", {
                "encode": ENCODING,
                "percentile": "Looking at every pair for the percentile",
                "duplicates": "Looking at every pair",
            })  # fmt: skip
            table = markup(elem_id="duplicates")
            with gr.Row(elem_classes=["lab-actions"]):
                take = gr.Button("Pairs as CSV", size="sm", elem_id="duplicates-csv", scale=0,
                                 min_width=140, visible="hidden")  # fmt: skip
            file = downloader(elem_id="duplicates-download")
        kind.input(worded(lambda kind: USUAL[one_of(kind, "kind", USUAL)]), kind, bound, **TOUCH)
        self.task.connect(self.prepare, self.show, [kind, bound], [table, take])
        take.click(worded(self.save), None, file, **TOUCH)
        searched.change(worded(self.fresh), None, [table, take, self.task.progress], **TOUCH)

    def prepare(self, visitor: str | None, kind: object, bound: object) -> Steps:
        """The search for pairs, checked."""
        index, asked = self.handlers.index(visitor), parse_bound(kind, bound)
        [(name, value)] = asked.items()
        title = index_title(index, self.handlers.picker, visitor)
        what = f"percentile {value:g} of all pairs" if name == "percentile" else f"cosine {value:g}"

        def work(tell: Tell, stop: threading.Event) -> CorpusDuplicates:
            key = (*index.source, name, value)
            pairs = index.texts.stages.get(
                "duplicates", key,
                lambda: near_duplicates(
                    index.vectors, most=MOST, on_progress=tell, stop=stop, **asked
                ),
            )  # fmt: skip
            return CorpusDuplicates(
                index.source, index.corpus, title, what, pairs, by_share=name == "percentile"
            )

        return at_once(work)

    def show(self, visitor: str | None, duplicates: CorpusDuplicates) -> list[object]:
        """The table, and the button where there is something to save."""
        return [
            duplicates_panel(duplicates),
            gr.Button(visible=bool(len(duplicates.pairs.pairs)) or "hidden"),
        ]

    def fresh(self, request: gr.Request) -> list[object]:
        """Other hits: the pairs stay while they are of the same texts under the same settings."""
        if self.handlers.stays(self.task, request.session_hash):
            return [gr.skip(), gr.skip(), gr.skip()]
        return ["", gr.Button(visible="hidden"), ""]

    def save(self, request: gr.Request) -> dict[str, str]:
        """All pairs that are kept."""
        duplicates = self.task.result(request.session_hash)
        if duplicates is None:
            raise EncoderError("No pairs are kept any more; find them again.")
        return csv_file("near_duplicates.csv", csv_text(duplicates_rows(duplicates)))
