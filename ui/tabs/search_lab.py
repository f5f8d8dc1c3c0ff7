"""Query lab: more like this, less like that, and A − B + C, with the change in ranks. Wiring."""

from typing import Any

import gradio as gr

from encoder import EncoderError
from ingest.findings import count
from ui.components import markup, slider
from ui.guard import told
from ui.markup.map_facts import cut
from ui.markup.pieces import message
from ui.markup.search_lab import choices_list, shift_table
from ui.picks import picked_name
from ui.search_answer import Answer
from ui.search_form import parse_query
from ui.steering import MOST_WEIGHT, Choice, Weights, analogous, parse_weights, steered
from ui.tabs.frame import prose, section
from ui.tabs.search_handlers import SearchHandlers
from ui.tabs.search_task import QUIET
from ui.view import as_text

USUAL = Weights()
OFFERED = "query lab"  # whose hits are on offer
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
        hits.pick(told(self.toggle), [choice, *weights], [choice, hits, moved], **QUIET)
        gr.on([weight.change for weight in weights], told(self.weigh), [choice, *weights], moved,
              trigger_mode="always_last", **QUIET)  # fmt: skip
        gr.on([go.click, *(box.submit for box in texts)], told(self.analogy), texts, analogy,
              **QUIET)  # fmt: skip
        searched.change(told(self.fresh), None, [choice, hits, moved, analogy], **QUIET)

    def fresh(self, request: gr.Request) -> list[Any]:
        """Other hits: nothing is chosen of them yet."""
        atlas = self.handlers.atlas(request.session_hash)
        answer = atlas.answer
        if answer is None:
            return [Choice(), NO_HITS, NOTHING, ""]
        if atlas.made.get(OFFERED) is answer:  # only its verdict is new
            return [gr.skip() for _ in range(4)]
        atlas.made[OFFERED] = answer
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
