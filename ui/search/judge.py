"""Judge and train: thumbs on hits, strategies measured on them, triplets for Fine-tune. Wiring."""

import threading

import gradio as gr

from encoder import POOLINGS, Encoder, EncoderError
from ui.checks import row_number
from ui.page.components import csv_file, downloader, markup, prose, section
from ui.page.events import READ, TOUCH, picked_name, worded
from ui.page.models import LOADING, OtherModels
from ui.page.tab import Page
from ui.page.tasks import Steps, Task, at_once
from ui.search.answer import NO_HIT
from ui.search.form import parse_encoding
from ui.search.handlers import SearchHandlers
from ui.search.html import index_title
from ui.search.index import ENCODING, Index, SearchSettings
from ui.search.judge_html import (
    THUMBS,
    StrategyComparison,
    judged_list,
    scores_panel,
    thumbs_list,
)
from ui.search.scores import TrainingTexts, compare_strategies
from ui.search.strategies import WITH_KEYWORDS, DenseStrategy, parse_keywords, rankings
from ui.search.triplets import SearchTriplets
from ui.state.judgements import (
    judged_rows,
    judgements_csv,
    left_over,
    read_judgements,
    sample_judgements,
)
from ui.state.stages import Tell
from ui.words import message, notes

NO_HITS = message("Search first: the hits of your query are judged here.")


