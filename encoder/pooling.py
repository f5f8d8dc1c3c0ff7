"""Pooling: token vectors (B, T, H) to one vector a sentence, each strategy as explicit weights.

A strategy is a function `weights(hidden (B, T, H), tokens) -> (B, T, 1 or H)`; the pooled vector is
the sum over T of weights * hidden. With the weights fixed this is linear in the token vectors: that
is why every cosine here can be taken apart token by token (see `encoder.trace`).

Where no token is left to pool over, all weights are 0 and the vector is 0, never NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from encoder.errors import EncoderError, UnknownName
from encoder.idf import IdfWeights
from encoder.tokens import Tokens

WeightFn = Callable[[Tensor, Tokens], Tensor]

PAD_LENGTH = 64  # what `mean_with_padding` pads to unless told otherwise


def _share(amounts: Tensor) -> Tensor:
    """Divide each row of (B, T, 1 or H) by its sum over T; a row of zeros stays zero."""
    total = amounts.sum(1, keepdim=True)
    return torch.where(total == 0, 0.0, amounts / torch.where(total == 0, 1.0, total))


def _column(flags: Tensor, hidden: Tensor) -> Tensor:
    """(B, T) flags as (B, T, 1) numbers of hidden's type."""
    return flags.unsqueeze(-1).to(hidden.dtype)


def mean(hidden: Tensor, tokens: Tokens) -> Tensor:
    """1/n on each of the n tokens (SBERT, arXiv 1908.10084, sec. 3). Returns (B, T, 1)."""
    return _share(_column(tokens.pool, hidden))


def mean_sqrt_len(hidden: Tensor, tokens: Tokens) -> Tensor:
    """1/sqrt(n) on each of the n tokens (USE, arXiv 1803.11175, sec. 3.1). Returns (B, T, 1)."""
    pooled = _column(tokens.pool, hidden)
    return pooled / pooled.sum(1, keepdim=True).clamp(min=1).sqrt()


def weighted_mean(hidden: Tensor, tokens: Tokens) -> Tensor:
    """Weight rising with the position: i / sum i (SGPT, arXiv 2202.08904, eq. 2). (B, T, 1).

    Positions count from the first real token, also for tokens after one that is left out.
    """
    return _share(_column(tokens.pool, hidden) * (tokens.position + 1).unsqueeze(-1))


def cls(hidden: Tensor, tokens: Tokens) -> Tensor:
    """All weight on the first token (BERT, arXiv 1810.04805, sec. 3). Returns (B, T, 1).

    "First" is the first real one, so left padding cannot move it.
    """
    return _column(tokens.pool & (tokens.pool.cumsum(1) == 1), hidden)


def last_token(hidden: Tensor, tokens: Tokens) -> Tensor:
    """All weight on the last token (as in decoder embeddings, arXiv 2201.10005). (B, T, 1)."""
    from_right = tokens.pool.flip(1).cumsum(1).flip(1)
    return _column(tokens.pool & (from_right == 1), hidden)


def max_pool(hidden: Tensor, tokens: Tokens) -> Tensor:
    """Each dimension goes whole to the token with the largest value in it. Returns (B, T, H).

    Ties go to the first token. Source: SBERT, arXiv 1908.10084, sec. 3 (MAX strategy).
    """
    out = ~tokens.pool.unsqueeze(-1)
    owner = hidden.masked_fill(out, -torch.inf).argmax(1, keepdim=True)  # (B, 1, H)
    return torch.zeros_like(hidden).scatter_(1, owner, 1.0).masked_fill_(out, 0.0)


def min_pool(hidden: Tensor, tokens: Tokens) -> Tensor:
    """Each dimension goes whole to the token with the smallest value in it. Returns (B, T, H).

    Source: concatenated power means, arXiv 1803.01400 (the power mean with p = -inf).
    """
    return max_pool(-hidden, tokens)


def mean_no_special(hidden: Tensor, tokens: Tokens) -> Tensor:
    """The mean over the words' tokens, without [CLS], [SEP], <s>, ... Returns (B, T, 1)."""
    return _share(_column(tokens.pool & ~tokens.special, hidden))


