"""The out-of-domain probe: graded pairs that show what a model forgets while it learns others."""

from functools import cache

from encoder.background import FOLDER
from encoder.encoder import Encoder
from encoder.evaluation import Predictions
from encoder.scoring import OnBatch, predictions
from ingest import PairSet, read_pairs


@cache
def probe_pairs() -> PairSet:
    """Graded pairs of our own writing; no sample and no background text is among them."""
    return read_pairs(FOLDER / "probe_pairs.csv")


def probe(encoder: Encoder, on_batch: OnBatch | None = None) -> Predictions:
    """What an encoder says about them; a second time from the vectors that it has cached.

    `on_batch` is told (texts encoded, texts in all).
    """
    return predictions(encoder, probe_pairs(), on_batch)
