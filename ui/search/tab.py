"""The Search tab: a question of many texts, its hits, and why each was found. Wiring only."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import gradio as gr

from ui.checks import as_text
from ui.page.components import notice
from ui.page.events import QUIET, TOUCH, now, picked_name, worded, worded_steps
from ui.page.models import ModelBox, connect_model, layer_choices, layers_of
from ui.page.tab import Page, Tab
from ui.page.tasks import Moment, Telling
from ui.page.texts import TextsSection, lay_out_texts
from ui.search.compression import SearchCompression
from ui.search.duplicates import SearchDuplicates
from ui.search.examples import FIRST, MOST, examples, first_query
from ui.search.form import SearchForm, from_json
from ui.search.handlers import STAGES, JudgedAnswer, SearchHandlers
from ui.search.html import answer_panel, hits_table, why_panel
from ui.search.judge import SearchJudge
from ui.search.layout import LEAD, SearchLayout, lay_out_search
from ui.search.query_lab import SearchQueryLab
from ui.search.rank_flow import SearchRankFlow
from ui.search.state import SearchState
from ui.search.take_home import SearchTakeHome
from ui.state.samples import TEXT_SAMPLES
from ui.state.texts import for_search
from ui.words import message, notes

STOPPED = notes(["Stopped. What was found before stays."])
STOPPED_EARLY = notes([
    "Stopped before anything was found: these texts are not turned into vectors yet. Enter in the "
    "question begins again."
])  # fmt: skip
ASK = "Ask something of these texts: type a question above, then Enter."
CLICK = notice("Click a hit: what each token of it and of the question adds.")


def build(page: Page) -> Tab:
    """Lay the tab out on the page and connect it."""
    with page.tab("search", "Search") as tab:
        return _SearchTab(page, SearchHandlers(page.workbench), tab).door()


class _SearchTab:
    """Components on the one side, handlers on the other, and the events between them.

    `searched` is new whenever there are new hits.
    """

    def __init__(self, page: Page, handlers: SearchHandlers, tab: gr.Tab) -> None:
        self.handlers = handlers
        settings = handlers.settings
        texts = lay_out_texts(LEAD, "search-", FIRST, "Search these")
        default = handlers.workbench.encoder(SearchForm().model, None)
        self.ui: SearchLayout = lay_out_search(
            handlers.picker.choices(None),
            layer_choices(default),
            TEXT_SAMPLES[FIRST].queries,
        )
        form = self.ui.form
        self.model = gr.State(SearchForm().model)  # the last one that loaded
        # Of a SearchForm, but its query: the model is the one that loaded.
        self.settings = {"model": self.model} | {
            name: form[name] for name in ("pooling", "layer", "method", "k")
        }
        self.texts = TextsSection(
            handlers,
            texts,
            first=FIRST,
            part=lambda corpus: for_search(corpus, settings.search_texts),
        )
        self.asked = gr.State("")  # new whenever something is to be searched
        self.searched = gr.State("")
        page.offer_own_models(form["model"])
        self.texts.connect(tab)
        self.connect()
        SearchRankFlow(handlers, tab, self.searched)
        SearchQueryLab(handlers, self.searched)
        SearchJudge(page, handlers, tab, self.searched)
        SearchCompression(handlers, self.searched)
        SearchDuplicates(handlers, self.searched)
        SearchTakeHome(handlers, self.settings, self.searched)

    def door(self) -> Tab:
        """What others may use: a search that they give, over a sample or the pairs to train on."""
        form = [self.model, *self.ui.form.values(), *self.texts.outputs]
        return Tab("search", form, self.open)

    def open(self, request: gr.Request, settings: Mapping[str, str]) -> list[object]:
        """A search as a link to it says: `settings["search"]` in JSON, and the corpus."""
        return self.texts.restored(request.session_hash, settings, "search", from_json)

    def connect(self) -> None:
        """Every event of the tab but those of its texts."""
        ui, form = self.ui, self.ui.form
        self.outputs = [
            ui.progress, ui.stop, ui.answer, ui.hits, ui.why, ui.why_matrix, self.searched,
        ]  # fmt: skip
        chosen = ModelBox(form["model"], self.model, ui.model_note)
        connect_model(self.handlers.picker, chosen, form["layer"], layers_of)
        self.texts.version.change(
            worded(self.prepare), form["query"],
            [*ui.chips, form["query"], self.asked, ui.answer, ui.hits, ui.why, ui.why_matrix,
             self.searched],
            **TOUCH,
        )  # fmt: skip
        for at, chip in enumerate(ui.chips):
            chip.click(worded(self.example(at)), None, [form["query"], self.asked], **TOUCH)
        form["query"].submit(now, None, self.asked, **TOUCH)
        gr.on(
            [self.asked.change, *(control.change for control in self.settings.values())],
            worded_steps(self.search),
            [form["query"], *self.settings.values()],
            self.outputs,
            trigger_mode="multiple",  # a newer one ends the older
            # A question of milliseconds waits for no visitor whose texts are being indexed: who
            # follows long work mostly sleeps.
            concurrency_id="search",
            concurrency_limit=self.handlers.settings.max_visitors,
            **QUIET,
        )
        ui.stop.click(worded(self.stop), None, [ui.progress, ui.stop], **TOUCH)
        ui.hits.pick(worded(self.why), None, [ui.why, ui.why_matrix], **TOUCH)

    def prepare(self, request: gr.Request, typed: str) -> list[object]:
        """Other texts lie ready: examples of theirs, and something to ask; old hits are gone."""
        texts = self.handlers.texts(request.session_hash).opened
        offered = examples(texts)
        chips = [
            gr.Button(offered[at], visible=True) if at < len(offered) else gr.Button(visible=False)
            for at in range(MOST)
        ]
        query = first_query(texts, as_text(typed))
        # A box that is left alone cannot lose what is typed into it at this moment.
        asks = gr.skip() if query == typed else query
        # No hits, no token: the sections below forget those of other texts.
        return [*chips, asks, now(), "", "", CLICK, None, ""]

    def example(self, at: int) -> Callable[[gr.Request], list[object]]:
        """A handler for an example."""

        def ask(request: gr.Request) -> list[object]:
            offered = examples(self.handlers.texts(request.session_hash).opened)
            return [offered[at], now()] if at < len(offered) else [gr.skip(), gr.skip()]

        return ask

    def search(self, request: gr.Request, query: str, *values: object) -> Iterator[list[object]]:
        """Hits, then what the best is worth; a newer request ends this one without a word."""
        visitor, handlers = request.session_hash, self.handlers
        state = handlers.state(visitor)
        nothing = [gr.skip() for _ in self.outputs]  # an end without a word would empty them
        if handlers.texts(visitor).opened is None:
            yield nothing
            return
        if not as_text(query).strip():
            state.stop()
            state.answer = None  # nothing stands on the page that the sections could go on from
            yield [message(ASK), gr.Button(visible="hidden"), "", "", CLICK, None, ""]
            return
        settings = dict(zip(self.settings, values, strict=True))
        asked = handlers.request(visitor, SearchForm(query, **settings))
        stop = state.begin()
        latest = None
        if handlers.is_ready(asked):
            latest = handlers.answer_now(asked, stop)
            if latest is None:
                yield nothing  # another has taken its place
                return
            yield ["", gr.Button(visible="hidden"), *self.shown(state, latest)]
            if latest.whole:
                return
        job = handlers.start(visitor, asked, stop, latest)

        def show(moment: Moment) -> list[object] | None:
            nonlocal latest
            latest = moment.made or latest
            if moment.ended not in ("", "done") and latest is not None and not latest.whole:
                return self.shown(state, replace(latest, whole=True))  # no verdict will come
            return None if moment.made is None else self.shown(state, moment.made)

        telling = Telling(
            show, len(self.outputs) - 2, lambda: state.searching is stop,
            done=lambda _: "", stopped=lambda: self.stopped(state), stages=STAGES,
        )  # fmt: skip
        yield from telling.answers(job, handlers.workbench.work_queue)

    def shown(self, state: SearchState, judged: JudgedAnswer) -> list[object]:
        """Values of the outputs behind progress and Stop."""
        answer, vectors = judged.answer, self.handlers.workbench.vectors
        panel = answer_panel(
            answer, judged.verdict, not judged.whole, vectors.place, vectors.notice
        )  # fmt: skip
        # A verdict comes with the hits once more, the same to the letter: of two answers that
        # reach the browser together it takes what the second leaves alone out of the first.
        why = [gr.skip(), gr.skip()] if state.explained is answer else [CLICK, None]
        return [panel, hits_table(answer), *why, answer.token]

    def stop(self, request: gr.Request) -> list[object]:
        """Give up; what was found before stays."""
        state = self.handlers.state(request.session_hash)
        state.stop()
        return [self.stopped(state), gr.Button(visible="hidden")]

    def stopped(self, state: SearchState) -> str:
        """What is said of a search that was given up."""
        return STOPPED_EARLY if state.answer is None else STOPPED

    def why(self, request: gr.Request, event: gr.EventData) -> list[object]:
        """A clicked hit, taken apart."""
        why = self.handlers.why(request.session_hash, picked_name(event))
        return [why_panel(why, matrix=True), why.pair.matrix]