def soft(hidden: Tensor, tokens: Tokens, beta: float = 1.0) -> Tensor:
    """Per-dimension softmax weights of beta * value. Returns (B, T, H).

    beta 0 is the mean, beta to +inf the max, to -inf the min: the Boltzmann operator
    (Asadi & Littman, arXiv 1612.05628).
    """
    out = ~tokens.pool.unsqueeze(-1)
    logits = (beta * hidden).masked_fill(out, -torch.inf)
    return logits.softmax(1).masked_fill_(out, 0.0)  # of nothing but -inf, softmax makes NaN


def idf_mean(hidden: Tensor, tokens: Tokens, idf: IdfWeights) -> Tensor:
    """Rare tokens weigh more: idf_t / sum idf (Spärck Jones 1972; as in BERTScore). (B, T, 1)."""
    rarity = idf.lookup(tokens.ids).to(hidden.dtype)
    return _share(_column(tokens.pool, hidden) * rarity.unsqueeze(-1))


def mean_with_padding(hidden: Tensor, tokens: Tokens, length: int = PAD_LENGTH) -> Tensor:
    """The classic mistake: the mask forgotten, padding averaged in. Returns (B, T, 1).

    Counts the sentence's own tokens and its padding up to `length` positions in all, whatever the
    rest of the batch needed, so that the mistake is at least a repeatable one.
    """
    padding = ~tokens.mask & (tokens.position < length)
    return _share(_column(tokens.pool | padding, hidden))


@dataclass(frozen=True)
class Strategy:
    """One entry of the registry: its weights, and what the screen says about it."""

    parts: tuple[WeightFn, ...]  # several are concatenated
    title: str
    latex: str
    source: str
    saved_as: str | None = None  # its name in a sentence-transformers pooling config


POOLINGS: dict[str, Strategy] = {
    "mean": Strategy(
        (mean,),
        "average of all tokens",
        r"v = \frac{1}{n}\sum_{t=1}^{n} h_t",
        "SBERT, arXiv 1908.10084, sec. 3",
        saved_as="mean",
    ),
    "max": Strategy(
        (max_pool,),
        "largest value in each dimension",
        r"v_d = \max_{t} h_{t,d}",
        "SBERT, arXiv 1908.10084, sec. 3",
        saved_as="max",
    ),
    "cls": Strategy(
        (cls,),
        "first token only",
        r"v = h_1",
        "BERT, arXiv 1810.04805, sec. 3",
        saved_as="cls",
    ),
    "mean_sqrt_len": Strategy(
        (mean_sqrt_len,),
        "sum divided by the square root of the length",
        r"v = \frac{1}{\sqrt{n}}\sum_{t=1}^{n} h_t",
        "Universal Sentence Encoder, arXiv 1803.11175",
        saved_as="mean_sqrt_len_tokens",
    ),
    "weighted_mean": Strategy(
        (weighted_mean,),
        "average, later tokens weigh more",
        r"v = \sum_{t=1}^{n} \frac{t}{\sum_{s=1}^{n} s}\, h_t",
        "SGPT, arXiv 2202.08904, eq. 2",
        saved_as="weightedmean",
    ),
    "last_token": Strategy(
        (last_token,),
        "last token only",
        r"v = h_n",
        "text and code embeddings, arXiv 2201.10005",
        saved_as="lasttoken",
    ),
    "min": Strategy(
        (min_pool,),
        "smallest value in each dimension",
        r"v_d = \min_{t} h_{t,d}",
        "power means, arXiv 1803.01400",
    ),
    "mean_max": Strategy(
        (mean, max_pool),
        "mean and max side by side, 2H numbers",
        r"v = \left[\tfrac{1}{n}\sum_t h_t \;;\; \max_t h_t\right]",
        "concatenated poolings, arXiv 1803.01400",
    ),
    "mean_no_special": Strategy(
        (mean_no_special,),
        "average without [CLS] and [SEP]",
        r"v = \frac{1}{|W|}\sum_{t \in W} h_t,\quad W = \text{words only}",
        "mean over a smaller mask",
    ),
    "soft": Strategy(
        (soft,),
        "softmax-weighted, between mean and max",
        r"v_d = \sum_t \frac{e^{\beta h_{t,d}}}{\sum_s e^{\beta h_{s,d}}}\, h_{t,d}",
        "Boltzmann operator, arXiv 1612.05628",
    ),
    "idf_mean": Strategy(
        (),  # bound to its IdfWeights in `resolve_pooling`
        "average, rare tokens weigh more",
        r"v = \sum_t \frac{\mathrm{idf}_t}{\sum_s \mathrm{idf}_s}\, h_t,\quad "
        r"\mathrm{idf}_t = \ln\frac{1+N}{1+\mathrm{df}_t} + 1",
        "Spärck Jones, 1972; weights as in BERTScore, arXiv 1904.09675",
    ),
    "mean_with_padding": Strategy(
        (mean_with_padding,),
        "a mistake on purpose: [PAD] is averaged too",
        r"v = \frac{1}{P}\left(\sum_{t=1}^{n} h_t + \sum_{t=n+1}^{P} h_{\mathrm{[PAD]},t}\right)",
        "the attention mask, forgotten",
    ),
}

