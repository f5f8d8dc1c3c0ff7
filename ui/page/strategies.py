"""How each pooling strategy looks on the page and reads as Python: one row a strategy.

What a strategy computes is its entry in `encoder.POOLINGS`. One that has no row here works
everywhere on the page, in the page's own colour and without Python.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class StrategyLook:
    """What the page adds to an entry of POOLINGS.

    `code` makes `vectors` (B, D) of `hidden` (B, T, H) and `mask` (B, T), True on the tokens that
    count. In it {parameter} is the strategy's number and {idf} the weights of tokens; other braces
    are doubled.
    """

    colour: str
    symbols: str = ""  # what the letters of its formula stand for, beside h, t and n
    code: str = ""
    short_code: str = ""  # instead of mask and `code` where every token counts
    words_only: bool = False  # the mask leaves out the special tokens, whatever the page says
    unsaved: str = ""  # why sentence-transformers has no such pooling, as a sentence


_ONES = "w = mask.unsqueeze(-1).float()  # (B, T, 1)"
_WEIGHTED = "vectors = (w * hidden).sum(1) / w.sum(1)  # (B, H)"
_MEAN = f"{_ONES}\n{_WEIGHTED}"

# Hues of like lightness, readable on white and on near-black; names stand beside them everywhere,
# since so many hues cannot all be told apart.
LOOKS: dict[str, StrategyLook] = {
    "mean": StrategyLook("#3b7dd8", code=_MEAN),
    "max": StrategyLook(
        "#d9622b",
        symbols="$d$ is one dimension",
        code="vectors = hidden.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(1)  # (B, H)",
    ),
    "cls": StrategyLook(
        "#2a9d6f",
        code="""\
first = mask.int().argmax(1)  # (B,)
vectors = hidden[torch.arange(2), first]  # (B, H)""",
        short_code="vectors = hidden[:, 0]  # (B, H)",
    ),
    "mean_sqrt_len": StrategyLook(
        "#6ba4e8",
        code=f"""\
{_ONES}
vectors = (w * hidden).sum(1) / w.sum(1).sqrt()  # (B, H)""",
    ),
    "weighted_mean": StrategyLook(
        "#7a6fd0",
        code=f"""\
position = torch.arange(1, mask.shape[1] + 1)  # (T,): 1, 2, 3, ...
w = (mask * position).unsqueeze(-1)  # (B, T, 1)
{_WEIGHTED}""",
    ),
    "last_token": StrategyLook(
        "#8f9a2e",
        code="""\
last = (mask * torch.arange(mask.shape[1])).argmax(1)  # (B,)
vectors = hidden[torch.arange(2), last]  # (B, H)""",
        short_code="""\
last = batch["attention_mask"].sum(1) - 1  # (B,)
vectors = hidden[torch.arange(2), last]  # (B, H)""",
    ),
    "min": StrategyLook(
        "#c08a2c",
        symbols="$d$ is one dimension",
        code="vectors = hidden.masked_fill(~mask.unsqueeze(-1), torch.inf).amin(1)  # (B, H)",
        unsaved="sentence-transformers has no min pooling.",
    ),
    "mean_max": StrategyLook(
        "#b0568f",
        code=f"""\
{_ONES}
average = (w * hidden).sum(1) / w.sum(1)  # (B, H)
largest = hidden.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(1)  # (B, H)
vectors = torch.cat([average, largest], dim=-1)  # (B, 2H)""",
    ),
    "mean_no_special": StrategyLook(
        "#2f9fb3",
        symbols="$W$ are the tokens that are not special",
        code=_MEAN,
        words_only=True,
        unsaved="sentence-transformers cannot leave the special tokens out of its mean.",
    ),
    "soft": StrategyLook(
        "#c9566b",
        symbols=r"$d$ is one dimension and $\beta = 1$",
        code="""\
beta = {parameter}
w = (beta * hidden).masked_fill(~mask.unsqueeze(-1), -torch.inf).softmax(1)  # (B, T, H)
vectors = (w * hidden).sum(1)  # (B, H)""",
        unsaved="sentence-transformers has no softmax pooling.",
    ),
    "idf_mean": StrategyLook(
        "#5f8f4e",
        symbols=r"$N$ is the number of background texts, $\mathrm{df}_t$ how many of them hold "
        "the token",
        code=f"""\
idf = {{idf}}  # ln((1 + N) / (1 + df)) + 1, counted over N other texts
rarity = [[idf.get(token, 0.0) for token in batch.tokens(i)] for i in range(2)]
w = (mask * torch.tensor(rarity)).unsqueeze(-1)  # (B, T, 1)
{_WEIGHTED}""",
        unsaved="sentence-transformers has no idf-weighted mean for transformers.",
    ),
    "mean_with_padding": StrategyLook(
        "#8a8f98",
        symbols="$P$ is 64, or $n$ where the sentence is longer",
        code=f"""\
padding = batch["attention_mask"].eq(0) & (torch.arange(T) < {{parameter}})  # (B, T)
mask = mask | padding  # the mistake, on purpose
{_MEAN}""",
        unsaved="sentence-transformers always applies the attention mask, so it cannot make this "
        "mistake.",
    ),
}

NO_LOOK = StrategyLook("var(--lab-dim)")


def look(pooling: str) -> StrategyLook:
    """The row of a strategy, also by a name with a number such as "soft:4"."""
    return LOOKS.get(pooling.partition(":")[0], NO_LOOK)
