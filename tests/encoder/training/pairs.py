"""Pairs that a tiny model can learn something from, and a quick run on them."""

from io import StringIO

import numpy as np
import torch

from encoder.training import Done, TrainConfig, fine_tune
from ingest import ColumnMapping, read_pairs

WORDS = ["cat", "weather", "storm", "bread", "river", "clock", "letter", "train", "snow", "ship"]
QUICK = TrainConfig(epochs=6, lr=3e-3, batch_size=8, train_blocks=1, validation_share=0)


def graded(rows: int = 60):
    """Pairs that are alike exactly where they speak of the same thing."""
    chance = np.random.default_rng(0)
    lines = ["sentence1,sentence2,score"]
    for i in range(rows):
        a, b = chance.choice(WORDS, 2, replace=False)
        same = i % 2
        lines.append(f"The {a} number {i} is here.,Nobody saw {a if same else b} {i}.,{5 * same}")
    # Scores of only 0 and 5 would be taken for labels.
    return read_pairs(
        StringIO("\n".join(lines)), ColumnMapping("score", ("sentence1", "sentence2"), "score")
    )


def anchors(negatives: bool = False):
    lines = ["anchor,positive,negative" if negatives else "anchor,positive"]
    for i in range(40):
        a, b = WORDS[i % 10], WORDS[(i + 3) % 10]
        row = f"The {a} number {i} is here.,Nobody saw {a} {i}."
        lines.append(row + (f",Somebody saw {b} {i}." if negatives else ""))
    return read_pairs(StringIO("\n".join(lines)))


def run(enc, pairs, config=QUICK, **extra) -> tuple[list, Done]:
    *events, done = fine_tune(enc, pairs, config, **extra)
    assert isinstance(done, Done)
    return events, done


def weights(enc) -> list[torch.Tensor]:
    return [p.detach().clone() for p in enc.backbone.model.parameters()]
