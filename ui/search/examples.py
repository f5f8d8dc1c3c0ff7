"""Questions to begin with: some of each sample, and none of a visitor's own texts."""

from ui.state.samples import TEXT_SAMPLES
from ui.state.texts import OpenTexts

MOST = 5  # example buttons
FIRST = "offices"  # the sample that lies ready on this tab


def examples(texts: OpenTexts | None) -> tuple[str, ...]:
    """At most MOST questions of the texts that are open; the first one is asked by itself."""
    return texts.sample.queries[:MOST] if texts and texts.sample else ()


def first_query(texts: OpenTexts | None, typed: str) -> str:
    """What to ask of texts that have just been opened: what stands there, or an example of theirs.

    An example of other texts stays for a visitor's own: it shows how little chance hits are worth.
    """
    offered = examples(texts)
    samples = {query for sample in TEXT_SAMPLES.values() for query in sample.queries}
    if typed.strip() and (typed in offered or typed not in samples or not offered):
        return typed
    return next(iter(offered), "")
