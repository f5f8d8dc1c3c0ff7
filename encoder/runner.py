"""The plumbing of an encoder: settings to tokens to hidden states, and the keys of its caches."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from encoder.backbone import Backbone
from encoder.batching import TOKEN_BUDGET, batches, pieces
from encoder.cache import VERSION, ArrayCache
from encoder.errors import EncoderError, UnknownName
from encoder.folder import Recipe
from encoder.idf import IdfWeights
from encoder.layers import Layer, canonical_layer
from encoder.pooling import Pooling, resolve_pooling
from encoder.text import clean_texts
from encoder.tokens import PaddingSide, TokenizedText, Tokens, pad

log = logging.getLogger(__name__)

CACHE_BYTES = 64 * 2**20
SPECIALS = 4  # [CLS], [SEP] and the like around a text, at most
CUT_AT_ONCE = 1_000  # texts whose tokens are held


@dataclass(frozen=True)
class Options:
    """Settings that change the vectors, beside pooling and layer. All of them are in every key."""

    prompt: str | None = None  # a prompt of the model by name, or a text; None: its default
    pool_special: bool = True  # False takes [CLS], [SEP], ... out of the pooling mask
    idf: IdfWeights | None = None  # for `idf_mean`; None: fitted on the bundled background set
    # Makes no difference to any vector; kept for the proof. Padding that is itself averaged, by
    # `mean_with_padding`, always stands on the right: relative positions would tell the side.
    padding_side: PaddingSide = "right"


DEFAULTS = Options()


class Runner:
    """A transformer and the recipe for what comes after it. Never changed after it is made."""

    def __init__(
        self, name: str, backbone: Backbone, recipe: Recipe, cache: ArrayCache | None = None
    ) -> None:
        self.name = name
        self.backbone = backbone
        self.recipe = recipe
        self.cache = cache if cache is not None else ArrayCache(CACHE_BYTES)
        self.dimensions = backbone.hidden_size * len(recipe.modes)  # D of the own pipeline
        for module in recipe.head:
            self.dimensions = module.width(self.dimensions)

    @property
    def pooling(self) -> str:
        """The model's own pooling."""
        return self.recipe.pooling

    def tokenize(self, text: str, options: Options = DEFAULTS) -> TokenizedText:
        """One sentence as ids and flags, cut to the model's limit."""
        [clean] = clean_texts([text])
        return self.backbone.tokenize([clean], self.prompt(options), self.recipe.include_prompt)[0]

    def cut(self, texts: Sequence[str], options: Options = DEFAULTS) -> list[int]:
        """How many tokens of each text are beyond what the model reads."""
        clean, prompt, counts = clean_texts(texts), self.prompt(options), [0] * len(texts)
        # No token is shorter than a byte: what is shorter than the limit need not be looked at.
        room = self.backbone.max_tokens - SPECIALS - len(prompt.encode())
        long = [i for i, text in enumerate(clean) if len(text.encode()) > room]
        for at in range(0, len(long), CUT_AT_ONCE):
            some = long[at : at + CUT_AT_ONCE]
            for i, text in zip(
                some, self.backbone.tokenize([clean[i] for i in some], prompt), strict=True
            ):
                counts[i] = text.cut
        return counts

    def fit_idf(self, texts: Sequence[str]) -> IdfWeights:
        """IdfWeights over a corpus, counted in this model's tokens."""
        return self.backbone.fit_idf(clean_texts(texts))

    def _run(
        self, texts: Sequence[str], pad_to: int, options: Options
    ) -> Iterator[tuple[list[int], Tokens, tuple[Tensor, ...]]]:
        """Forward passes over distinct texts: (indices, tokens, hidden states), one batch alive.

        Tokens are made in pieces, and those of one piece are held.
        """
        pad_to = min(pad_to, self.backbone.max_tokens)
        cut: list[int] = []
        for piece in pieces(texts):
            tokenized = self.backbone.tokenize(
                [texts[i] for i in piece], self.prompt(options), self.recipe.include_prompt
            )
            cut += [text.cut for text in tokenized if text.cut]
            for batch in batches([len(t.ids) for t in tokenized], TOKEN_BUDGET, pad_to):
                tokens = self._pad([tokenized[i] for i in batch], pad_to, options)
                yield [piece[i] for i in batch], tokens, self.backbone.forward(tokens)
        if cut:
            log.warning(
                "%d of %d texts were cut to the %d tokens that %s reads; the longest lost %d.",
                *(len(cut), len(texts), self.backbone.max_tokens, self.name, max(cut)),
            )

    def _states(
        self, text: str, tokenized: TokenizedText, pooling: Pooling, options: Options
    ) -> tuple[list[Tensor], Tokens]:
        """L+1 float64 states of (1, T, H) for one sentence, padded as the pooling needs it."""
        hidden = self._hidden(text, tokenized, pooling.pad_to, options).astype(np.float64)
        return list(torch.from_numpy(hidden).unsqueeze(1)), self._pad(
            [tokenized], pooling.pad_to, options
        )

    def _hidden(
        self, text: str, tokenized: TokenizedText, pad_to: int, options: Options
    ) -> np.ndarray:
        """(L+1, T, H) float32 of one sentence; what is pooled from it does not matter here."""
        tokens = self._pad([tokenized], pad_to, options)
        plain = replace(options, pool_special=True, idf=None)
        key = self._key(text, f"hidden:{tokens.ids.shape[1]}", "all", plain, native=False)
        states = self.cache.get(key)
        if states is None:
            states = torch.stack(self.backbone.forward(tokens))[:, 0].numpy()
            self.cache.put(key, states)
        return states

    def _pad(self, texts: Sequence[TokenizedText], pad_to: int, options: Options) -> Tokens:
        return pad(
            texts,
            self.backbone.pad_id,
            pad_to=min(pad_to, self.backbone.max_tokens),
            side="right" if pad_to else options.padding_side,
            pool_special=options.pool_special,
        )

    def _pooling(self, pooling: str, options: Options) -> Pooling:
        return resolve_pooling(pooling, lambda: self._idf(options))

    def _idf(self, options: Options) -> IdfWeights:
        if options.idf is None:
            return self.backbone.background_idf
        size, needed = len(options.idf.table), self.backbone.model.config.vocab_size
        if size != needed:
            raise EncoderError(
                f"These IdfWeights are for {size} tokens; this model has {needed}. Make them with "
                "this encoder's own fit_idf(texts)."
            )
        return options.idf

    def _check_layer(self, pooling: str | None, layer: Layer) -> Layer:
        layer = canonical_layer(layer, self.backbone.depth)
        if pooling is None and layer != self.backbone.depth:
            raise EncoderError(
                f"The model's own pipeline ends on its last layer, {self.backbone.depth}, not on "
                f"{layer!r}. Name a pooling, e.g. pooling={self.pooling!r}, to use another layer."
            )
        return layer

    def prompt(self, options: Options = DEFAULTS) -> str:
        """The text put before every sentence, or "".

        What ends in a letter or a digit is a name: as a text it would run into the first word.
        Raises UnknownName where the model has no prompt of that name.
        """
        prompts = self.recipe.prompts
        prompt = self.recipe.default_prompt_name if options.prompt is None else options.prompt
        if prompt is None or prompt in prompts:
            return "" if prompt is None else prompts[prompt]
        if prompt[-1:].isalnum():
            a_text = f"a text that does not run into the first word, such as {prompt + ': '!r}"
            raise UnknownName(f"prompt of {self.name}", prompt, [*prompts, a_text])
        return prompt

    def _through_head(self, vectors: Tensor) -> Tensor:
        for module in self.recipe.head:
            vectors = module.apply(vectors)
        return vectors

    def _width(self, pooling: Pooling) -> int:
        return self.backbone.hidden_size * len(pooling.parts)

    def _key(
        self, text: str, pooling: str, layer: Layer, options: Options, native: bool
    ) -> tuple[object, ...]:
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        settings = (self.prompt(options), options.pool_special, options.padding_side)
        recipe = self._recipe_key if native else self.recipe.include_prompt
        return (VERSION, self.backbone.fingerprint, pooling, layer, settings, recipe, digest)

    @cached_property
    def identity(self) -> str:
        """A digest of all that vectors come from: the transformer, its head, and their settings.

        Two encoders share it only where they give the same vectors: what is kept for one may be
        given to who asks for the other. Names have no part in it, and no weight is left out.
        """
        recipe = self.recipe
        settings = (
            *(VERSION, self.backbone.fingerprint, recipe.modes, recipe.max_seq_length),
            *(recipe.do_lower_case, recipe.static, recipe.default_prompt_name),
            *(sorted(recipe.prompts.items()), self.dimensions, self._recipe_key),
        )
        return hashlib.blake2b(repr(settings).encode(), digest_size=16).hexdigest()

    @cached_property
    def _recipe_key(self) -> tuple[object, ...]:
        return (self.recipe.include_prompt, *(module.key for module in self.recipe.head))
