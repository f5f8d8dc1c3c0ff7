"""One optimizer step within a bound on memory: exact gradients, however large the batch.

What autograd keeps for the way back grows with rows and, for attention, with the square of the
tokens; Linux kills a process that asks for too much. So a batch whose graph would take more than
STEP_BYTES goes through in chunks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from encoder.batching import batches
from encoder.errors import TrainingFailed
from encoder.evaluation import OnBatch
from encoder.training.config import TrainConfig
from encoder.training.losses import LossFn
from encoder.training.scoring import Learner
from ingest import PairSet

STEP_BYTES = 2**30  # of the graph of one forward pass
# Padding adds 67 % to a batch of STS-B's pairs drawn at random, 14 % in pieces of 8 texts of like
# length. Below MOST_PADDING (padded tokens, times the true ones) it is left in one piece.
MOST_PADDING, PIECE_TEXTS = 1.3, 8


def optimizer_of(model: Learner, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW at the peak rate; biases and LayerNorm do not decay, as those of BERT did not.

    Source: Devlin et al. 2019, the optimizer of their code; what has one axis is one of the two.
    """
    groups = [
        {
            "params": [p for p in model.parameters if (p.ndim > 1) == decays],
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for decays in (True, False)
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=config.lr or 0.0, fused=True
    )


def training_step(
    model: Learner,
    compute: LossFn,
    pairs: PairSet,
    labels: Tensor | None,
    batch: Sequence[int],
    optimizer: torch.optim.Optimizer,
    config: TrainConfig,
    on_batch: OnBatch | None = None,
    max_bytes: int = STEP_BYTES,
) -> float:
    """One optimizer step on one batch, all sides of all rows together. Returns the loss.

    `on_batch` is told (passes done, in all) after every block of every pass; what it raises ends
    the step before anything was changed. Raises TrainingFailed for a loss that is no number.
    """
    model.train(True)
    columns = list(zip(*(pairs.texts[row] for row in batch), strict=True))

    def loss_of(vectors: Tensor) -> Tensor:
        value = compute(
            vectors.chunk(len(columns)), None if labels is None else labels[list(batch)]
        )
        if not value.isfinite():
            raise TrainingFailed(
                f"The loss became {value.item()}. The model you started from is untouched. Lower "
                f"the learning rate (now {config.lr:.2g} at its peak), or look for empty texts and "
                "broken labels in the check."
            )
        return value

    optimizer.zero_grad()
    texts = [text for column in columns for text in column]
    value = backward(model, texts, loss_of, on_batch, max_bytes)
    torch.nn.utils.clip_grad_norm_(model.parameters, config.max_grad_norm or float("inf"))
    optimizer.step()
    return value


def backward(
    model: Learner,
    texts: Sequence[str],
    loss_of: Callable[[Tensor], Tensor],
    on_batch: OnBatch | None = None,
    max_bytes: int = STEP_BYTES,
) -> float:
    """Add the gradient of `loss_of` (N, D) vectors to the parameters. Returns the loss.

    Chunks that fit run without a graph first; then the gradient of the loss with respect to all
    vectors is known, and each chunk runs once more with a graph, under the same dropout, and goes
    back with its part of that gradient. Exact for every loss: gradient caching, Gao et al. 2021,
    arXiv 2101.06983, sec. 3.
    """
    chunks = list(batches([model.graph_bytes(text) for text in texts], max_bytes))
    passes = 1 if len(chunks) == 1 else 2 * len(chunks)
    done = 0

    def tell() -> None:
        if on_batch:
            on_batch(done, passes)

    with _after_each(model.blocks, tell):
        if len(chunks) == 1:
            value = loss_of(_embedded(model, texts))
            value.backward()
            return value.item()
        states, vectors_of = [], []
        with torch.no_grad():
            for chunk in chunks:
                states.append(torch.get_rng_state())
                vectors_of.append(model.embed([texts[i] for i in chunk]))
                done += 1
        stacked = torch.cat(vectors_of)
        vectors = torch.empty_like(stacked)
        vectors[[i for chunk in chunks for i in chunk]] = stacked
        value = loss_of(vectors.requires_grad_())
        [gradient] = torch.autograd.grad(value, vectors)
        for chunk, state in zip(chunks, states, strict=True):
            torch.set_rng_state(state)
            model.embed([texts[i] for i in chunk]).backward(gradient[chunk])
            done += 1
    return value.item()


def _embedded(model: Learner, texts: Sequence[str]) -> Tensor:
    """(N, D) with gradients, in pieces of like length where padding would cost much."""
    lengths = [model.length(text) for text in texts]
    if len(texts) * max(lengths) <= MOST_PADDING * sum(lengths):
        return model.embed(texts)
    order = sorted(range(len(texts)), key=lengths.__getitem__)
    pieces = [order[start : start + PIECE_TEXTS] for start in range(0, len(order), PIECE_TEXTS)]
    vectors = torch.cat([model.embed([texts[i] for i in piece]) for piece in pieces])
    return vectors[torch.tensor(order).argsort()]


@contextmanager
def _after_each(blocks: Iterable[nn.Module], tell: Callable[[], None]) -> Iterator[None]:
    """`tell` is called whenever a block has run, and again on the way back."""

    def ran(_module: nn.Module, _given: Any, output: Any) -> None:
        tell()
        states = output[0] if isinstance(output, tuple) else output
        if states.requires_grad:
            states.register_hook(lambda _: tell())

    handles = [block.register_forward_hook(ran) for block in blocks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