class SearchJudge:
    """The section. `searched` is new whenever there are other hits."""

    def __init__(
        self, page: Page, handlers: SearchHandlers, tab: gr.Tab, searched: gr.State
    ) -> None:
        self.handlers = handlers
        with section("Judge and train", "judge-section"):
            prose(
                "Say which hits answer the question. From some dozens of judged questions you can "
                "<b>measure</b> which way to search is better, and <b>train</b> a model on them."
            )
            self.hits = markup(NO_HITS, elem_id="judge-hits")
            self.lay_out_list()
            self.lay_out_scores()
            self.triplets = SearchTriplets(handlers, self.listed)
        self.triplets.connect(page)
        self.connect(tab, searched)

    # --- layout -----------------------------------------------------------------------------

    def lay_out_list(self) -> None:
        """What was judged, and files of it."""
        with gr.Row(elem_classes=["lab-actions"]):
            self.sample = small("The sample's judged queries", "judge-sample", 200)
            self.upload = gr.UploadButton(
                "Upload judgements (CSV)", size="sm", elem_id="judge-upload", scale=0, min_width=190
            )
            self.take = small("Judgements as CSV", "judge-csv", 150)
            self.undo = small("Undo", "judge-undo", 80)
            self.clear = small("Clear", "judge-clear", 80)
        self.remarks = markup(elem_id="judge-said")
        self.listed = markup(judged_list({}, set()), elem_id="judge-list")
        self.file = downloader(elem_id="judge-download")

    def lay_out_scores(self) -> None:
        """Strategies to choose, and their scores."""
        gr.HTML('<p class="lab-sub">Which way to search is better?</p>', apply_default_css=False)
        with gr.Row(elem_classes=["lab-settings"]):
            self.poolings = gr.Dropdown(list(POOLINGS), value=[], multiselect=True,
                                        label="Other poolings of this model",
                                        elem_id="judge-poolings", filterable=False,
                                        min_width=220)  # fmt: skip
            self.models = OtherModels(self.handlers.picker, "judge-models", min_width=260)
            self.keywords = gr.CheckboxGroup(list(WITH_KEYWORDS), value=list(WITH_KEYWORDS),
                                             label="Keywords", elem_id="judge-keywords",
                                             min_width=220)  # fmt: skip
        self.task = Task(self.handlers.workbench, "measure-search", "Measure them", {
            "encode": ENCODING,
            "queries": "Encoding the queries",
            "keywords": "Counting the words",
            "search": "Searching",
            **LOADING,
        })  # fmt: skip
        self.scores = markup(elem_id="judge-scores")

    # --- events -----------------------------------------------------------------------------

    def connect(self, tab: gr.Tab, searched: gr.State) -> None:
        """All events of the section but those of `triplets`."""
        both, changed = [self.hits, self.listed], [self.remarks, self.hits, self.listed]
        self.hits.pick(worded(self.judge), None, both, **TOUCH)
        self.sample.click(
            worded(self.load_sample), None, changed, show_progress_on=self.remarks, **READ
        )
        self.upload.upload(
            worded(self.read), self.upload, changed, show_progress_on=self.remarks, **READ
        )
        self.undo.click(worded(self.take_back), None, changed, **TOUCH)
        self.clear.click(worded(self.take_away), None, changed, **TOUCH)
        self.take.click(worded(self.save), None, self.file, **TOUCH)
        chosen = [self.poolings, self.models.box, self.keywords]
        self.task.connect(self.prepare, self.show, chosen, [self.scores])
        remarks = [
            self.remarks,
            self.triplets.remarks,
            self.task.progress,
            self.triplets.task.progress,
        ]
        searched.change(worded(self.fresh), None, [*both, self.scores, *remarks], **TOUCH)
        self.models.connect(tab)

    # --- judging ----------------------------------------------------------------------------

    def shown(self, visitor: str | None) -> list[str]:
        """The hits with their thumbs, and the list."""
        state = self.handlers.state(visitor)
        answer, grades = state.answer, state.judged.grades
        hits = thumbs_list(answer, grades.get(answer.query, {})) if answer else NO_HITS
        return [hits, judged_list(grades, state.sent, state.left)]

    def judge(self, request: gr.Request, event: gr.EventData) -> list[str]:
        """A thumb, or the same thumb again to take it back."""
        visitor = request.session_hash
        answer, judged = self.handlers.last(visitor), self.handlers.state(visitor).judged
        name, _, word = picked_name(event).partition(":")
        row = row_number(word, answer.rows if name in THUMBS else 0, NO_HIT)
        text, (_, grade) = answer.index.corpus.texts[row], THUMBS[name]
        before = judged.grades.get(answer.query, {}).get(text)
        same = before is not None and (before > 0) == (grade > 0)
        judged.judge(answer.query, text, None if same else grade)
        return self.shown(visitor)

    def changed(self, visitor: str | None, *remarks: str) -> list[object]:
        """Remarks on a change, and the lists."""
        return [notes(remarks), *self.shown(visitor)]

    def load_sample(self, request: gr.Request) -> list[object]:
        """The bundled judgements, beside those that are there."""
        index = self.handlers.index(request.session_hash)
        grades = sample_judgements(index.corpus)
        self.handlers.state(request.session_hash).judged.add(grades)
        remark = (
            f"{len(grades):,} queries of the sample, each with its relevant passages, are added."
        )
        return self.changed(request.session_hash, remark)

    def read(self, request: gr.Request, path: str | None) -> list[object]:
        """A file of judgements."""
        if path is None:
            return [gr.skip(), gr.skip(), gr.skip()]
        index, limits = self.handlers.index(request.session_hash), self.handlers.settings.upload
        with self.handlers.workbench.uploads.read_once(path) as file:
            grades, remarks = read_judgements(file, file.name, index.corpus, limits)
        self.handlers.state(request.session_hash).judged.add(grades)
        return self.changed(request.session_hash, *remarks)

    def take_back(self, request: gr.Request) -> list[object]:
        """Undo the last change."""
        self.handlers.state(request.session_hash).judged.undo()
        return self.changed(request.session_hash, "The last change is taken back.")

    def take_away(self, request: gr.Request) -> list[object]:
        """Clear all judgements."""
        self.handlers.state(request.session_hash).judged.clear()
        return self.changed(request.session_hash, "Cleared; Undo brings them back.")

    def save(self, request: gr.Request) -> dict[str, str]:
        """All of them as a file, those on earlier texts too."""
        state = self.handlers.state(request.session_hash)
        grades = left_over(state.left, state.judged.grades)
        if not grades:
            raise EncoderError("Nothing is judged yet.")
        return csv_file("judgements.csv", judgements_csv(grades))

    def fresh(self, request: gr.Request) -> list[object]:
        """Other hits; scores stay while they are of the vectors that are searched."""
        visitor = request.session_hash
        scores = gr.skip() if self.handlers.stays(self.task, visitor) else ""
        # Remarks on texts that are open no more go with them.
        remark = "" if self.handlers.state(visitor).index is None else gr.skip()
        return [*self.shown(visitor), scores, *[remark] * 4]

    # --- measuring --------------------------------------------------------------------------

    def prepare(
        self, visitor: str | None, poolings: object, models: object, words: object
    ) -> Steps:
        """The comparison, checked."""
        handlers = self.handlers
        index, grades = handlers.index(visitor), handlers.state(visitor).judged.grades
        judged = judged_rows(grades, index.corpus.texts)
        if not judged:
            raise EncoderError(
                "No query has a text that was judged relevant. Judge some hits, or load the "
                "sample's judged queries."
            )
        mine = self.own_strategies(visitor, index, poolings)
        with_keywords = parse_keywords(words)
        others = [one for key in self.models.parse(visitor, models)
                  if (one := SearchSettings(key)) != index.settings]  # fmt: skip
        title = index_title(index, handlers.picker, visitor)
        judgements = sum(map(len, judged.values()))
        trained_on = TrainingTexts.of(
            [handlers.workbench.own_model(one.model, visitor) for one in (index.settings, *others)]
        )

        def work(tell: Tell, stop: threading.Event) -> StrategyComparison:
            loaded = [
                self.named(visitor, self.models.load(visitor, one.model, tell), one)
                for one in others
            ]
            strategies = rankings(index, [*mine, *loaded], with_keywords, list(judged), tell, stop)
            groups = compare_strategies(
                strategies, judged, trained_on.queries(judged), trained_on.rows(index.corpus.texts)
            )
            return StrategyComparison(index.source, title, judgements, groups, trained_on.unsure)

        return at_once(work)

    def own_strategies(
        self, visitor: str | None, index: Index, poolings: object
    ) -> list[DenseStrategy]:
        """The index as it is, and other poolings of its model. Raises EncoderError."""
        own = index.settings
        strategies = [self.named(visitor, index.encoder, own)]
        for name in poolings if isinstance(poolings, list) else []:
            asked = parse_encoding(own.model, name, own.layer)
            if asked.pooling != own.pooling:
                strategies.append(self.named(visitor, index.encoder, asked))
        return strategies

    def named(self, visitor: str | None, encoder: Encoder, asked: SearchSettings) -> DenseStrategy:
        """An encoding with what it is called."""
        layer = "last layer" if asked.layer == -1 else f"layer {asked.layer}"
        own = "" if asked.pooling else ", its own"
        words = f"{asked.pooling or encoder.pooling} pooling{own}, {layer}"
        return DenseStrategy(
            self.handlers.picker.title(asked.model, visitor), words, encoder, asked
        )

    def show(self, visitor: str | None, comparison: StrategyComparison) -> list[object]:
        """The tables."""
        return [scores_panel(comparison)]


def small(title: str, elem_id: str, width: int) -> gr.Button:
    """A small button in a row of others."""
    return gr.Button(title, size="sm", elem_id=elem_id, scale=0, min_width=width)
