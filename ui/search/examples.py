"""Questions to begin with: some of each sample, and none of a visitor's own texts."""

from ui.state.texts import OpenTexts

MOST = 5  # example buttons
QUERIES: dict[str, tuple[str, ...]] = {
    "search_passages.csv": (
        "swiming lessons for my 5 year old",
        "pool opening hours sunday",
        "getting home from the pub at 2 in the morning",
        "form F7",
        "How far away is the moon?",
    ),
    "topics.csv": (
        "my knee hurts after running",
        "which stocks should I sell?",
        "How does a telescope work?",
        "fear of losing a job",
        "bake bread at home",
    ),
    "support_questions.csv": (
        "I was charged twice",
        "my parcel never came",
        "let me in, I forgot my password",
        "talk to a human being",
        "the app is in the wrong language",
    ),
}


def examples(texts: OpenTexts | None) -> tuple[str, ...]:
    """At most MOST questions of the texts that are open; the first one is asked by itself."""
    return QUERIES.get(texts.name, ()) if texts and texts.bundled else ()


def first_query(texts: OpenTexts | None, typed: str) -> str:
    """What to ask of texts that have just been opened: what stands there, or an example of theirs.

    An example of other texts stays for a visitor's own: it shows how little chance hits are worth.
    """
    offered = examples(texts)
    known = {query for queries in QUERIES.values() for query in queries}
    if typed.strip() and (typed in offered or typed not in known or not offered):
        return typed
    return next(iter(offered), "")
