"""A step within a bound on memory: the gradients of the whole batch, whatever the chunks."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from encoder import Encoder
from encoder.batching import batches
from encoder.training import STEP, fine_tune
from encoder.training.linear import LinearMap
from encoder.training.losses import LOSSES, losses_for
from encoder.training.step import STEP_BYTES, backward, training_step
from encoder.training.trainable import Trainable
from tests.encoder.training.pairs import QUICK, anchors, graded, weights

ROWS = 12
GRADED, POSITIVE, TRIPLET = graded(ROWS), anchors().take(range(ROWS)), anchors(True).take(range(6))
CASES = [(p, name) for p in (GRADED, POSITIVE, TRIPLET) for name in losses_for(p.kind)]


def trainable(enc, blocks: int = 2, pairs=GRADED, dropout: bool = True) -> Trainable:
    model = Trainable(enc, blocks)
    model.prepare([text for row in pairs.texts for text in row])
    model.train(dropout)
    return model


def flat(pairs) -> list[str]:
    return [text for side in zip(*pairs.texts, strict=True) for text in side]


def loss_of(pairs, name: str):
    labels = None if pairs.labels is None else torch.tensor(pairs.labels)
    sides = len(pairs.texts[0])
    return lambda vectors: LOSSES[name].compute(vectors.chunk(sides), labels)


def gradients(model) -> list[torch.Tensor]:
    """And none left on the model."""
    found = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in model.parameters]
    for parameter in model.parameters:
        parameter.grad = None
    return found


def apart(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    """The largest difference, as a share of the largest gradient where that is above 1."""
    size = max(float(gradient.abs().max()) for gradient in other)
    largest = max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))
    return largest / max(1.0, size)


def few_bytes(model, texts) -> int:
    """A bound under which a batch takes several chunks."""
    return 3 * max(model.graph_bytes(text) for text in texts)


@pytest.mark.parametrize(("pairs", "name"), CASES)
@pytest.mark.parametrize("blocks", [1, 3])
def test_chunks_give_the_gradient_of_one_graph_under_the_same_dropout(bert, pairs, name, blocks):
    model, texts, loss = trainable(bert, blocks, pairs), flat(pairs), loss_of(pairs, name)
    bound = few_bytes(model, texts)
    chunks = list(batches([model.graph_bytes(text) for text in texts], bound))
    assert len(chunks) > 3
    torch.manual_seed(7)
    vectors = torch.empty(len(texts), bert.dimensions)
    for chunk in chunks:  # all graphs at once
        vectors[chunk] = model.embed([texts[i] for i in chunk])
    whole = loss(vectors)
    whole.backward()
    expected = gradients(model)
    torch.manual_seed(7)
    value = backward(model, texts, loss, max_bytes=bound)
    found = gradients(model)
    assert value == pytest.approx(whole.item(), rel=1e-6, abs=1e-6)
    assert apart(found, expected) < 1e-6
    assert max(float(g.abs().max()) for g in expected) > 1e-4
    torch.manual_seed(8)
    backward(model, texts, loss, max_bytes=bound)
    assert apart(gradients(model), expected) > 1e-4, "dropout was off"


@pytest.mark.parametrize(("pairs", "name"), CASES)
def test_without_dropout_chunks_give_what_one_piece_gives(bert, pairs, name):
    weights_of_its_own = copy.deepcopy(bert.backbone.model)  # the frozen ones are shared
    bert = Encoder(bert.name, bert.backbone.with_model(weights_of_its_own), bert.recipe)
    model, texts = trainable(bert, 2, pairs, dropout=False), flat(pairs)
    model._top.double()  # so that other padding does not round otherwise
    model._kept = {text: state.double() for text, state in model._kept.items()}
    values, found = [], []
    for bound in (STEP_BYTES, few_bytes(model, texts), 1):  # the last: each text alone
        values.append(backward(model, texts, loss_of(pairs, name), max_bytes=bound))
        found.append(gradients(model))
    assert values[1:] == pytest.approx([values[0]] * 2, abs=1e-9)
    assert max(apart(other, found[0]) for other in found[1:]) < 1e-9


def test_texts_of_many_lengths_go_through_in_pieces_of_like_length_and_come_back_in_order(
    bert, monkeypatch
):
    words = ["cat", "storm", "river", "bread"]
    texts = [" ".join(words[k % 4] for k in range(1 + 7 * (i % 6))) + f" {i}" for i in range(24)]
    model, gradients_of, padded = Trainable(bert, 2), [], []
    model.prepare(texts)
    model.train(False)
    embed, true = model.embed, sum(map(model.length, texts))
    weights_of = torch.randn(24, bert.dimensions, generator=torch.Generator().manual_seed(0))

    def counting(given):
        padded.append(len(given) * max(map(model.length, given)))
        return embed(given)

    monkeypatch.setattr(model, "embed", counting)
    for most in (1.3, 100.0):
        monkeypatch.setattr("encoder.training.step.MOST_PADDING", most)
        backward(model, texts, lambda vectors: (vectors * weights_of).sum())
        gradients_of.append(gradients(model))
    assert apart(*gradients_of) < 1e-5
    *pieces, whole = padded
    assert len(pieces) == 3
    assert sum(pieces) < 1.5 * true < whole


def plain_steps(model, optimizer, name: str) -> None:
    """What a step was before there were chunks."""
    vectors = model.embed(flat(GRADED))
    value = LOSSES[name].compute(vectors.chunk(2), torch.tensor(GRADED.labels))
    optimizer.zero_grad()
    value.backward()
    nn.utils.clip_grad_norm_(model.parameters, QUICK.max_grad_norm)
    optimizer.step()


@pytest.mark.parametrize("blocks", [0, 2, 3])
def test_a_batch_that_fits_goes_through_in_one_piece_bit_for_bit_as_before(bert, blocks):
    after = []
    for chunked in (False, True):
        model = trainable(bert, blocks) if blocks else LinearMap(bert)
        model.prepare(flat(GRADED))
        optimizer = torch.optim.AdamW(model.parameters, lr=1e-3, fused=True)
        torch.manual_seed(3)
        for _ in range(3):
            if chunked:
                labels, rows = torch.tensor(GRADED.labels), list(range(ROWS))
                compute = LOSSES["cosent"].compute
                training_step(model, compute, GRADED, labels, rows, optimizer, QUICK)
            else:
                plain_steps(model, optimizer, "cosent")
        after.append([p.detach().clone() for p in model.parameters])
    assert all(map(torch.equal, *after))


def test_no_chunk_takes_more_than_the_bound_but_a_text_that_does_alone(bert, monkeypatch):
    model, texts, seen = trainable(bert), flat(GRADED), []
    bound = few_bytes(model, texts)
    embed = model.embed
    monkeypatch.setattr(model, "embed", lambda given: seen.append(list(given)) or embed(given))
    for most in (bound, 1):
        seen.clear()
        backward(model, texts, loss_of(GRADED, "cosent"), max_bytes=most)
        assert sorted(text for chunk in seen for text in chunk) == sorted(texts * 2)
        for chunk in seen:
            takes = len(chunk) * max(model.graph_bytes(text) for text in chunk)
            assert takes <= most or len(chunk) == 1


def test_a_listener_hears_of_every_block_on_both_ways_and_can_end_the_step(bert):
    model, texts, told = trainable(bert), flat(GRADED), []
    bound, loss = few_bytes(model, texts), loss_of(GRADED, "cosent")
    hooks = [len(block._forward_hooks) for block in model.blocks]
    backward(model, texts, loss, lambda *word: told.append(word))
    assert told == [(0, 1)] * 4  # two blocks, forward and back
    told.clear()
    backward(model, texts, loss, lambda *word: told.append(word), bound)
    passes = told[0][1]
    assert passes == 2 * len(list(batches([model.graph_bytes(t) for t in texts], bound)))
    expected = [(n, passes) for n in range(passes) for _ in range(2 if n < passes / 2 else 4)]
    assert told == expected
    for stage in (0, len(told) // 2, len(told) - 1):  # forward, between, and on the way back
        heard = []

        def leave(*word: int, stage=stage, heard=heard) -> None:
            heard.append(word)
            if len(heard) > stage:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            backward(model, texts, loss, leave, bound)
        assert len(heard) == stage + 1
    assert [len(block._forward_hooks) for block in model.blocks] == hooks


def test_a_run_can_be_ended_within_a_step(bert, monkeypatch):
    # It was only looked at between steps, and one of long texts takes 20 s.
    monkeypatch.setattr("encoder.training.step_budget.WORD_S", 0.0)
    before, told = weights(bert), []

    def leave(what: str, done: int, total: int) -> None:
        told.append(what)
        if told.count(STEP) == 7:
            raise InterruptedError

    events = fine_tune(bert, graded(), QUICK, on_progress=leave)
    with pytest.raises(InterruptedError):
        for _ in events:
            pass
    assert told[-1] == STEP
    assert all(map(torch.equal, before, weights(bert)))


# Not ru_maxrss: a process begins with the peak of the one that started it.
MEASURED = """
import re, sys
from pathlib import Path
import torch
sys.path.insert(0, "tests/encoder")
from encoder import load_encoder
from encoder.training.step import backward
from encoder.training.trainable import Trainable

torch.set_num_threads(1)
model = Trainable(load_encoder(sys.argv[1]), 2)
texts = [f"{'cat storm river ' * 30} {i}" for i in range(400)]
model.prepare(texts)
model.train(True)
loss = lambda vectors: vectors.square().sum()
backward(model, texts[:4], loss)
status = Path("/proc/self/status")
peak = lambda: int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1]) * 1024
before = peak()
backward(model, texts, loss, max_bytes=int(sys.argv[2]))
print(sum(map(model.graph_bytes, texts)), peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak where Linux keeps it")
def test_memory_is_bounded_by_the_chunks_and_the_estimate_is_near_the_truth(tiny_folder):
    # 64 pairs of 256 tokens took 14 GB with MiniLM, and the kernel killed the server.
    def grown(max_bytes: int) -> tuple[int, int]:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(tiny_folder("bert")), str(max_bytes)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        estimated, grew = map(int, done.stdout.split())
        return estimated, grew

    estimated, whole = grown(2**40)
    assert 0.5 * estimated < whole < 1.6 * estimated
    assert estimated > 400 * 2**20
    assert grown(50 * 2**20)[1] < 100 * 2**20
