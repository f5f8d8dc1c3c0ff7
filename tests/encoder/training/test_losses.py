"""Losses: values and gradients as sentence-transformers computes them, and by hand."""

import math
from functools import partial

import pytest
import torch
from sentence_transformers.sentence_transformer import losses as theirs
from torch import Tensor

from encoder.errors import UnknownName
from encoder.training.losses import DEFAULT_LOSS, LOSSES, TRIPLET_MARGIN, losses_for

B, D = 9, 7
SCORES = torch.tensor([0.0, 0.2, 0.2, 0.5, 0.6, 0.6, 0.8, 1.0, 1.0])
BINARY = torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 0]).float()

PEERS = {
    "cosine_mse": lambda: theirs.CosineSimilarityLoss,
    "cosent": lambda: theirs.CoSENTLoss,
    "angle": lambda: theirs.AnglELoss,
    "contrastive": lambda: theirs.ContrastiveLoss,
    "online_contrastive": lambda: theirs.OnlineContrastiveLoss,
    "multiple_negatives": lambda: theirs.MultipleNegativesRankingLoss,
    "multiple_negatives_symmetric": lambda: theirs.MultipleNegativesSymmetricRankingLoss,
    "triplet": lambda: partial(theirs.TripletLoss, triplet_margin=TRIPLET_MARGIN),
}


def batch(columns: int, spread: float = 1.0, seed: int = 0) -> list[Tensor]:
    """Embeddings whose columns resemble each other, so that margins are on both sides."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(B, D, generator=generator)
    return [
        (base + spread * torch.randn(B, D, generator=generator)).requires_grad_()
        for _ in range(columns)
    ]


def peer(name: str) -> object:
    """Their loss around no model: only its function of embeddings is used."""
    kind = PEERS[name]()
    try:
        return kind(model=torch.nn.Identity())
    except AttributeError:
        return kind(torch.nn.Identity())


CASES = [
    (name, columns, labels)
    for name, loss in LOSSES.items()
    for columns in ((3,) if name == "triplet" else (2, 3) if "triplet" in loss.kinds else (2,))
    for labels in ([None] if loss.distinct_texts or name == "triplet" else [SCORES, BINARY])
    if labels is not SCORES or "score" in loss.kinds
]


@pytest.mark.parametrize("spread", [0.2, 1.0, 4.0])
@pytest.mark.parametrize(("name", "columns", "labels"), CASES)
def test_value_and_gradients_agree_with_sentence_transformers(name, columns, labels, spread):
    ours, other = batch(columns, spread), batch(columns, spread)
    mine = LOSSES[name].compute(ours, labels)
    reference = peer(name).compute_loss_from_embeddings(other, labels)
    torch.testing.assert_close(mine, reference, atol=1e-5, rtol=1e-5)
    mine.backward()
    reference.backward()
    gradients = [e.grad for e in ours]
    assert any(g is not None and g.abs().max() > 1e-6 for g in gradients) or mine < 1e-6
    for a, b in zip(gradients, (e.grad for e in other), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_every_loss_has_a_peer_in_this_file():
    assert PEERS.keys() == LOSSES.keys()


def test_hand_computed_values():
    right, up = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    one = torch.tensor([1.0])
    assert LOSSES["cosine_mse"].compute([right, up], one).item() == 1
    assert LOSSES["contrastive"].compute([right, up], one).item() == 0.5
    assert LOSSES["contrastive"].compute([right, right], 1 - one).item() == 0.125
    distance = math.sqrt(2)
    assert LOSSES["triplet"].compute([right, up, right], None).item() == pytest.approx(
        distance + TRIPLET_MARGIN, abs=1e-4
    )
    # A margin of 5 is never met by unit vectors, so even this one would have been pushed on.
    assert LOSSES["triplet"].compute([right, right, up], None).item() == 0
    both = torch.cat([right, up])
    expected = math.log(1 + math.exp(-20))
    assert LOSSES["multiple_negatives"].compute([both, both], None).item() == pytest.approx(
        expected, abs=1e-6
    )
    wrong = LOSSES["cosent"].compute([both, both.flip(0)[[0, 0]]], torch.tensor([1.0, 0.0]))
    assert wrong.item() == pytest.approx(math.log(1 + math.exp(20)), abs=1e-4)


def test_only_the_order_of_labels_counts_for_cosent():
    embeddings = batch(2)
    value = LOSSES["cosent"].compute(embeddings, SCORES)
    assert value == LOSSES["cosent"].compute(embeddings, SCORES.square() * 100)
    assert value != LOSSES["cosent"].compute(embeddings, 1 - SCORES)


@pytest.mark.parametrize("labels", [torch.zeros(B), torch.ones(B)])
def test_online_contrastive_is_finite_on_a_batch_of_one_kind(labels):
    embeddings = batch(2)
    loss = LOSSES["online_contrastive"].compute(embeddings, labels)
    loss.backward()
    assert loss.isfinite()
    assert embeddings[0].grad.isfinite().all()


def test_the_kind_of_pairs_picks_the_default_and_the_alternatives():
    for kind, default in DEFAULT_LOSS.items():
        names = losses_for(kind)
        assert names[0] == default
        assert all(kind in LOSSES[name].kinds for name in names)
    assert "triplet" not in losses_for("positive")
    with pytest.raises(UnknownName, match="score, binary, positive, triplet"):
        losses_for("labels")


def test_a_missing_label_is_said():
    with pytest.raises(ValueError, match="needs a label"):
        LOSSES["cosent"].compute(batch(2), None)
