"""The score on screen as a few lines of Python that run without this app.

A snippet is one frame (`_FRAME`) with three choices put in: which hidden states, which tokens
count (`_MASK`), and how they are pooled (`_POOL`). Texts enter through repr() only, so that they
stay inside their quotes whatever they hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from encoder import POOLINGS, SAVABLE, Encoder, EncoderError, Layer, Options, UnknownName
from encoder.layers import canonical_layer, layer_indices
from encoder.pooling import resolve_pooling
from encoder.runner import DEFAULTS
from encoder.text import clean_texts


@dataclass(frozen=True)
class SnippetRequest:
    """What is on screen: the pair, the model, and how it is pooled.

    Raises UnknownName or EncoderError for a pooling or layer that does not exist, and for
    `idf_mean` without weights.
    """

    a: str
    b: str
    model: str  # what from_pretrained takes: a Hub id or a folder
    pooling: str  # one of POOLINGS, "soft:4", "mean_with_padding:128"
    layer: Layer
    depth: int  # L, the blocks of the model
    max_tokens: int
    pool_special: bool = True
    prompt: str = ""  # the text itself, put before both sentences
    idf: Mapping[str, float] = field(default_factory=dict)  # for `idf_mean`: see `pair_idf`
    seed: int | None = None  # random weights drawn from this seed instead of the trained ones

    def __post_init__(self) -> None:
        canonical_layer(self.layer, self.depth)
        if self.strategy[0] == "idf_mean" and not self.idf:
            raise EncoderError(
                "The Python of pooling 'idf_mean' states the weight of each token, but `idf` is "
                "empty; fill it with pair_idf(encoder, a, b)."
            )

    @property
    def strategy(self) -> tuple[str, str]:
        """The name in POOLINGS, and its parameter as Python or ""."""
        if self.pooling == "idf_mean":
            return self.pooling, ""
        base, _, parameter = resolve_pooling(self.pooling).key.partition(":")
        if base not in POOLINGS:
            raise UnknownName("pooling of a snippet", self.pooling, POOLINGS)
        if base == "mean_with_padding":  # no model can be padded to more than it reads
            return base, str(min(int(parameter), self.max_tokens))
        return base, parameter

    @property
    def words_only(self) -> bool:
        """True where [CLS], [SEP], <s>, ... are left out of the pooling."""
        return not self.pool_special or self.strategy[0] == "mean_no_special"


def pair_idf(encoder: Encoder, a: str, b: str, options: Options = DEFAULTS) -> dict[str, float]:
    """The idf weight of each token of two sentences, in order: what `idf_mean` needs.

    The weights are those of `options`, or else the background set's.
    """
    idf = options.idf if options.idf is not None else encoder.backbone.background_idf
    ids = [token for text in (a, b) for token in encoder.tokenize(text, options).ids]
    weights = idf.lookup(torch.tensor(ids)).tolist()
    return dict(zip(encoder.backbone.strings(ids), weights, strict=True))


# --- transformers -------------------------------------------------------------------------------

_FRAME = """\
import torch
from transformers import {config}AutoModel, AutoTokenizer

name = {model}
tokenizer = AutoTokenizer.from_pretrained(name, padding_side="right")
{weights}

a = {a}
b = {b}
texts = [{prompt}a, {prompt}b]
{batch}
with torch.no_grad():
    {hidden}
{pool}
cosine = torch.cosine_similarity(vectors[0], vectors[1], dim=0)
print(f"{{cosine.item():.6f}}")
"""

_TRAINED = "model = AutoModel.from_pretrained(name, dtype=torch.float32)"
_RANDOM = """\
torch.manual_seed({seed})  # random weights instead of the trained ones
model = AutoModel.from_config(AutoConfig.from_pretrained(name)).eval()"""

_PADDING = "padding=True, truncation=True, max_length={max_tokens}"
_PADDING_TO = 'padding="max_length", truncation=True, max_length=T'
_LENGTH = """\
ids = tokenizer(texts, truncation=True, max_length={max_tokens})["input_ids"]
T = max({parameter}, len(ids[0]), len(ids[1]))  # {parameter}, or the longer sentence
"""

_BATCH = {  # by `words_only`
    False: 'batch = tokenizer(texts, {padding}, return_tensors="pt")',
    True: """\
