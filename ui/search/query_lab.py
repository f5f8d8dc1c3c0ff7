"""Query lab: more like this, less like that, and A − B + C, with the change in ranks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import gradio as gr
import numpy as np

from encoder import EncoderError
from explore import search
from explore.query_lab import ALPHA, BETA, GAMMA, RankChange, analogy, rank_changes, steer
from ingest.findings import count
from ui.checks import as_text, in_range, row_number
from ui.page.components import markup, prose, section
from ui.page.events import TOUCH, picked_name, worded
from ui.search.answer import NO_HIT, Answer
from ui.search.form import parse_query
from ui.search.handlers import SearchHandlers
from ui.search.index import Index
from ui.words import cut, message, notes, number

DEEP = 1_000  # ranks that are told; what lies below is "beyond"
MOST_WEIGHT = 2.0


@dataclass(frozen=True)
class Choice:
    """Rows of the hits that the query is to come nearer to, or to leave."""

    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()

    def toggled(self, name: str, rows: Sequence[int]) -> "Choice":
        """After a click on "more:<row>" or "less:<row>"; a second click takes it back.

        A row is in one of both. Raises EncoderError for what is none of the hits `rows`.
        """
        side, _, word = name.partition(":")
        row = row_number(word, rows if side in ("more", "less") else 0, NO_HIT)
        left = Choice(*(tuple(r for r in side_ if r != row) for side_ in (self.more, self.less)))
        if row in getattr(self, side):
            return left
        return replace(left, **{side: (*getattr(left, side), row)})


@dataclass(frozen=True)
class Weights:
    """How much the query, the liked and the disliked hits count."""

    query: float = ALPHA
    more: float = BETA
    less: float = GAMMA


@dataclass(frozen=True)
class HitChange:
    """One text of the new or the old hits: its cosine with the new query, and its ranks."""

    change: RankChange
    cosine: float


@dataclass(frozen=True, eq=False)
class QueryChange:
    """What another query vector does to the k best hits."""

    index: Index
    k: int
    hits: tuple[HitChange, ...]  # the new ones, best first, then what fell out
    cosine: float  # cosine of the old and the new query


def parse_weights(*values: object) -> Weights:
    """Three weights from 0 to 2. Raises EncoderError."""
    names = ("query", "more like", "less like")
    return Weights(*(
        in_range(value, f"The weight of “{name}”", 0, MOST_WEIGHT)
        for name, value in zip(names, values, strict=True)
    ))  # fmt: skip


def steered(answer: Answer, choice: Choice, weights: Weights) -> QueryChange:
    """The hits of the last query, moved by what is liked. Raises ExploreError."""
    vectors = answer.index.vectors
    vector = steer(
        answer.vector, vectors[list(choice.more)], vectors[list(choice.less)],
        weights.query, weights.more, weights.less,
    )  # fmt: skip
    return compare_queries(answer.index, answer.vector, vector, answer.k)


def analogous(index: Index, a: str, b: str, c: str, k: int) -> QueryChange:
    """The hits of A − B + C beside those of C alone. Raises ExploreError."""
    first, second, third = index.encode_queries([a, b, c])
    return compare_queries(index, third, analogy(first, second, third), k)


def compare_queries(index: Index, before: np.ndarray, after: np.ndarray, k: int) -> QueryChange:
    """The k best texts of two query vectors (D,), by vectors alone, with the ranks under both."""
    old, new = (search(query[None], index.vectors, DEEP) for query in (before, after))
    shown = [
        change
        for change in rank_changes(old, new, DEEP)
        if (change.after or DEEP + 1) <= k or (change.before or DEEP + 1) <= k
    ]
    cosines = index.vectors[[change.row for change in shown]] @ after
    hits = tuple(
        HitChange(change, float(cosine)) for change, cosine in zip(shown, cosines, strict=True)
    )
    return QueryChange(index, k, hits, float(before @ after))


# --- The hits to like or dislike, and what a changed query does to the ranks ----------------------


SIDES = {"more": "more like this", "less": "less like this"}


def choices_list(answer: Answer, choice: Choice) -> str:
    """The hits of the last query, each with both buttons."""
    items = "".join(
        f'<li><span class="num">{number(float(cosine), 3)}</span> '
        f'<span dir="auto">{escape(cut(answer.index.corpus.texts[row]))}</span> '
        f'<span class="lab-pair-buttons">{_buttons(row, rank, choice)}</span></li>'
        for rank, (row, cosine) in enumerate(zip(answer.rows, answer.cosines, strict=True), 1)
    )
    if not answer.rows:
        return message(f"“{cut(answer.query, 90)}” has no hits to choose from.")
    return f'{notes([f"Hits of “{cut(answer.query, 90)}”:"])}<ol class="lab-near">{items}</ol>'


def _buttons(row: int, rank: int, choice: Choice) -> str:
    return " ".join(
        f'<button type="button" class="lab-button" data-pick="{side}:{row}" '
        f'aria-pressed="{str(row in getattr(choice, side)).lower()}" '
        f'aria-label="{title}: hit {rank}">{title}</button>'
        for side, title in SIDES.items()
    )


def changes_table(change: QueryChange, remark: str) -> str:
    """The new hits with their change in rank, then those that fell out."""
    rows = "".join(
        f'<tr class="{"" if _inside(hit.change.after, change.k) else "gone"}">'
        f'<td class="num">{hit.change.after or f"&gt;{DEEP:,}"}</td>'
        f"<td>{change_word(hit.change, change.k)}</td>"
        f'<td class="num">{number(hit.cosine, 3)}</td>'
        f'<td dir="auto">{escape(cut(change.index.corpus.texts[hit.change.row]))}</td></tr>'
        for hit in change.hits
    )
    facts = f"{remark} Cosine of the new query with the old one: {number(change.cosine, 3)}."
    return (
        notes([facts])
        + '<div class="lab-frame" role="region" tabindex="0" aria-label="Changed hits">'
        '<table class="lab-table lab-changes" aria-label="Hits of the changed query">'
        '<thead><tr><th scope="col" class="num">rank</th><th scope="col">change</th>'
        '<th scope="col" class="num">cosine</th><th scope="col">text</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _inside(rank: int | None, k: int) -> bool:
    return rank is not None and rank <= k


def change_word(change: RankChange, k: int) -> str:
    """'▲ 3', '▼ 2', '=', 'new, was 14', 'out, was 2': never by colour alone."""
    before, after = change.before, change.after
    if not _inside(after, k):
        return f'<span class="down">out, was {before}</span>'
    if not _inside(before, k):
        return f'<span class="up">new, was {before or f"beyond {DEEP:,}"}</span>'
    if not change.moved:
        return '<span class="same">=</span>'
    return (
        f'<span class="up">▲ {change.moved}</span>'
        if change.moved > 0
        else f'<span class="down">▼ {-change.moved}</span>'
    )


USUAL = Weights()
NOTHING = message("Choose hits above, and the list moves.")
NO_HITS = message("Search first: the hits of your query are offered here.")
EXAMPLE = ("When is the library open?", "library", "swimming pool")
HONEST = (
    "Vectors can be added; meanings only to a degree. Moving towards a text shifts the topic and "
    "the wording, and “less like” leaves everything that the text says, so it is no “not”. A − B + "
    "C was found with vectors of single words; a sentence's vector is not trained for it, and the "
    "hits are often just those of A or C: look what changed against C alone before you believe it."
)


class SearchQueryLab:
    """The section. `searched` is new whenever there are other hits."""

    def __init__(self, handlers: SearchHandlers, searched: gr.State) -> None:
        self.handlers = handlers
        with section("Query lab", "lab-section"):
            prose(HONEST)
            choice = gr.State(Choice())
            hits = markup(NO_HITS, elem_id="lab-hits")
            with gr.Row(elem_classes=["lab-settings"]):
                weights = [
                    gr.Slider(0, MOST_WEIGHT, value=value, step=0.05, label=label, elem_id=elem_id,
                              min_width=180)
                    for label, elem_id, value in (
                        ("Weight of the query", "weight-query", USUAL.query),
                        ("Weight of “more like”", "weight-more", USUAL.more),
                        ("Weight of “less like”", "weight-less", USUAL.less),
                    )
                ]  # fmt: skip
            moved = markup(NOTHING, elem_id="lab-moved")
            gr.HTML('<p class="lab-sub">A − B + C: A is to B as what is to C?</p>',
                    apply_default_css=False)  # fmt: skip
            with gr.Row(elem_classes=["lab-settings"]):
                texts = [
                    gr.Textbox(text, label=label, elem_id=elem_id, max_lines=1, min_width=200)
                    for text, label, elem_id in zip(
                        EXAMPLE, ("A", "− B", "+ C"), ("lab-a", "lab-b", "lab-c"), strict=True
                    )
                ]
                go = gr.Button("Search A − B + C", elem_id="lab-analogy-go", scale=0, min_width=230)
            analogy = markup(elem_id="lab-analogy")
        hits.pick(worded(self.toggle), [choice, *weights], [choice, hits, moved], **TOUCH)
        gr.on([weight.change for weight in weights], worded(self.weigh), [choice, *weights], moved,
              trigger_mode="always_last", **TOUCH)  # fmt: skip
        gr.on([go.click, *(box.submit for box in texts)], worded(self.analogy), texts, analogy,
              **TOUCH)  # fmt: skip
        searched.change(worded(self.fresh), None, [choice, hits, moved, analogy], **TOUCH)

    def fresh(self, request: gr.Request) -> list[object]:
        """Other hits: nothing is chosen of them yet."""
        state = self.handlers.state(request.session_hash)
        answer = state.answer
        if answer is None:
            return [Choice(), NO_HITS, NOTHING, ""]
        if state.offered is answer:  # only its verdict is new
            return [gr.skip() for _ in range(4)]
        state.offered = answer
        return [Choice(), choices_list(answer, Choice()), NOTHING, ""]

    def toggle(
        self, request: gr.Request, event: gr.EventData, choice: Choice, *weights: object
    ) -> list[object]:
        """Choose a hit, or take it back."""
        answer = self.handlers.last(request.session_hash)
        chosen = choice.toggled(picked_name(event), answer.rows)
        return [chosen, choices_list(answer, chosen), self.shown(answer, chosen, weights)]

    def weigh(self, request: gr.Request, choice: Choice, *weights: object) -> str:
        """Other weights."""
        return self.shown(self.handlers.last(request.session_hash), choice, weights)

    def shown(self, answer: Answer, choice: Choice, weights: tuple[object, ...]) -> str:
        """The moved hits, once something is chosen."""
        if not (choice.more or choice.less):
            return NOTHING
        if not set(choice.more + choice.less) <= set(answer.rows):
            raise EncoderError("The hits have changed meanwhile; choose again.")
        given = parse_weights(*weights)
        remark = f"{weighted(choice, given)}, ranked by cosine."
        if answer.method != "dense":
            remark += " Ranks before are those by vectors alone, too."
        return changes_table(steered(answer, choice, given), remark)

    def analogy(self, request: gr.Request, *texts: object) -> str:
        """The hits of A − B + C."""
        settings = self.handlers.settings
        index = self.handlers.index(request.session_hash)
        for name, text in zip(("A", "B", "C"), texts, strict=True):
            if not as_text(text).strip():
                raise EncoderError(f"{name} is empty: A − B + C needs a text in each box.")
        a, b, c = (parse_query(text, settings) for text in texts)
        change = analogous(index, a, b, c, self.handlers.last(request.session_hash).k)
        remark = f"“{cut(a, 60)}” − “{cut(b, 60)}” + “{cut(c, 60)}”, against “{cut(c, 60)}” alone."
        return changes_table(change, remark)


def weighted(choice: Choice, weights: Weights) -> str:
    """The sum in words: '1 × the query + 0.75 × the mean of 2 hits'."""
    parts = [f"{weights.query:g} × the query"]
    if choice.more:
        parts.append(f"+ {weights.more:g} × the mean of {count(len(choice.more), 'hit')}")
    if choice.less:
        parts.append(f"− {weights.less:g} × the mean of {count(len(choice.less), 'hit')}")
    return " ".join(parts)
