"""The texts that come with the app: what a sample is called, its file, and what can be asked of it.

A sample is one entry here: its buttons, the questions beside the search box, the queries judged on
it and links to it all follow.
"""

from dataclasses import dataclass
from pathlib import Path

from ui.checks import one_of
from ui.state.pairs import SAMPLES_FOLDER


@dataclass(frozen=True)
class TextSample:
    """Texts of the app's own. `queries` are examples, the first of which is asked by itself.

    `judged` is a file of queries, each with the ids of its relevant texts, which then have a
    column "id" in `file`.
    """

    name: str  # in links, and in the ids of its buttons
    title: str  # on its buttons
    file: str
    queries: tuple[str, ...] = ()
    judged: str = ""
    folder: Path = SAMPLES_FOLDER


TEXT_SAMPLES = {
    sample.name: sample
    for sample in (
        TextSample(
            name="topics",
            title="Twelve everyday topics",
            file="topics.csv",
            queries=(
                "my knee hurts after running",
                "which stocks should I sell?",
                "How does a telescope work?",
                "fear of losing a job",
                "bake bread at home",
            ),
        ),
        TextSample(
            name="support",
            title="Support questions, fifteen intents",
            file="support_questions.csv",
            queries=(
                "I was charged twice",
                "my parcel never came",
                "let me in, I forgot my password",
                "talk to a human being",
                "the app is in the wrong language",
            ),
        ),
        TextSample(
            name="offices",
            title="What a small town's offices say",
            file="search_passages.csv",
            queries=(
                "swiming lessons for my 5 year old",
                "pool opening hours sunday",
                "getting home from the pub at 2 in the morning",
                "form F7",
                "How far away is the moon?",
            ),
            judged="search_queries.csv",
        ),
    )
}
FIRST_SAMPLE = "topics"  # lies ready where a tab names no other


def text_sample(name: str) -> TextSample:
    """A sample by its name. Raises EncoderError for an unknown one."""
    return TEXT_SAMPLES[one_of(name, "sample", TEXT_SAMPLES)]


def linked_sample(corpus: str) -> TextSample | None:
    """The sample that a link names, by its file too, as older links do; None for anything else."""
    return next((s for s in TEXT_SAMPLES.values() if corpus in (s.name, s.file)), None)
