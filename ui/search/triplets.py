"""Judged queries as training data: triplets of some, sent to Fine-tune, the others held out."""

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import gradio as gr

from encoder import Encoder, EncoderError
from explore import search
from ingest.findings import count
from ingest.templates import csv_text
from ui.checks import in_range, whole_in_range
from ui.finetune.form import SEED
from ui.page.components import markup
from ui.page.events import now
from ui.page.tab import Page
from ui.page.tasks import Steps, Task, at_once
from ui.search.handlers import SearchHandlers
from ui.search.index import ENCODING, Index, prompts
from ui.search.judge_html import judged_list
from ui.state.judgements import Grades, irrelevant, queries, relevant
from ui.state.pairs import TrainingPairs, open_data
from ui.state.stages import Key, Tell
from ui.words import notes

NAME = "judged_queries.csv"
COLUMNS = ("anchor", "positive", "negative", "negative is")
JUDGED, ASSUMED = "judged irrelevant", "assumed: a good hit that nobody judged relevant"
SHARE = 0.7  # of the queries, for training


@dataclass(frozen=True)
class Triplet:
    """A query, a text that is relevant for it, and one that is not, or is assumed not to be."""

    query: str
    relevant: str
    irrelevant: str
    assumed: bool


@dataclass(frozen=True)
class TripletSplit:
    """What goes to training, and what is held out of it."""

    triplets: tuple[Triplet, ...]
    trained: tuple[str, ...]  # queries
    held_out: tuple[str, ...]
    shared: int  # held-out queries with a relevant text that is trained on for another query
    left_out: int  # queries without a relevant text, or without any other text to set against it

    @property
    def assumed(self) -> int:
        """Triplets whose negative nobody judged."""
        return sum(triplet.assumed for triplet in self.triplets)


