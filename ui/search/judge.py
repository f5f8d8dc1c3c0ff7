"""Judge and train: thumbs on hits, strategies measured on them, triplets for Fine-tune. Wiring."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from encoder import POOLINGS, Encoder, EncoderError
from explore import search
from ui.checks import in_range, row_number, whole_in_range
from ui.finetune.form import SEED
from ui.page.components import csv_file, downloader, markup, prose, section, slider
from ui.page.events import READ, TOUCH, now, picked_name, worded
from ui.page.models import LOADING, OtherModels
from ui.page.tab import Page
from ui.page.tasks import Steps, Task, at_once
from ui.search.form import parse_encoding
from ui.search.handlers import SearchHandlers
from ui.search.html import index_title
from ui.search.index import ENCODING, Index, SearchSettings, prompts
from ui.search.judge_html import (
    THUMBS,
    Measured,
    judged_list,
    scores_panel,
    sent_lines,
    thumbs_list,
)
from ui.search.judged import SHARE, Known, compare_strategies, to_training_pairs, to_triplets
from ui.search.rankings import WITH_KEYWORDS, Dense, parse_keywords, rankings
from ui.search.steering import NO_HIT
from ui.state.judgements import (
    Grades,
    irrelevant,
    judged_rows,
    judgements_csv,
    left_over,
    read_judgements,
    sample_judgements,
)
from ui.state.pairs import TrainingPairs
from ui.state.stages import Key, Tell
from ui.words import message, notes

# --- From judged hits to the Fine-tune tab: a share of the queries, as triplets for it ------------


def best_hits(
    index: Index, grades: Grades, tell: Tell, stop: threading.Event
) -> Mapping[str, list[str]]:
    """For queries with nothing judged irrelevant, the texts an index finds first.

    So many that one is left which nobody judged. Raises EncoderError, Stopped.
    """
    wanted = [query for query, texts in grades.items() if not irrelevant(texts)]
    if not wanted:
        return {}
    deep = 1 + max(len(grades[query]) for query in wanted)
    found = search(index.encode_queries(wanted, tell, stop), index.vectors, deep).indices.tolist()
    return {
        query: [index.corpus.texts[row] for row in rows]
        for query, rows in zip(wanted, found, strict=True)
    }


@dataclass(frozen=True, eq=False)
class Sending:
    """Triplets on their way, and what is said of them."""

    source: Key
    training_pairs: TrainingPairs
    trained: tuple[str, ...]
    lines: Sequence[str]


class SearchSend:
    """The last step of judging. `listed` shows what was judged, and is drawn anew."""

    def __init__(self, handlers: SearchHandlers, listed: gr.HTML) -> None:
        self.handlers, self.listed = handlers, listed
        gr.HTML('<p class="lab-sub">Train a model on them</p>', apply_default_css=False)
        with gr.Row(elem_classes=["lab-settings"]):
            self.share = slider(10, 100, value=100 * SHARE, step=5, elem_id="judge-share",
                                   label="% of the judged queries that go to training",
                                   info="the rest is held out for a fair comparison",
                                   min_width=260)  # fmt: skip
            self.seed = gr.Number(0, label="Seed of the split", precision=0, elem_id="judge-seed",
                                  min_width=120)  # fmt: skip
        self.task = Task(handlers.workbench, "judge-send", "Send to Fine-tune",
                         {"encode": ENCODING, "queries": "Encoding the queries"})  # fmt: skip
        self.said = markup(elem_id="judge-sent")

    def connect(self, page: Page) -> None:
        """The way to the Fine-tune tab, which shows what is ready to train on."""
        arrived = page.arrivals("finetune")
        self.task.connect(self.prepare, self.show, [self.share, self.seed],
                          [arrived, self.said, self.listed])  # fmt: skip

    def prepare(self, visitor: str | None, share: object, seed: object) -> Steps:
        """Triplets of a share of the queries. Raises LabError."""
        part = in_range(share, "The share for training", 1, 100) / 100
        drawn = whole_in_range(seed, "The seed of the split", *SEED)
        index, grades = self.handlers.index(visitor), self.handlers.state(visitor).judged.grades

        def work(tell: Tell, stop: threading.Event) -> Sending:
            sent = to_triplets(grades, best_hits(index, grades, tell, stop), part, drawn)
            said = sent_lines(sent, prompts_line(index.encoder))
            return Sending(index.source, to_training_pairs(sent), sent.trained, said)

        return at_once(work)

    def show(self, visitor: str | None, sending: Sending) -> list[object]:
        """Put them where Fine-tune takes its pairs from, and go there."""
        state = self.handlers.state(visitor)
        self.handlers.workbench.visitor(visitor or "").put(sending.training_pairs)
        state.sent.update(sending.trained)
        listed = judged_list(state.judged.grades, state.sent, state.left)
        return [now(), notes(sending.lines), listed]


def prompts_line(encoder: Encoder) -> str:
    """Where searching puts other words before texts than training does; "" where it does not."""
    trained, (before_query, before_text) = encoder.prompt(), prompts(encoder)
    if before_query == before_text == trained:
        return ""
    return (
        f"With {encoder.name}, training puts “{trained}” before every text, and searching "
        f"“{before_query}” before queries and “{before_text}” before texts: what is trained is "
        "compared under another prompt."
    )


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
            self.sending = SearchSend(handlers, self.listed)
        self.sending.connect(page)
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
        self.said = markup(elem_id="judge-said")
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
        """All events of the section but those of `sending`."""
        both, changed = [self.hits, self.listed], [self.said, self.hits, self.listed]
        self.hits.pick(worded(self.judge), None, both, **TOUCH)
        self.sample.click(worded(self.load_sample), None, changed, **READ)
        self.upload.upload(worded(self.read), self.upload, changed, **READ)
        self.undo.click(worded(self.undone), None, changed, **TOUCH)
        self.clear.click(worded(self.cleared), None, changed, **TOUCH)
        self.take.click(worded(self.save), None, self.file, **TOUCH)
        chosen = [self.poolings, self.models.box, self.keywords]
        self.task.connect(self.prepare, self.show, chosen, [self.scores])
        remarks = [self.said, self.sending.said, self.task.progress, self.sending.task.progress]
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

    def changed(self, visitor: str | None, *remarks: str) -> list[str]:
        """What is said, and the lists."""
        return [notes(remarks), *self.shown(visitor)]

    def load_sample(self, request: gr.Request) -> list[str]:
        """The bundled judgements, beside those that are there."""
        index = self.handlers.index(request.session_hash)
        found = sample_judgements(index.corpus)
        self.handlers.state(request.session_hash).judged.add(found)
        said = f"{len(found):,} queries of the sample, each with its relevant passages, are added."
        return self.changed(request.session_hash, said)

    def read(self, request: gr.Request, path: str | None) -> list[Any]:
        """A file of judgements."""
        if path is None:
            return [gr.skip(), gr.skip(), gr.skip()]
        index, file = self.handlers.index(request.session_hash), Path(path)
        found, remarks = read_judgements(file, file.name, index.corpus)
        self.handlers.state(request.session_hash).judged.add(found)
        return self.changed(request.session_hash, *remarks)

    def undone(self, request: gr.Request) -> list[str]:
        """The last change taken back."""
        self.handlers.state(request.session_hash).judged.undo()
        return self.changed(request.session_hash, "The last change is taken back.")

    def cleared(self, request: gr.Request) -> list[str]:
        """All taken away."""
        self.handlers.state(request.session_hash).judged.clear()
        return self.changed(request.session_hash, "Cleared; Undo brings them back.")

    def save(self, request: gr.Request) -> dict[str, str]:
        """All of them as a file, those on earlier texts too."""
        state = self.handlers.state(request.session_hash)
        grades = left_over(state.left, state.judged.grades)
        if not grades:
            raise EncoderError("Nothing is judged yet.")
        return csv_file("judgements.csv", judgements_csv(grades))

    def fresh(self, request: gr.Request) -> list[Any]:
        """Other hits; scores stay while they are of the vectors that are searched."""
        visitor = request.session_hash
        scores = gr.skip() if self.handlers.stays(self.task, visitor) else ""
        # What was said of texts that are open no more goes with them.
        said = "" if self.handlers.state(visitor).index is None else gr.skip()
        return [*self.shown(visitor), scores, *[said] * 4]

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
        mine, with_keywords = self.mine(visitor, index, poolings), parse_keywords(words)
        others = [one for key in self.models.parse(visitor, models)
                  if (one := SearchSettings(key)) != index.settings]  # fmt: skip
        title, many = (
            index_title(index, self.handlers.picker, visitor),
            sum(map(len, judged.values())),
        )
        known = Known.of(
            [handlers.workbench.own_model(one.model, visitor) for one in (index.settings, *others)]
        )

        def work(tell: Tell, stop: threading.Event) -> Measured:
            loaded = [
                self.named(visitor, self.models.load(visitor, one.model, tell), one)
                for one in others
            ]
            found = rankings(index, [*mine, *loaded], with_keywords, list(judged), tell, stop)
            groups = compare_strategies(
                found, judged, known.queries(judged), known.rows(index.corpus.texts)
            )
            return Measured(index.source, title, many, groups, known.unsure)

        return at_once(work)

    def mine(self, visitor: str | None, index: Index, poolings: Any) -> list[Dense]:
        """The index as it is, and other poolings of its model. Raises EncoderError."""
        own = index.settings
        found = [self.named(visitor, index.encoder, own)]
        for name in poolings if isinstance(poolings, list) else []:
            asked = parse_encoding(own.model, name, own.layer)
            if asked.pooling != own.pooling:
                found.append(self.named(visitor, index.encoder, asked))
        return found

    def named(self, visitor: str | None, encoder: Any, asked: Any) -> Dense:
        """An encoding with what it is called."""
        layer = "last layer" if asked.layer == -1 else f"layer {asked.layer}"
        own = "" if asked.pooling else ", its own"
        words = f"{asked.pooling or encoder.pooling} pooling{own}, {layer}"
        return Dense(self.handlers.picker.title(asked.model, visitor), words, encoder, asked)

    def show(self, visitor: str | None, measured: Measured) -> list[object]:
        """The tables."""
        return [scores_panel(measured)]


def small(title: str, elem_id: str, width: int) -> gr.Button:
    """A small button in a row of others."""
    return gr.Button(title, size="sm", elem_id=elem_id, scale=0, min_width=width)
