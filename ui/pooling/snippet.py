"""The score on screen as a few lines of Python that run without this app.

A snippet is one frame (`_FRAME`) with three choices put in: which hidden states, which tokens
count (`_MASK`), and how they are pooled (the strategy's row in `ui.page.strategies`). Texts enter
through repr() only, so that they stay inside their quotes whatever they hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from encoder import Encoder, EncoderError, Layer, Options
from encoder.layers import canonical_layer, layer_indices
from encoder.pooling import Strategy, strategy_of
from encoder.runner import DEFAULTS
from encoder.text import clean_texts
from ui.page.strategies import StrategyLook, look


@dataclass(frozen=True)
class SnippetRequest:
    """What is on screen: the pair, the model, and how it is pooled.

    Raises UnknownName or EncoderError for a pooling or layer that does not exist, and for
    a pooling by idf without weights.
    """

    a: str
    b: str
    model: str  # what from_pretrained takes: a Hub id or a folder; of an own one, its name
    pooling: str  # one of POOLINGS, "soft:4", "mean_with_padding:128"
    layer: Layer
    depth: int  # L, the blocks of the model
    max_tokens: int
    pool_special: bool = True
    prompt: str = ""  # the text itself, put before both sentences
    idf: Mapping[str, float] = field(default_factory=dict)  # of each token: see `pair_idf`
    seed: int | None = None  # random weights drawn from this seed instead of the trained ones
    own: bool = False  # the visitor's own model, which is nowhere but here

    def __post_init__(self) -> None:
        canonical_layer(self.layer, self.depth)
        if self.strategy.parameter is not None:
            self.strategy.parameter.parse(self.pooling)
        if self.strategy.needs_idf and not self.idf:
            raise EncoderError(
                f"The Python of pooling {self.pooling!r} states the weight of each token, but "
                "`idf` is empty; fill it with pair_idf(encoder, a, b)."
            )

    @property
    def strategy(self) -> Strategy:
        """The entry in POOLINGS."""
        return strategy_of(self.pooling)

    @property
    def look(self) -> StrategyLook:
        """The row of the strategy."""
        return look(self.pooling)

    @property
    def pads(self) -> bool:
        """True where the strategy reads padding, so that its length must be the same everywhere."""
        return self.strategy.parameter is not None and self.strategy.parameter.pads

    @property
    def parameter(self) -> str:
        """The strategy's number as Python, or ""."""
        if self.strategy.parameter is None:
            return ""
        value = self.strategy.parameter.parse(self.pooling)
        # No model can be padded to more than it reads.
        return repr(min(value, self.max_tokens) if self.pads else value)

    @property
    def words_only(self) -> bool:
        """True where [CLS], [SEP], <s>, ... are left out of the pooling."""
        return not self.pool_special or self.look.words_only


def pair_idf(encoder: Encoder, a: str, b: str, options: Options = DEFAULTS) -> dict[str, float]:
    """The idf weight of each token of two sentences, in order.

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

name = {model}{where}
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

_AT_HOME = "  # yours: the folder in what you downloaded from the Fine-tune tab"
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

_NO_WORD = "vectors = torch.where(mask.any(1, keepdim=True), vectors, 0.0)  # no word: 0, not NaN"


def transformers_snippet(r: SnippetRequest) -> str:
    """Plain transformers and torch, printing the cosine that is on screen to 6 digits.

    A remark for a strategy that has no Python written down.
    """
    if not r.look.code:
        return (
            f"# Pooling {r.pooling!r} is not written down as Python here; the strategy's weights "
            "are in\n# encoder/pooling.py.\n"
        )
    return _FRAME.format(
        config="" if r.seed is None else "AutoConfig, ",
        model=_literal(r.model),
        where=_AT_HOME if r.own else "",
        weights=_TRAINED if r.seed is None else _RANDOM.format(seed=r.seed),
        a=_literal(r.a),
        b=_literal(r.b),
        prompt=f"{_literal(r.prompt)} + " if r.prompt else "",
        batch=_batch(r),
        hidden=_hidden(r),
        pool=_pool(r),
    )


def _batch(r: SnippetRequest) -> str:
    length, padding = (_LENGTH, _PADDING_TO) if r.pads else ("", _PADDING)
    call = _BATCH[r.words_only].format(padding=padding)
    return (length + call).format(max_tokens=r.max_tokens, parameter=r.parameter)


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
    if r.look.short_code and not r.words_only:
        return r.look.short_code
    code = r.look.code.format(parameter=r.parameter, idf=_idf_literal(r.idf))
    return "\n".join([_MASK[r.words_only], code, *([_NO_WORD] if r.words_only else [])])


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


def why_no_sentence_transformers(r: SnippetRequest) -> str:
    """One sentence on what sentence-transformers cannot do here; "" where there is a snippet."""
    if not r.strategy.saved_as:
        return r.look.unsaved or f"sentence-transformers has no pooling {r.pooling!r}."
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
    quoted = [f'"{mode}"' for mode in r.strategy.saved_as]
    mode = quoted[0] if len(quoted) == 1 else f"({', '.join(quoted)})"
    return f"""\
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

name = {_literal(r.model)}{_AT_HOME if r.own else ""}
transformer = Transformer(name, max_seq_length={r.max_tokens}, model_kwargs={{"dtype": "float32"}})
dimension = transformer.get_embedding_dimension()  # H
pooling = Pooling(dimension, pooling_mode={mode})
model = SentenceTransformer(modules=[transformer, pooling])

a = {_literal(r.a)}
b = {_literal(r.b)}
vectors = model.encode([a, b]{prompt})  # (B, D)
print(f"{{model.similarity(vectors[0], vectors[1]).item():.6f}}")
"""