batch = tokenizer(
    texts, {padding},
    return_special_tokens_mask=True, return_tensors="pt",
)
special = batch.pop("special_tokens_mask").bool()  # (B, T): True on [CLS], [SEP] and the like""",
}

_LAYER_NOTES = {
    "first_last": "first and last layer",
    "last2": "last two layers",
    0: "input embeddings",
}

_MASK = {  # by `words_only`
    False: 'mask = batch["attention_mask"].bool()  # (B, T): True on tokens, False on padding',
    True: 'mask = batch["attention_mask"].bool() & ~special  # (B, T): True on words',
}

_ONES = "w = mask.unsqueeze(-1).float()  # (B, T, 1)"
_WEIGHTED = "vectors = (w * hidden).sum(1) / w.sum(1)  # (B, H)"
_MEAN = f"{_ONES}\n{_WEIGHTED}"

_POOL = {  # what follows the mask
    "mean": _MEAN,
    "max": "vectors = hidden.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(1)  # (B, H)",
    "cls": """\
first = mask.int().argmax(1)  # (B,)
vectors = hidden[torch.arange(2), first]  # (B, H)""",
    "mean_sqrt_len": f"""\
{_ONES}
vectors = (w * hidden).sum(1) / w.sum(1).sqrt()  # (B, H)""",
    "weighted_mean": f"""\
position = torch.arange(1, mask.shape[1] + 1)  # (T,): 1, 2, 3, ...
w = (mask * position).unsqueeze(-1)  # (B, T, 1)
{_WEIGHTED}""",
    "last_token": """\
last = (mask * torch.arange(mask.shape[1])).argmax(1)  # (B,)
vectors = hidden[torch.arange(2), last]  # (B, H)""",
    "min": "vectors = hidden.masked_fill(~mask.unsqueeze(-1), torch.inf).amin(1)  # (B, H)",
    "mean_max": f"""\
{_ONES}
average = (w * hidden).sum(1) / w.sum(1)  # (B, H)
largest = hidden.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(1)  # (B, H)
vectors = torch.cat([average, largest], dim=-1)  # (B, 2H)""",
    "mean_no_special": _MEAN,
    "soft": """\
beta = {parameter}
w = (beta * hidden).masked_fill(~mask.unsqueeze(-1), -torch.inf).softmax(1)  # (B, T, H)
vectors = (w * hidden).sum(1)  # (B, H)""",
    "idf_mean": f"""\
idf = {{idf}}  # ln((1 + N) / (1 + df)) + 1, counted over N other texts
rarity = [[idf.get(token, 0.0) for token in batch.tokens(i)] for i in range(2)]
w = (mask * torch.tensor(rarity)).unsqueeze(-1)  # (B, T, 1)
{_WEIGHTED}""",
    "mean_with_padding": f"""\
padding = batch["attention_mask"].eq(0) & (torch.arange(T) < {{parameter}})  # (B, T)
mask = mask | padding  # the mistake, on purpose
{_MEAN}""",
}

_POOL_AT = {  # instead of mask and `_POOL` where every token counts: the usual, shorter form
    "cls": "vectors = hidden[:, 0]  # (B, H)",
    "last_token": """\
last = batch["attention_mask"].sum(1) - 1  # (B,)
vectors = hidden[torch.arange(2), last]  # (B, H)""",
}

_NO_WORD = "vectors = torch.where(mask.any(1, keepdim=True), vectors, 0.0)  # no word: 0, not NaN"


def transformers_snippet(r: SnippetRequest) -> str:
    """Plain transformers and torch, printing the cosine that is on screen to 6 digits."""
    return _FRAME.format(
        config="" if r.seed is None else "AutoConfig, ",
        model=_literal(r.model),
        weights=_TRAINED if r.seed is None else _RANDOM.format(seed=r.seed),
        a=_literal(r.a),
        b=_literal(r.b),
        prompt=f"{_literal(r.prompt)} + " if r.prompt else "",
        batch=_batch(r),
        hidden=_hidden(r),
        pool=_pool(r),
    )


