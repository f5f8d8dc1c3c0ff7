"""What fine-tuning minimises: pure functions of a batch's embeddings, each with its source.

A new loss is one entry of LOSSES, and a function where none of these computes it.

Every loss takes `embeddings`, two or three tensors of (B, D) (anchor, other, negative), and
`labels` (B,) or None, and returns a scalar. Running the model stays outside. Scores are in [0, 1].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from encoder.errors import UnknownName

LossFn = Callable[[Sequence[Tensor], Tensor | None], Tensor]

SCALE = 20.0  # = 1 / temperature 0.05 (SimCSE, arXiv 2104.08821, table D.1)
CONTRASTIVE_MARGIN = 0.5  # of cosine distance
TRIPLET_MARGIN = 0.5  # of Euclidean distance; of unit vectors the gap is 2 at most


def cosine_mse(embeddings: Sequence[Tensor], labels: Tensor | None) -> Tensor:
    """Mean of (cos(u, v) - y)^2 over the batch, y in [0, 1] (SBERT, arXiv 1908.10084, sec. 3)."""
    return F.mse_loss(_cosines(embeddings), _needed(labels))


def cosent(embeddings: Sequence[Tensor], labels: Tensor | None, scale: float = SCALE) -> Tensor:
    """log(1 + sum over pairs of pairs with y_i > y_j of exp(scale (cos_j - cos_i))).

    Only the order of the labels counts. Source: CoSENT, doi 10.1109/TASLP.2024.3402087, eq. 6.
    """
    return _rank_in_order(scale * _cosines(embeddings), _needed(labels))


def angle(embeddings: Sequence[Tensor], labels: Tensor | None, scale: float = SCALE) -> Tensor:
    """CoSENT's order on angles in complex space, which do not saturate (AnglE, arXiv 2309.12871).

    The halves of a vector are real and imaginary parts; the similarity of unit vectors u and v is
    |Re(u conj(v)) + Im(u conj(v))|, summed over dimensions.
    """
    u, v = (F.normalize(F.pad(e, (0, e.shape[1] % 2)), dim=1) for e in embeddings[:2])
    (u_re, u_im), (v_re, v_im) = u.chunk(2, dim=1), v.chunk(2, dim=1)
    real = (u_re * v_re + u_im * v_im).sum(1)
    imaginary = (u_im * v_re - u_re * v_im).sum(1)
    return _rank_in_order(scale * (real + imaginary).abs(), _needed(labels))


def contrastive(
    embeddings: Sequence[Tensor], labels: Tensor | None, margin: float = CONTRASTIVE_MARGIN
) -> Tensor:
    """Mean of (y d^2 + (1 - y) max(0, margin - d)^2) / 2 with d = 1 - cos.

    Source: Hadsell, Chopra & LeCun 2006, eq. 4.
    """
    labels = _needed(labels)
    distance = 1 - _cosines(embeddings)
    apart = F.relu(margin - distance).square()
    return ((labels * distance.square() + (1 - labels) * apart) / 2).mean()


def online_contrastive(
    embeddings: Sequence[Tensor], labels: Tensor | None, margin: float = CONTRASTIVE_MARGIN
) -> Tensor:
    """Contrastive loss of the hard pairs of the batch only, summed (sentence-transformers).

    Hard are positives further apart than the closest negative, and negatives closer than the
    furthest positive. Where the batch has one kind only, its mean is the bar.
    """
    labels = _needed(labels)
    distance = 1 - _cosines(embeddings)
    negative, positive = distance[labels == 0], distance[labels == 1]
    closest = negative.min() if len(negative) else positive.mean()
    furthest = positive.max() if len(positive) else negative.mean()
    together = positive[positive > closest].square().sum()
    return together + F.relu(margin - negative[negative < furthest]).square().sum()


def multiple_negatives(
    embeddings: Sequence[Tensor],
    labels: Tensor | None = None,
    scale: float = SCALE,
    symmetric: bool = False,
) -> Tensor:
    """Cross-entropy of picking each anchor's own positive among all of the batch.

    -log softmax(scale cos(a_i, .))_i over the B positives and, where given, the B hard negatives.
    `symmetric` averages with picking each positive's anchor. Source: arXiv 1705.00652, sec. 4;
    as InfoNCE in SimCSE, arXiv 2104.08821, eq. 5. A batch must not hold a text twice.
    """
    anchors, *others = (F.normalize(e, dim=1) for e in embeddings)
    own = torch.arange(len(anchors))
    loss = F.cross_entropy(scale * anchors @ torch.cat(others).T, own)
    if symmetric:
        back = F.cross_entropy(scale * others[0] @ anchors.T, own)
        loss = (loss + back) / 2
    return loss


def triplet(
    embeddings: Sequence[Tensor], labels: Tensor | None = None, margin: float = TRIPLET_MARGIN
) -> Tensor:
    """Mean of max(0, |a - p| - |a - n| + margin), Euclidean (SBERT, arXiv 1908.10084, sec. 3).

    SBERT's margin is 5, for vectors of any length; unit vectors never meet it, so that no triplet
    would ever be left alone.
    """
    anchor, positive, negative = embeddings
    gap = F.pairwise_distance(anchor, positive) - F.pairwise_distance(anchor, negative)
    return F.relu(gap + margin).mean()


def _cosines(embeddings: Sequence[Tensor]) -> Tensor:
    """Cosine of each pair, (B,)."""
    return F.cosine_similarity(embeddings[0], embeddings[1])


def _rank_in_order(scores: Tensor, labels: Tensor) -> Tensor:
    """log(1 + sum over i, j with y_i > y_j of exp(s_j - s_i)) of B scores."""
    gaps = scores.unsqueeze(0) - scores.unsqueeze(1)  # (B, B): s_j - s_i
    wrong_way = gaps[labels.unsqueeze(1) > labels.unsqueeze(0)]
    return torch.cat([wrong_way, scores.new_zeros(1)]).logsumexp(0)


def _needed(labels: Tensor | None) -> Tensor:
    if labels is None:
        raise ValueError("This loss needs a label for every pair.")
    return labels


@dataclass(frozen=True)
class Loss:
    """One entry of the registry."""

    compute: LossFn
    kinds: tuple[str, ...]  # of pair sets that it fits, see `ingest.PairSet.kind`
    title: str
    effect: str  # what it pulls together and pushes apart, for the visitor
    script: str  # how sentence-transformers makes it of `model`, in a script; may name `processes`
    distinct_texts: bool = False  # a batch must not hold a text twice


LOSSES: dict[str, Loss] = {
    "cosent": Loss(
        cosent,
        ("score", "binary"),
        "CoSENT",
        "Puts pairs in the order of their labels: whatever is labelled higher is pulled closer "
        "than whatever is labelled lower. Only the rank of a label counts, not its size.",
        script=f"losses.CoSENTLoss(model, scale={SCALE})",
    ),
    "cosine_mse": Loss(
        cosine_mse,
        ("score", "binary"),
        "cosine similarity (MSE)",
        "Pulls or pushes every pair until its cosine equals its label, so that the cosine itself "
        "can be read as the score.",
        script="losses.CosineSimilarityLoss(model)",
    ),
    "angle": Loss(
        angle,
        ("score", "binary"),
        "AnglE",
        "Like CoSENT, but on angles in complex space, which still move where a cosine is near 1 "
        "and hardly changes.",
        script=f"losses.AnglELoss(model, scale={SCALE})",
    ),
    "online_contrastive": Loss(
        online_contrastive,
        ("binary",),
        "online contrastive",
        "Works on the hard pairs of each batch only: pulls the duplicates that lie furthest apart, "
        "pushes the non-duplicates that lie too close.",
        script=f"losses.OnlineContrastiveLoss(model, margin={CONTRASTIVE_MARGIN})",
    ),
    "contrastive": Loss(
        contrastive,
        ("binary",),
        "contrastive",
        "Pulls every duplicate together and pushes non-duplicates until they are a margin apart, "
        "then leaves them alone.",
        script=f"losses.ContrastiveLoss(model, margin={CONTRASTIVE_MARGIN})",
    ),
    "multiple_negatives": Loss(
        multiple_negatives,
        ("positive", "triplet"),
        "multiple negatives ranking",
        "Pulls each anchor to its own positive and pushes it from everybody else's in the batch, "
        "and from its hard negative where there is one.",
        script=f"""\
