"""Query lab: more like this, less like that, and A − B + C, with the change in ranks. Wiring."""

from html import escape
from typing import Any

import gradio as gr

from encoder import EncoderError
from explore.query_lab import RankChange
from ingest.findings import count
from ui.checks import as_text
from ui.page.components import markup, prose, section, slider
from ui.page.events import TOUCH, picked_name, worded
from ui.search.answer import Answer
from ui.search.form import parse_query
from ui.search.handlers import SearchHandlers
from ui.search.steering import (
    DEEP,
    MOST_WEIGHT,
    Choice,
    Shift,
    Weights,
    analogous,
    parse_weights,
    steered,
)
from ui.words import cut, message, notes, number

# --- The query lab: hits to like or dislike, and what a changed query does to the ranks -----------


SIDES = {"more": "more like this", "less": "less like this"}


def choices_list(answer: Answer, choice: Choice) -> str:
    """The hits of the last query, each with both buttons."""
    items = "".join(
        f'<li><span class="num">{number(float(cosine), 3)}</span> '
        f"<span>{escape(cut(answer.index.corpus.texts[row]))}</span> "
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


def shift_table(shift: Shift, said: str) -> str:
    """The new hits with their change in rank, then those that fell out."""
    rows = "".join(
        f'<tr class="{"" if _inside(moved.change.after, shift.k) else "gone"}">'
        f'<td class="num">{moved.change.after or f"&gt;{DEEP:,}"}</td>'
        f"<td>{change_word(moved.change, shift.k)}</td>"
        f'<td class="num">{number(moved.cosine, 3)}</td>'
        f"<td>{escape(cut(shift.index.corpus.texts[moved.change.row]))}</td></tr>"
        for moved in shift.moved
    )
    facts = f"{said} Cosine of the new query with the old one: {number(shift.between, 3)}."
    return (
        notes([facts])
        + '<div class="lab-frame" role="region" tabindex="0" aria-label="Changed hits">'
        '<table class="lab-table lab-shift" aria-label="Hits of the changed query"><thead><tr>'
        '<th scope="col" class="num">rank</th><th scope="col">change</th>'
        '<th scope="col" class="num">cosine</th><th scope="col">text</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _inside(rank: int | None, k: int) -> bool:
    return rank is not None and rank <= k


def change_word(change: RankChange, k: int) -> str:
    """'▲ 3', '▼ 2', '=', 'new, was 14', 'out, was 2': never by colour alone."""
    before, after, moved = change.before, change.after, change.moved
    if not _inside(after, k):
        return f'<span class="down">out, was {before}</span>'
    if not _inside(before, k):
        return f'<span class="up">new, was {before or f"beyond {DEEP:,}"}</span>'
    if not moved:
        return '<span class="same">=</span>'
    return (
        f'<span class="up">▲ {moved}</span>'
        if moved > 0
        else f'<span class="down">▼ {-moved}</span>'
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


class SearchLab:
    """The section. `searched` is new whenever there are other hits."""

    def __init__(self, handlers: SearchHandlers, searched: gr.State) -> None:
        self.handlers = handlers
        with section("Query lab", "lab-section"):
            prose(HONEST)
            choice = gr.State(Choice())
            hits = markup(NO_HITS, elem_id="lab-hits")
            with gr.Row(elem_classes=["lab-settings"]):
                weights = [
                    slider(0, MOST_WEIGHT, value=value, step=0.05, label=label, elem_id=elem_id,
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

    def fresh(self, request: gr.Request) -> list[Any]:
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
        self, request: gr.Request, event: gr.EventData, choice: Choice, *weights: Any
    ) -> list[Any]:
        """Choose a hit, or take it back."""
        answer = self.handlers.last(request.session_hash)
        chosen = choice.toggled(picked_name(event), answer.rows)
        return [chosen, choices_list(answer, chosen), self.shown(answer, chosen, weights)]

    def weigh(self, request: gr.Request, choice: Choice, *weights: Any) -> str:
        """Other weights."""
        return self.shown(self.handlers.last(request.session_hash), choice, weights)

    def shown(self, answer: Answer, choice: Choice, weights: tuple[Any, ...]) -> str:
        """The moved hits, once something is chosen."""
        if not (choice.more or choice.less):
            return NOTHING
        if not set(choice.more + choice.less) <= set(answer.rows):
            raise EncoderError("The hits have changed meanwhile; choose again.")
        found = parse_weights(*weights)
        said = f"{weighted(choice, found)}, ranked by cosine."
        if answer.method != "dense":
            said += " Ranks before are those by vectors alone, too."
        return shift_table(steered(answer, choice, found), said)

    def analogy(self, request: gr.Request, *texts: Any) -> str:
        """The hits of A − B + C."""
        settings = self.handlers.settings
        index = self.handlers.index(request.session_hash)
        for name, text in zip(("A", "B", "C"), texts, strict=True):
            if not as_text(text).strip():
                raise EncoderError(f"{name} is empty: A − B + C needs a text in each box.")
        a, b, c = (parse_query(text, settings) for text in texts)
        found = analogous(index, a, b, c, self.handlers.last(request.session_hash).k)
        said = f"“{cut(a, 60)}” − “{cut(b, 60)}” + “{cut(c, 60)}”, against “{cut(c, 60)}” alone."
        return shift_table(found, said)


def weighted(choice: Choice, weights: Weights) -> str:
    """The sum in words: '1 × the query + 0.75 × the mean of 2 hits'."""
    parts = [f"{weights.query:g} × the query"]
    if choice.more:
        parts.append(f"+ {weights.more:g} × the mean of {count(len(choice.more), 'hit')}")
    if choice.less:
        parts.append(f"− {weights.less:g} × the mean of {count(len(choice.less), 'hit')}")
    return " ".join(parts)