def split_queries(
    queries: Sequence[str], share: float, seed: int = 0
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(trained, held out), each in the order given; drawn by query and seed alone.

    So a query hardly ever changes sides when others are judged. Of two and more, both sides get one
    unless all are wanted. Raises EncoderError for a share outside 0 … 1.
    """
    if not 0 < share <= 1:
        raise EncoderError(
            f"The share for training is {share:.0%}; it must be above 0 and at most 100%."
        )

    def drawn(query: str) -> bytes:
        return hashlib.blake2b(f"{seed}\0{query}".encode("utf-8", "surrogatepass")).digest()

    most = len(queries) if share == 1 else max(len(queries) - 1, 1)
    taken = set(sorted(queries, key=drawn)[: min(max(round(share * len(queries)), 1), most)])
    return (
        tuple(query for query in queries if query in taken),
        tuple(query for query in queries if query not in taken),
    )


def to_triplets(
    grades: Grades, best_hits: Mapping[str, Sequence[str]], share: float = SHARE, seed: int = 0
) -> TripletSplit:
    """Triplets of a share of the queries.

    `best_hits` are the texts found for each query, the best first. Where nothing was judged
    irrelevant, the first of them that was not judged relevant is the negative, and marked as
    assumed. Every judged text is used: the shorter list starts over. Raises EncoderError where
    nothing is left.
    """
    usable: dict[str, tuple[list[str], list[str], bool]] = {}
    for query, texts in grades.items():
        good, bad = relevant(texts), irrelevant(texts)
        hard = [text for text in best_hits.get(query, ()) if text not in texts][:1]
        if good and (bad or hard):
            usable[query] = (good, bad or hard, not bad)
    if not usable:
        raise EncoderError(
            "No judged query can be trained on: each needs a text judged relevant. Judge some "
            "hits, or load the sample's judged queries."
        )
    trained, held_out = split_queries(list(usable), share, seed)
    triplets = []
    for query in trained:
        good, bad, assumed = usable[query]
        triplets += [
            Triplet(query, good[at % len(good)], bad[at % len(bad)], assumed)
            for at in range(max(len(good), len(bad)))
        ]
    positives = {triplet.relevant for triplet in triplets}
    shared = sum(not positives.isdisjoint(usable[query][0]) for query in held_out)
    return TripletSplit(tuple(triplets), trained, held_out, shared, len(grades) - len(usable))


def to_csv(split: TripletSplit) -> str:
    """The triplets as a file that the Fine-tune tab reads: texts as they are, with no guard
    against spreadsheets, which would be trained on.
    """
    rows = (
        [t.query, t.relevant, t.irrelevant, ASSUMED if t.assumed else JUDGED]
        for t in split.triplets
    )
    return csv_text([COLUMNS, *rows])


def to_pairs(split: TripletSplit) -> TrainingPairs:
    """The triplets as training pairs, read from that file as any upload is."""
    return open_data(to_csv(split).encode("utf-8", "replace"), NAME)


def split_lines(split: TripletSplit, prompts: str = "") -> Sequence[str]:
    """What was put on the Fine-tune tab, and what was kept back; `prompts` is a remark on these."""
    lines = [
        f"Sent to Fine-tune: {count(len(split.triplets), 'triplet')} of "
        f"{queries(len(split.trained))}; {len(split.held_out):,} held out for the comparison "
        "afterwards."
    ]
    if split.assumed:
        lines.append(
            f"In {split.assumed:,} of them the negative is assumed: the best hit that nobody "
            "judged relevant. Some of these may well be relevant; judge them to be sure."
        )
    if split.shared:
        lines.append(
            f"Of those held out, {split.shared:,} have a relevant text that is trained on for "
            "another query: for these the comparison is somewhat too kind."
        )
    if not split.held_out:
        lines.append("Nothing is held out: afterwards there is no fair comparison here.")
    if split.left_out:
        lines.append(
            f"Left out: {queries(split.left_out)} with no relevant text, or with nothing to set "
            "against it."
        )
    return [*lines, prompts] if prompts else lines


# --- The section ----------------------------------------------------------------------------------


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
    best = search(index.encode_queries(wanted, tell, stop), index.vectors, deep).indices.tolist()
    return {
        query: [index.corpus.texts[row] for row in rows]
        for query, rows in zip(wanted, best, strict=True)
    }


@dataclass(frozen=True, eq=False)
class TripletTransfer:
    """Triplets on their way to Fine-tune, and remarks on them."""

    source: Key
    pairs: TrainingPairs
    trained: tuple[str, ...]
    remarks: Sequence[str]


class SearchTriplets:
    """The last step of judging. `listed` shows what was judged, and is drawn anew."""

    def __init__(self, handlers: SearchHandlers, listed: gr.HTML) -> None:
        self.handlers, self.listed = handlers, listed
        gr.HTML('<p class="lab-sub">Train a model on them</p>', apply_default_css=False)
        with gr.Row(elem_classes=["lab-settings"]):
            self.share = gr.Slider(10, 100, value=100 * SHARE, step=5, elem_id="judge-share",
                                   label="% of the judged queries that go to training",
                                   info="the rest is held out for a fair comparison",
                                   min_width=260)  # fmt: skip
            self.seed = gr.Number(0, label="Seed of the split", precision=0, elem_id="judge-seed",
                                  min_width=120)  # fmt: skip
        self.task = Task(handlers.workbench, "judge-send", "Send to Fine-tune",
                         {"encode": ENCODING, "queries": "Encoding the queries"})  # fmt: skip
        self.remarks = markup(elem_id="judge-sent")

    def connect(self, page: Page) -> None:
        """The way to the Fine-tune tab, which shows what is ready to train on."""
        arrived = page.arrivals("finetune")
        self.task.connect(self.prepare, self.show, [self.share, self.seed],
                          [arrived, self.remarks, self.listed])  # fmt: skip

    def prepare(self, visitor: str | None, share: object, seed: object) -> Steps:
        """Triplets of a share of the queries. Raises LabError."""
        part = in_range(share, "The share for training", 1, 100) / 100
        drawn = whole_in_range(seed, "The seed of the split", *SEED)
        index, grades = self.handlers.index(visitor), self.handlers.state(visitor).judged.grades

        def work(tell: Tell, stop: threading.Event) -> TripletTransfer:
            split = to_triplets(grades, best_hits(index, grades, tell, stop), part, drawn)
            remarks = split_lines(split, prompts_line(index.encoder))
            return TripletTransfer(index.source, to_pairs(split), split.trained, remarks)

        return at_once(work)

    def show(self, visitor: str | None, transfer: TripletTransfer) -> list[object]:
        """Put them where Fine-tune takes its pairs from, and go there."""
        state = self.handlers.state(visitor)
        self.handlers.workbench.visitor(visitor or "").put(transfer.pairs)
        state.sent.update(transfer.trained)
        listed = judged_list(state.judged.grades, state.sent, state.left)
        return [now(), notes(transfer.remarks), listed]


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