losses.MultipleNegativesRankingLoss(
    model,
    scale={SCALE},
    gather_across_devices=processes > 1,
)""",
        distinct_texts=True,
    ),
    "multiple_negatives_symmetric": Loss(
        partial(multiple_negatives, symmetric=True),
        ("positive", "triplet"),
        "multiple negatives ranking, both ways",
        "As multiple negatives ranking, and each positive must find its anchor too.",
        script=f"""\
losses.MultipleNegativesRankingLoss(
    model,
    scale={SCALE},
    directions=("query_to_doc", "doc_to_query"),
    partition_mode="per_direction",
    gather_across_devices=processes > 1,
)""",
        distinct_texts=True,
    ),
    "triplet": Loss(
        triplet,
        ("triplet",),
        "triplet",
        "Pulls each anchor nearer to its positive than to its own negative, by a margin; the rest "
        "of the batch does not count.",
        script=f"losses.TripletLoss(model, triplet_margin={TRIPLET_MARGIN})",
    ),
}

DEFAULT_LOSS = {
    "score": "cosine_mse",  # on STS-B it gains more than CoSENT in as many steps, see bench/
    "binary": "online_contrastive",
    "positive": "multiple_negatives",
    "triplet": "multiple_negatives",
}


def losses_for(kind: str) -> list[str]:
    """Names of the losses that fit a kind of pair set, the default first."""
    if kind not in DEFAULT_LOSS:
        raise UnknownName("kind of pairs", kind, DEFAULT_LOSS)
    fitting = [name for name, loss in LOSSES.items() if kind in loss.kinds]
    return sorted(fitting, key=lambda name: name != DEFAULT_LOSS[kind])
