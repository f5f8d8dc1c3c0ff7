"""The Search tab: a question of many texts, its hits, and why each was found. Wiring only."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from ui.checks import as_text
from ui.page.components import notice
from ui.page.events import now, picked_name, told, told_steps
from ui.page.matrix import figure_json, token_matrix
from ui.page.models import connect_model
from ui.page.tasks import follow
from ui.page.texts import MapTexts, lay_out_texts
from ui.search.compression import SearchCompress
from ui.search.duplicates import SearchTwins
from ui.search.examples import MOST, QUERIES, examples, first_query
from ui.search.flow import SearchFlow
from ui.search.form import SearchForm, from_json
from ui.search.handlers import STAGES, Found, SearchHandlers
from ui.search.html import answer_panel, hits_table, why_panel
from ui.search.judge import SearchJudge
from ui.search.keep import SearchKeep
from ui.search.lab import SearchLab
from ui.search.layout import LEAD, SearchLayout, lay_out_search
from ui.state.texts import SAMPLES, SEARCH_SAMPLE, Atlas, for_search
from ui.state.workbench import Workbench
from ui.words import message, notes

# --- The further sections of the Search tab, below the hits and why they were found ---------------


class SearchSections:
    """Each lays itself out here and connects itself. `searched` is new when there are new hits."""

    def __init__(self, handlers: SearchHandlers, tab: gr.Tab, searched: gr.State) -> None:
        self.lab = SearchLab(handlers, searched)
        self.judge = SearchJudge(handlers, tab, searched)
        self.compress = SearchCompress(handlers, searched)
        self.twins = SearchTwins(handlers, searched)


QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
TOUCH: dict[str, Any] = {**QUIET, "concurrency_id": "touch", "concurrency_limit": 4}
STOPPED = notes(["Stopped. What was found before stays."])
STOPPED_EARLY = notes([
    "Stopped before anything was found: these texts are not turned into vectors yet. Enter in the "
    "question begins again."
])  # fmt: skip
ASK = "Ask something of these texts: type a question above, then Enter."
CLICK = notice("Click a hit: what each token of it and of the question adds.")


def build(demo: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab, workbench: Workbench) -> "SearchTab":
    """Lay the tab out inside the current Blocks and connect it."""
    made = SearchTab(SearchHandlers(workbench), tab)
    made.texts.connect(tab)
    boxes = list(vars(made.ui.form).values())
    made.texts.connect_link(demo, tabs, "search", from_json, made.model, boxes)
    return made


class SearchTab:
    """Components on the one side, handlers on the other, and the events between them.

    `pickers` are its model pickers; `found` is new whenever there are new hits.
    """

    def __init__(self, handlers: SearchHandlers, tab: gr.Tab) -> None:
        self.handlers = handlers
        settings = handlers.settings
        texts = lay_out_texts(LEAD, "search-", SEARCH_SAMPLE, "Search these")
        default = handlers.workbench.encoder(SearchForm().model, None)
        self.ui: SearchLayout = lay_out_search(
            handlers.picker.choices(None),
            ["-1", *map(str, default.layers)],
            QUERIES[SAMPLES[SEARCH_SAMPLE]],
        )
        form = self.ui.form
        self.model = gr.State(SearchForm().model)  # the last one that loaded
        self.settings = [self.model, form.pooling, form.layer, form.method, form.k]
        self.texts = MapTexts(
            handlers,
            texts,
            first=SEARCH_SAMPLE,
            part=lambda corpus: for_search(corpus, settings.search_texts),
        )
        self.asked = gr.State("")  # new whenever something is to be searched
        self.found = gr.State("")
        self.pickers = [form.model]
        self.connect()
        self.flow = SearchFlow(handlers, tab, self.found)
        self.sections = SearchSections(handlers, tab, self.found)
        self.keep = SearchKeep(handlers, [form.query, *self.settings], self.found)

    def connect(self) -> None:
        """Every event of the tab but those of its texts."""
        ui, form = self.ui, self.ui.form
        self.outputs = [ui.progress, ui.stop, ui.answer, ui.hits, ui.why, ui.why_matrix, self.found]
        connect_model(self.handlers.picker, form.model, self.model, ui.model_note, form.layer)
        self.texts.version.change(
            told(self.prepare), form.query,
            [*ui.chips, form.query, self.asked, ui.answer, ui.hits, ui.why, ui.why_matrix,
             self.found],
            **TOUCH,
        )  # fmt: skip
        for at, chip in enumerate(ui.chips):
            chip.click(told(self.example(at)), None, [form.query, self.asked], **TOUCH)
        form.query.submit(now, None, self.asked, **TOUCH)
        gr.on(
            [self.asked.change, *(control.change for control in self.settings)],
            told_steps(self.search),
            [form.query, *self.settings],
            self.outputs,
            trigger_mode="multiple",  # a newer one ends the older
            # A question of milliseconds waits for no visitor whose texts are being indexed: who
            # follows long work mostly sleeps.
            concurrency_id="search",
            concurrency_limit=self.handlers.settings.max_visitors,
            **QUIET,
        )
        ui.stop.click(told(self.stop), None, [ui.progress, ui.stop], **TOUCH)
        ui.hits.pick(told(self.why), None, [ui.why, ui.why_matrix], **TOUCH)

    def prepare(self, request: gr.Request, typed: str) -> list[Any]:
        """Other texts lie ready: examples of theirs, and something to ask; old hits are gone."""
        atlas = self.handlers.atlas(request.session_hash)
        offered = examples(atlas)
        chips = [
            gr.Button(offered[at], visible=True) if at < len(offered) else gr.Button(visible=False)
            for at in range(MOST)
        ]
        query = first_query(atlas, as_text(typed))
        # A box that is left alone cannot lose what is typed into it at this moment.
        asks = gr.skip() if query == typed else query
        # No hits, no token: the sections below forget those of other texts.
        return [*chips, asks, now(), "", "", CLICK, None, ""]

    def example(self, at: int) -> Any:
        """A handler for an example."""

        def ask(request: gr.Request) -> list[Any]:
            offered = examples(self.handlers.atlas(request.session_hash))
            return [offered[at], now()] if at < len(offered) else [gr.skip(), gr.skip()]

        return ask

    def search(self, request: gr.Request, query: str, *values: Any) -> Iterator[list[Any]]:
        """Hits, then what the best is worth; a newer request ends this one without a word."""
        visitor, handlers = request.session_hash, self.handlers
        atlas = handlers.atlas(visitor)
        nothing = [gr.skip() for _ in self.outputs]  # an end without a word would empty them
        if atlas.corpus is None:
            yield nothing
            return
        if not as_text(query).strip():
            atlas.stop_search()
            atlas.answer = None  # nothing stands on the page that the sections could go on from
            yield [message(ASK), gr.Button(visible="hidden"), "", "", CLICK, None, ""]
            return
        asked = handlers.request(visitor, SearchForm(query, *values))
        stop = atlas.begin_search()
        found = None
        if handlers.is_ready(asked):
            found = handlers.answer_now(asked, stop)
            if found is None:
                yield nothing  # another has taken its place
                return
            yield ["", gr.Button(visible="hidden"), *self.shown(found)]
            if found.whole:
                return
        job = handlers.start(visitor, asked, stop, found)
        rest = [gr.skip() for _ in self.outputs[2:]]
        for moment in follow(job, handlers.workbench.maps, STAGES):
            if atlas.searching is not job.stop:  # another has taken its place
                # Gradio sends the last answer once more when this ends: it shall change nothing.
                yield nothing
                return
            found = moment.made or found
            shown = rest if moment.made is None else self.shown(moment.made)
            if moment.ended not in ("", "done") and found is not None and not found.whole:
                shown = self.shown(replace(found, whole=True))  # no verdict will come
            if moment.ended == "done":
                yield ["", gr.Button(visible="hidden"), *shown]
            elif moment.made is not None and not moment.ended:
                yield [moment.progress, gr.Button(visible=True), *shown]
            elif moment.ended:
                said = self.stopped(atlas) if moment.ended == "cancelled" else moment.progress
                yield [said, gr.Button(visible="hidden"), *shown]
            elif not job.stop.is_set():
                yield [moment.progress, gr.Button(visible=True), *rest]

    def shown(self, found: Found) -> list[Any]:
        """Values of the outputs behind progress and Stop."""
        answer, vectors = found.answer, self.handlers.workbench.vectors
        panel = answer_panel(
            answer, found.verdict, not found.whole, vectors.place, vectors.notice
        )  # fmt: skip
        # A verdict comes with the hits once more, the same to the letter: of two answers that
        # reach the browser together it takes what the second leaves alone out of the first.
        why = [CLICK, None] if not self.handlers.is_explained(answer) else [gr.skip(), gr.skip()]
        return [panel, hits_table(answer), *why, answer.token]

    def stop(self, request: gr.Request) -> list[Any]:
        """Give up; what was found before stays."""
        atlas = self.handlers.atlas(request.session_hash)
        atlas.stop_search()
        return [self.stopped(atlas), gr.Button(visible="hidden")]

    def stopped(self, atlas: Atlas) -> str:
        """What is said of a search that was given up."""
        return STOPPED_EARLY if atlas.answer is None else STOPPED

    def why(self, request: gr.Request, event: gr.EventData) -> list[Any]:
        """A clicked hit, taken apart."""
        why = self.handlers.why(request.session_hash, picked_name(event))
        return [
            why_panel(why, matrix=True),
            figure_json(token_matrix(why.explained, *why.readable)),
        ]