SAVABLE = {name: s.saved_as for name, s in POOLINGS.items() if s.saved_as is not None}


@dataclass(frozen=True)
class Pooling:
    """A strategy with its parameters bound, ready to run."""

    key: str  # complete: equal keys pool equally
    parts: tuple[WeightFn, ...]
    pad_to: int = 0  # the batch must be padded to at least this many tokens

    def weights(self, hidden: Tensor, tokens: Tokens) -> list[Tensor]:
        """One (B, T, 1 or H) per part."""
        return [part(hidden, tokens) for part in self.parts]

    def __call__(self, hidden: Tensor, tokens: Tokens) -> Tensor:
        """(B, T, H) to (B, H * number of parts)."""
        return torch.cat([weigh(w, hidden) for w in self.weights(hidden, tokens)], dim=-1)


def weigh(weights: Tensor, hidden: Tensor) -> Tensor:
    """Sum over T of weights (B, T, 1 or H) * hidden (B, T, H). Returns (B, H)."""
    if weights.shape[-1] == 1:  # a matrix product is several times faster than multiply and add
        return (weights.transpose(1, 2) @ hidden).squeeze(1)
    return (weights * hidden).sum(1)


def resolve_pooling(name: str, idf: Callable[[], IdfWeights] | None = None) -> Pooling:
    """The pooling called `name`: one of POOLINGS, "soft:4", "mean_with_padding:128", "cls+mean".

    `idf` gives the weights of `idf_mean` when it is asked for. Raises UnknownName, or EncoderError
    for a parameter out of range.
    """
    if not isinstance(name, str):
        raise UnknownName("pooling", name, POOLINGS)
    if "+" in name:
        several = [resolve_pooling(part, idf) for part in name.split("+")]
        return Pooling(
            "+".join(p.key for p in several),
            tuple(part for p in several for part in p.parts),
            max(p.pad_to for p in several),
        )
    base, colon, parameter = name.partition(":")
    if base not in POOLINGS or (colon and base not in ("soft", "mean_with_padding")):
        raise UnknownName("pooling", name, [*POOLINGS, "soft:BETA", "mean_with_padding:LENGTH"])
    if base == "soft":
        beta = _number(name, float, parameter, -1000, 1000) if colon else 1.0
        return Pooling(f"soft:{beta!r}", (partial(soft, beta=beta),))
    if base == "mean_with_padding":
        length = int(_number(name, int, parameter, 1, 4096)) if colon else PAD_LENGTH
        return Pooling(f"{base}:{length}", (partial(mean_with_padding, length=length),), length)
    if base == "idf_mean":
        if idf is None:
            raise EncoderError(
                f"Pooling {name!r} needs IdfWeights; make them with encoder.fit_idf(texts)."
            )
        weights = idf()
        return Pooling(f"{base}:{weights.fingerprint}", (partial(idf_mean, idf=weights),))
    return Pooling(base, POOLINGS[base].parts)


def _number(name: str, kind: type[int] | type[float], text: str, low: int, high: int) -> float:
    try:
        value: float = kind(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:  # also false for NaN
        what = "a whole number" if kind is int else "a number"
        raise EncoderError(
            f"The parameter of pooling {name!r} must be {what} from {low} to {high}."
        )
    return value
