"""Pooling: token vectors (B, T, H) to one vector a sentence, each strategy as explicit weights.

A strategy is a function `weights(hidden (B, T, H), tokens) -> (B, T, 1 or H)`; the pooled vector is
the sum over T of weights * hidden. With the weights fixed this is linear in the token vectors: that
is why every cosine here can be taken apart token by token (see `encoder.trace`).

A new strategy is such a function and an entry of POOLINGS. Its colour and its Python on the page
are a row of `ui.page.strategies`; `bench/calibrate.py` measures what its cosines are worth.

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
class Parameter:
    """The number in "soft:4", which each function of a strategy takes under its name."""

    name: str
    usual: int | float  # where only the strategy is named; its type is that of every value
    low: int
    high: int
    pads: bool = False  # the batch must be padded to at least this many tokens

    def parse(self, pooling: str) -> int | float:
        """The number behind the colon, or the usual one. Raises EncoderError."""
        _, colon, text = pooling.partition(":")
        if not colon:
            return self.usual
        try:
            value = type(self.usual)(text)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:  # also false for NaN
            what = "a whole number" if isinstance(self.usual, int) else "a number"
            raise EncoderError(
                f"The parameter of pooling {pooling!r} must be {what} from {self.low} to "
                f"{self.high}."
            )
        return value


@dataclass(frozen=True)
class Strategy:
    """One entry of the registry: its weights, and what the screen says about it."""

    parts: tuple[Callable[..., Tensor], ...]  # several are concatenated
    title: str
    latex: str
    source: str
    saved_as: tuple[str, ...] = ()  # its modes in a sentence-transformers pooling config
    parameter: Parameter | None = None
    needs_idf: bool = False  # its functions take `idf`, the weights of all tokens
    is_mistake: bool = False  # shown to be recognised, not to be used


POOLINGS: dict[str, Strategy] = {
    "mean": Strategy(
        (mean,),
        "average of all tokens",
        r"v = \frac{1}{n}\sum_{t=1}^{n} h_t",
        "SBERT, arXiv 1908.10084, sec. 3",
        saved_as=("mean",),
    ),
    "max": Strategy(
        (max_pool,),
        "largest value in each dimension",
        r"v_d = \max_{t} h_{t,d}",
        "SBERT, arXiv 1908.10084, sec. 3",
        saved_as=("max",),
    ),
    "cls": Strategy(
        (cls,),
        "first token only",
        r"v = h_1",
        "BERT, arXiv 1810.04805, sec. 3",
        saved_as=("cls",),
    ),
    "mean_sqrt_len": Strategy(
        (mean_sqrt_len,),
        "sum divided by the square root of the length",
        r"v = \frac{1}{\sqrt{n}}\sum_{t=1}^{n} h_t",
        "Universal Sentence Encoder, arXiv 1803.11175",
        saved_as=("mean_sqrt_len_tokens",),
    ),
    "weighted_mean": Strategy(
        (weighted_mean,),
        "average, later tokens weigh more",
        r"v = \sum_{t=1}^{n} \frac{t}{\sum_{s=1}^{n} s}\, h_t",
        "SGPT, arXiv 2202.08904, eq. 2",
        saved_as=("weightedmean",),
    ),
    "last_token": Strategy(
        (last_token,),
        "last token only",
        r"v = h_n",
        "text and code embeddings, arXiv 2201.10005",
        saved_as=("lasttoken",),
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
        saved_as=("mean", "max"),
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
        parameter=Parameter("beta", usual=1.0, low=-1000, high=1000),
    ),
    "idf_mean": Strategy(
        (idf_mean,),
        "average, rare tokens weigh more",
        r"v = \sum_t \frac{\mathrm{idf}_t}{\sum_s \mathrm{idf}_s}\, h_t,\quad "
        r"\mathrm{idf}_t = \ln\frac{1+N}{1+\mathrm{df}_t} + 1",
        "Spärck Jones, 1972; weights as in BERTScore, arXiv 1904.09675",
        needs_idf=True,
    ),
    "mean_with_padding": Strategy(
        (mean_with_padding,),
        "a mistake on purpose: [PAD] is averaged too",
        r"v = \frac{1}{P}\left(\sum_{t=1}^{n} h_t + \sum_{t=n+1}^{P} h_{\mathrm{[PAD]},t}\right)",
        "the attention mask, forgotten",
        parameter=Parameter("length", usual=PAD_LENGTH, low=1, high=4096, pads=True),
        is_mistake=True,
    ),
}

# The strategies that are one mode of sentence-transformers; others are written as several, or not.
SAVABLE = {name: s.saved_as[0] for name, s in POOLINGS.items() if len(s.saved_as) == 1}


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
    strategy = strategy_of(name)
    key, bound, pad_to = name.partition(":")[0], dict[str, object](), 0
    if (parameter := strategy.parameter) is not None:
        value = parameter.parse(name)
        key += f":{value!r}"
        bound[parameter.name] = value
        pad_to = int(value) if parameter.pads else 0
    if strategy.needs_idf:
        if idf is None:
            raise EncoderError(
                f"Pooling {name!r} needs IdfWeights; make them with encoder.fit_idf(texts)."
            )
        weights = idf()
        key += f":{weights.fingerprint}"
        bound["idf"] = weights
    return Pooling(key, tuple(partial(part, **bound) for part in strategy.parts), pad_to)


def strategy_of(name: str) -> Strategy:
    """The entry that "mean" or "soft:4" names. Raises UnknownName, also for a number too many."""
    base, colon, _ = name.partition(":")
    strategy = POOLINGS.get(base)
    if strategy is None or (colon and strategy.parameter is None):
        with_number = [
            f"{other}:{s.parameter.name.upper()}" for other, s in POOLINGS.items() if s.parameter
        ]
        raise UnknownName("pooling", name, [*POOLINGS, *with_number])
    return strategy
