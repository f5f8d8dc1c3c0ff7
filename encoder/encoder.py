"""The encoder: sentences to vectors, under any pooling, from any layer, with nothing hidden."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from encoder.cache import ArrayCache
from encoder.errors import UnknownName
from encoder.folder import write_recipe
from encoder.grid import MAX_BYTES, Cell, Grid
from encoder.head import Dense, LayerNorm
from encoder.layers import Layer, canonical_layer, layer_names, select_layer
from encoder.pooling import POOLINGS, SAVABLE, Pooling
from encoder.runner import DEFAULTS, Options, Runner
from encoder.text import clean_texts
from encoder.tokens import Tokens
from encoder.trace import PairExplanation, Parts, Trace, explain


class Encoder(Runner):
    """A transformer with its pooling. Never changed after it is made, safe to share."""

    # --- what it is -------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """0..L, "first_last", "last2"."""
        return layer_names(self.backbone.depth)

    @property
    def max_tokens(self) -> int:
        """Tokens that fit, special ones included; what is beyond is cut and reported."""
        return self.backbone.max_tokens

    def with_pooling(self, pooling: str) -> "Encoder":
        """An encoder of this transformer under another savable pooling, without trained modules.

        A Dense or LayerNorm was trained on the pooling it came with; the others are kept.
        """
        modes = tuple(pooling.split("+"))
        savable = ["mean"] if self.recipe.static else list(SAVABLE)  # a static model has no other
        if not set(modes) <= set(savable):
            raise UnknownName("savable pooling", pooling, savable)
        head = tuple(m for m in self.recipe.head if not isinstance(m, Dense | LayerNorm))
        recipe = replace(self.recipe, modes=modes, head=head)
        return Encoder(self.name, self.backbone, recipe, self.cache)

    def with_cache(self, cache: ArrayCache) -> "Encoder":
        """An encoder like this one that keeps its vectors elsewhere, e.g. with one visitor."""
        return Encoder(self.name, self.backbone, self.recipe, cache)

    # --- vectors ----------------------------------------------------------------------------

    def encode(
        self,
        texts: Sequence[str],
        pooling: str | None = None,
        layer: Layer = -1,
        normalize: bool = True,
        options: Options = DEFAULTS,
        on_batch: Callable[[int, int], None] | None = None,
    ) -> np.ndarray:
        """Sentence vectors, float32 (N, D), in the order of the texts.

        `pooling=None` runs the model as it was saved, Dense and Normalize included; it is defined
        for the last layer. A named pooling is the plain pooled vector. An empty text is the vector
        of its special tokens alone. `on_batch` is told (distinct texts done, in all). Raises
        BadText, UnknownName.
        """
        texts = clean_texts(texts)
        layer = self._check_layer(pooling, layer)
        pooled = self._pooling(self.pooling if pooling is None else pooling, options)
        keys = [self._key(text, pooled.key, layer, options, pooling is None) for text in texts]
        rows = {key: self.cache.get(key) for key in keys}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if rows[key] is None}
        unseen = list(missing)
        done = len(rows) - len(missing)
        for indices, tokens, hidden in self._run(list(missing.values()), pooled.pad_to, options):
            vectors = pooled(select_layer(hidden, layer), tokens)
            del hidden  # else these states would still be there while the next ones are made
            if pooling is None:
                vectors = self._through_head(vectors)
            for index, vector in zip(indices, vectors.numpy(), strict=True):
                rows[unseen[index]] = vector
                self.cache.put(unseen[index], vector)
            done += len(indices)
            if on_batch:
                on_batch(done, len(rows))
        if not keys:
            width = self.dimensions if pooling is None else self._width(pooled)
            return np.zeros((0, width), np.float32)
        stacked = np.stack([row for key in keys if (row := rows[key]) is not None])
        return unit_rows(stacked) if normalize else stacked

    def unread(self, texts: Sequence[str]) -> list[str]:
        """The distinct texts for which `encode`, as the model was saved, would run it."""
        pooled, layer = self._pooling(self.pooling, DEFAULTS), self.backbone.depth
        return [
            text
            for text in dict.fromkeys(clean_texts(texts))
            if self.cache.get(self._key(text, pooled.key, layer, DEFAULTS, True)) is None
        ]

    def encode_grid(
        self,
        texts: Sequence[str],
        poolings: Sequence[str],
        layers: Sequence[Layer],
        normalize: bool = True,
        options: Options = DEFAULTS,
        max_bytes: int = MAX_BYTES,
        on_batch: Callable[[int, int], None] | None = None,
    ) -> Grid:
        """{(pooling, layer): float32 (N, D)} from one forward pass over the texts.

        Bypasses the per-text cache. Holds the token states of one batch at a time; when the result
        is larger than `max_bytes` it lies on disk and each look-up reads one cell. `on_batch` is
        told (texts done, texts in all).
        """
        texts = clean_texts(texts)
        pooled = {name: self._pooling(name, options) for name in poolings}
        requests = [(name, lay, canonical_layer(lay, self.backbone.depth)) for name in poolings
                  for lay in layers]  # fmt: skip
        distinct = list(dict.fromkeys(texts))
        rows_of: dict[str, list[int]] = {text: [] for text in distinct}
        for row, text in enumerate(texts):
            rows_of[text].append(row)
        widths = {(name, lay): self._width(pooled[name]) for name, lay, _ in requests}
        grid = Grid(widths, len(texts), max_bytes)
        pad_to = max((p.pad_to for p in pooled.values()), default=0)
        done = 0
        for indices, tokens, hidden in self._run(distinct, pad_to, options):
            # A text given several times has several rows: repeat its vector for each of them.
            rows = [row for i in indices for row in rows_of[distinct[i]]]
            repeat = [j for j, i in enumerate(indices) for _ in rows_of[distinct[i]]]
            cells = {}
            for cell, vectors in _pool_all(hidden, tokens, requests, pooled).items():
                repeated = vectors.numpy()[repeat]
                cells[cell] = unit_rows(repeated) if normalize else repeated
            del hidden
            grid.add(rows, cells)
            done += len(rows)
            if on_batch:
                on_batch(done, len(texts))
        return grid

    # --- looking inside ---------------------------------------------------------------------

    def trace(self, text: str, layer: Layer = -1, options: Options = DEFAULTS) -> Trace:
        """Every intermediate value of one sentence; the hidden states are cached."""
        [text] = clean_texts([text])
        layer = canonical_layer(layer, self.backbone.depth)
        tokenized = self.tokenize(text, options)
        pooled = self.pooled(text, list(POOLINGS), [layer], options)
        return Trace(
            text=self.prompt(options) + text,
            tokens=self.backbone.strings(tokenized.ids),
            ids=tokenized.ids,
            special=tokenized.special,
            cut=tokenized.cut,
            hidden=self._hidden(text, tokenized, 0, options),
            layer=layer,
            pooled={name: vector.astype(np.float32) for (name, _), vector in pooled.items()},
        )

    def pooled(
        self,
        text: str,
        poolings: Sequence[str],
        layers: Sequence[Layer],
        options: Options = DEFAULTS,
    ) -> dict[Cell, np.ndarray]:
        """{(pooling, layer): (D,)} of one sentence, not normalised, in float64.

        The same sums that `explain_pair` takes apart, so that both agree to the last digit.
        """
        [text] = clean_texts([text])
        tokenized = self.tokenize(text, options)
        prepared: dict[int, tuple[Tensor, Tokens]] = {}  # by padding, the K layers as a batch
        vectors: dict[Cell, np.ndarray] = {}
        for name in poolings:
            pooling = self._pooling(name, options)
            if pooling.pad_to not in prepared:
                states, tokens = self._states(text, tokenized, pooling, options)
                stacked = torch.cat([select_layer(states, layer) for layer in layers])  # (K, T, H)
                prepared[pooling.pad_to] = stacked, tokens.repeat(len(layers))
            pooled = pooling(*prepared[pooling.pad_to]).numpy()  # (K, D)
            vectors |= {(name, layer): row for layer, row in zip(layers, pooled, strict=True)}
        return vectors

    def token_states(
        self, text: str, pooling: str, layer: Layer, options: Options = DEFAULTS
    ) -> tuple[tuple[str, ...], np.ndarray]:
        """The tokens that a pooling reads, its padding included, and their vectors (T, H)."""
        [text] = clean_texts([text])
        tokenized, resolved = self.tokenize(text, options), self._pooling(pooling, options)
        states, tokens = self._states(text, tokenized, resolved, options)
        labels = self.backbone.strings(tokens.ids[0].tolist())
        return labels, select_layer(states, layer)[0].numpy()

    def explain_pair(
        self,
        a: str,
        b: str,
        pooling: str | None = None,
        layer: Layer = -1,
        options: Options = DEFAULTS,
        options_b: Options | None = None,
    ) -> PairExplanation:
        """The cosine of two sentences as a (Ta, Tb) matrix that sums to it.

        `options_b` where b is encoded in another way than a: a text behind another prompt.
        """
        layer = self._check_layer(pooling, layer)
        sides = ((a, options), (b, options if options_b is None else options_b))
        return explain(*(self._parts(text, pooling, layer, choice) for text, choice in sides))

    def _parts(self, text: str, pooling: str | None, layer: Layer, options: Options) -> Parts:
        """A sentence vector as a sum over its tokens, padding and biases included."""
        [text] = clean_texts([text])
        pooled = self._pooling(self.pooling if pooling is None else pooling, options)
        states, tokens = self._states(text, self.tokenize(text, options), pooled, options)
        hidden = select_layer(states, layer)  # (1, T, H)
        weights = pooled.weights(hidden, tokens)
        rows = torch.cat([(w * hidden)[0] for w in weights], -1)  # (T, D)
        labels = self.backbone.strings(tokens.ids[0].tolist())
        special = tuple((tokens.special | ~tokens.mask)[0].tolist())
        for module in self.recipe.head if pooling is None else ():
            rows = module.split(rows)
            biases = len(rows) - len(labels)
            labels, special = labels + ("(bias)",) * biases, special + (True,) * biases
        whole = [w[0].sum(1).numpy() for w in weights if w.shape[-1] > 1 and not (w % 1).any()]
        owned = np.pad(whole[0], (0, len(labels) - len(whole[0]))) if whole else None
        return Parts(labels, special, rows.numpy(), owned)

    # --- taking it home ---

    def save(self, folder: str | Path) -> Path:
        """Write a folder that sentence-transformers loads to the same vectors."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.backbone.save(folder)
        recipe = replace(self.recipe, max_seq_length=self.max_tokens)
        write_recipe(folder, recipe, self.backbone.hidden_size)
        return folder


def _pool_all(
    hidden: Sequence[Tensor],
    tokens: Tokens,
    cells: Sequence[tuple[str, Layer, Layer]],
    poolings: Mapping[str, Pooling],
) -> dict[Cell, Tensor]:
    """One (B, D) for each (pooling, layer as asked for, layer); each layer is selected once."""
    states = {layer: select_layer(hidden, layer) for layer in {lay for _, _, lay in cells}}
    return {(name, asked): poolings[name](states[layer], tokens) for name, asked, layer in cells}


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows of (N, D) divided by their length; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)