def _batch(r: SnippetRequest) -> str:
    strategy, parameter = r.strategy
    length, padding = "", _PADDING
    if strategy == "mean_with_padding":
        length, padding = _LENGTH, _PADDING_TO
    call = _BATCH[r.words_only].format(padding=padding)
    return (length + call).format(max_tokens=r.max_tokens, parameter=parameter)


def _hidden(r: SnippetRequest) -> str:
    layer = canonical_layer(r.layer, r.depth)
    if layer == r.depth:
        return "hidden = model(**batch).last_hidden_state  # (B, T, H)"
    states = [
        "out.last_hidden_state" if index == r.depth else f"out.hidden_states[{index}]"
        for index in layer_indices(layer, r.depth)
    ]
    state = states[0] if len(states) == 1 else f"({' + '.join(states)}) / 2"
    note = _LAYER_NOTES.get(layer, f"after block {layer} of {r.depth}")
    return f"""\
out = model(**batch, output_hidden_states=True)
hidden = {state}  # (B, T, H): {note}"""


def _pool(r: SnippetRequest) -> str:
    strategy, parameter = r.strategy
    if strategy in _POOL_AT and not r.words_only:
        return _POOL_AT[strategy]
    pool = _POOL[strategy].format(parameter=parameter, idf=_idf_literal(r.idf))
    return "\n".join([_MASK[r.words_only], pool, *([_NO_WORD] if r.words_only else [])])


def _idf_literal(idf: Mapping[str, float]) -> str:
    """A dict literal, 4 tokens a line; 9 digits give back any float32."""
    entries = [f"{_literal(token)}: {weight:.9g}," for token, weight in idf.items()]
    rows = [f"    {' '.join(entries[i : i + 4])}" for i in range(0, len(entries), 4)]
    return "\n".join(["{", *rows, "}"])


def _literal(text: str) -> str:
    """A Python string literal on one line, lone surrogates replaced as the encoder does."""
    [clean] = clean_texts([text])
    return repr(clean)


# --- sentence-transformers ----------------------------------------------------------------------

_MODES = {name: f'"{saved}"' for name, saved in SAVABLE.items()} | {"mean_max": '("mean", "max")'}

_LACKING = {
    "min": "sentence-transformers has no min pooling.",
    "mean_no_special": "sentence-transformers cannot leave the special tokens out of its mean.",
    "soft": "sentence-transformers has no softmax pooling.",
    "idf_mean": "sentence-transformers has no idf-weighted mean for transformers.",
    "mean_with_padding": "sentence-transformers always applies the attention mask, so it cannot "
    "make this mistake.",
}


def why_no_sentence_transformers(r: SnippetRequest) -> str:
    """One sentence on what sentence-transformers cannot do here; "" where there is a snippet."""
    strategy, _ = r.strategy
    if strategy not in _MODES:
        return _LACKING[strategy]
    if canonical_layer(r.layer, r.depth) != r.depth:
        return "sentence-transformers pools the last layer only."
    if not r.pool_special:
        return "sentence-transformers always pools the special tokens too."
    if r.seed is not None:
        return "sentence-transformers loads trained weights, and this model's are random."
    return ""


def sentence_transformers_snippet(r: SnippetRequest) -> str | None:
    """The same cosine by sentence-transformers, or None: see `why_no_sentence_transformers`."""
    if why_no_sentence_transformers(r):
        return None
    prompt = f", prompt={_literal(r.prompt)}" if r.prompt else ""
    return f"""\
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

name = {_literal(r.model)}
transformer = Transformer(name, max_seq_length={r.max_tokens}, model_kwargs={{"dtype": "float32"}})
dimension = transformer.get_embedding_dimension()  # H
pooling = Pooling(dimension, pooling_mode={_MODES[r.strategy[0]]})
model = SentenceTransformer(modules=[transformer, pooling])

a = {_literal(r.a)}
b = {_literal(r.b)}
vectors = model.encode([a, b]{prompt})  # (B, D)
print(f"{{model.similarity(vectors[0], vectors[1]).item():.6f}}")
"""
