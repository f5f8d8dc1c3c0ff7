"""The transformer and its tokenizer: sentences in, every hidden state out."""

import copy
import hashlib
import inspect
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from encoder.background import background_texts
from encoder.batching import CHARACTER_BUDGET, first_part, pieces
from encoder.check_config import check_config
from encoder.check_folder import CONFIG, check_transformer
from encoder.check_loaded import check_numbers, check_tokenizer, check_vocabulary
from encoder.check_size import check_size
from encoder.check_tokenizer_file import check_added, check_tokenizer_file
from encoder.device import chosen_device
from encoder.errors import BadText, ModelRefused
from encoder.idf import IdfWeights
from encoder.json_files import read_first, read_object
from encoder.tokens import TokenizedText, Tokens

# Architectures that load and would not do what this lab shows; why not.
TOKENIZER_FILE = "tokenizer.json"
CHARACTERS_A_TOKEN = 16  # more than any language takes on average
MOST_TOKENS = 8_192  # of one text; attention takes the square of it
UNFIT = {
    "xlnet": "XLNet names no longest text, and puts its special tokens and padding at other ends",
}


class Backbone:
    """A frozen transformer with L blocks and hidden size H. Shared between threads and visitors.

    `max_tokens` goes before the tokenizer's own limit, as in sentence-transformers; `untrained`
    names parameters that the checkpoint did not have, `without_vector` ids of special tokens that
    the embedding table has no row for; `special_tokens` says whether texts get any around them.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        max_tokens: int | None,
        untrained: frozenset[str] = frozenset(),
        without_vector: frozenset[int] = frozenset(),
        special_tokens: bool = True,
    ) -> None:
        self.model = model.eval().requires_grad_(False).to(chosen_device())
        self.tokenizer = tokenizer
        self.depth: int = model.config.num_hidden_layers
        self.hidden_size: int = model.config.hidden_size
        own = [tokenizer.model_max_length, _configured_limit(model)]
        limits = [*([max_tokens] if max_tokens else own), _position_limit(model)]
        self.max_tokens = min(limit for limit in limits if limit)
        if special_tokens and self.max_tokens <= tokenizer.num_special_tokens_to_add():
            raise ModelRefused(
                f"The model reads {self.max_tokens} tokens, and its special tokens fill them; "
                "raise its max_seq_length."
            )
        self._untrained, self._without_vector = untrained, without_vector
        self._special_tokens = special_tokens
        self._turn, self._tokenizer_lock = threading.Lock(), threading.Lock()

    @property
    def pad_id(self) -> int:
        """The id that fills up a batch; masked, so any id would do where a model has none.

        Many decoders were given one without a row in the embedding table.
        """
        own = self.tokenizer.pad_token_id
        return 0 if own is None or own in self._without_vector else own

    @property
    def unknown_id(self) -> int | None:
        """The id of all words that the vocabulary cannot spell, where there is one."""
        return self.tokenizer.unk_token_id

    @cached_property
    def bytes(self) -> int:
        """Memory its parameters take."""
        return sum(p.nbytes for p in self.model.parameters())

    @cached_property
    def fingerprint(self) -> str:
        """Names weights, configuration, tokenizer and length limit in cache keys."""
        digest = hashlib.blake2b(digest_size=16)
        config = self.model.config.to_diff_dict()
        config.pop("transformers_version", None)
        config.pop("_name_or_path", None)
        digest.update(repr(sorted(config.items(), key=lambda item: item[0])).encode())
        tokenizer = json.loads(self.tokenizer.backend_tokenizer.to_str())
        tokenizer |= {"truncation": None, "padding": None}  # left over from its latest call
        digest.update(json.dumps(tokenizer, sort_keys=True).encode())
        digest.update(str(self.max_tokens).encode())
        for name, tensor in sorted(self.model.state_dict().items()):
            if name not in self._untrained:  # random each time, and no hidden state depends on it
                digest.update(name.encode())
                digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def tokenize(
        self, texts: Sequence[str], prompt: str = "", pool_prompt: bool = True
    ) -> list[TokenizedText]:
        """Sentences, each behind `prompt`, as ids cut to the model's limit.

        With `pool_prompt` off, the prompt's tokens (its [CLS] among them, as sentence-transformers
        counts them) are marked to be left out of pooling. Large batches and long texts go through
        in pieces, and others may use the tokenizer between them.
        """
        skip = 0
        if prompt and not pool_prompt:
            [alone] = self._encode([prompt])
            skip = len(alone.ids) - alone.special_tokens_mask[-1]
        longest = max(CHARACTER_BUDGET, CHARACTERS_A_TOKEN * self.max_tokens)
        begins = [first_part(text, longest) for text in texts]
        tokenized: dict[int, TokenizedText] = {}
        for piece in pieces(begins):
            encodings = self._encode([prompt + begins[i] for i in piece])
            tokenized |= zip(piece, (_without_rest(e, skip) for e in encodings), strict=True)
        for i, begin in enumerate(begins):
            if len(begin) < len(texts[i]):
                beyond = self._count(texts[i][len(begin) :], longest)
                tokenized[i] = replace(tokenized[i], cut=tokenized[i].cut + beyond)
        return [tokenized[i] for i in range(len(texts))]

    def _count(self, text: str, longest: int) -> int:
        """The tokens of a text of any length, without special ones."""
        count = 0
        while text:
            part = first_part(text, longest)
            [encoding] = self._encode([part])
            count += len(encoding.ids) - sum(encoding.special_tokens_mask)
            count += _without_rest(encoding, 0).cut
            text = text[len(part) :]
        return count

    @contextmanager
    def _turn_of_tokenizer(self) -> Iterator[None]:
        """The tokenizer for one caller: truncation is a setting of it, so calls must not overlap.

        Whoever waits for the lock holds the turn, so that the one who lets it go cannot take it
        again at once: a caller with many pieces would keep all others waiting.
        """
        with self._turn:
            self._tokenizer_lock.acquire()
        try:
            yield
        finally:
            self._tokenizer_lock.release()

    def _encode(self, texts: list[str]) -> list[Any]:
        """One `tokenizers.Encoding` a text; what did not fit is in its `overflowing`.

        Raises BadText for a special token that the model has no vector for.
        """
        with self._turn_of_tokenizer():
            batch = self.tokenizer(
                texts,
                add_special_tokens=self._special_tokens,
                truncation=True,
                max_length=self.max_tokens,
                return_attention_mask=False,
                return_token_type_ids=False,
                verbose=False,
            )
        encodings: list[Any] = batch.encodings
        for encoding in encodings if self._without_vector else ():
            if missing := self._without_vector.intersection(encoding.ids):
                token = self.tokenizer.convert_ids_to_tokens(min(missing))
                raise BadText(f"A text holds {token!r}, for which this model has no vector.")
        return encodings

    def fit_idf(self, texts: Sequence[str]) -> IdfWeights:
        """IdfWeights over a corpus, counted in this model's tokens."""
        ids = (text.ids for text in self.tokenize(texts))
        return IdfWeights.from_ids(ids, self.model.config.vocab_size)

    @cached_property
    def background_idf(self) -> IdfWeights:
        """What `idf_mean` uses unless it is given weights: the bundled background set's."""
        return self.fit_idf(background_texts())

    def strings(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The vocabulary entries of T ids, as the tokenizer spells them."""
        return tuple(self.tokenizer.convert_ids_to_tokens(list(ids)))

    def readable(self, tokens: Sequence[str]) -> list[str]:
        """Vocabulary entries for people: byte-level ones decoded, a leading space as "␣"."""
        from tokenizers.decoders import ByteLevel

        if not isinstance(self.tokenizer.backend_tokenizer.decoder, ByteLevel):
            return list(tokens)
        decoded = (self.tokenizer.convert_tokens_to_string([token]) for token in tokens)
        return ["␣" + text[1:] if text.startswith(" ") else text for text in decoded]

    @torch.inference_mode()
    def forward(self, tokens: Tokens) -> tuple[Tensor, ...]:
        """All hidden states of a batch: L+1 tensors of (B, T, H), the embeddings first.

        On the CPU, wherever the transformer runs.
        """
        out = self.model(**self.inputs(tokens), output_hidden_states=True, return_dict=True)
        # Some architectures norm once more after the last block; the model's output is what counts.
        return tuple(s.cpu() for s in (*out.hidden_states[:-1], out.last_hidden_state))

    @property
    def device(self) -> torch.device:
        """Where the transformer lies."""
        return next(self.model.parameters()).device

    def inputs(self, tokens: Tokens) -> dict[str, Any]:
        """What the model is called with for a batch, beside it on its device."""
        inputs: dict[str, Any] = {
            "input_ids": tokens.ids,
            "attention_mask": tokens.mask.long(),
        }
        if self.takes_positions:
            # These models number the columns of the batch, so that left padding would shift every
            # token. Models with a padding index number the real tokens by themselves.
            inputs["position_ids"] = tokens.position
        if self._caches:
            inputs["use_cache"] = False  # keys and values are for going on with a text
        return {
            name: value.to(self.device) if isinstance(value, Tensor) else value
            for name, value in inputs.items()
        }

    @cached_property
    def _caches(self) -> bool:
        """True for decoders, which would keep the keys and values of every block."""
        return "use_cache" in inspect.signature(self.model.forward).parameters

    @cached_property
    def takes_positions(self) -> bool:
        """True where positions must be given, since the model would number the columns."""
        table = _position_table(self.model)
        return table is not None and table.padding_idx is None

    def with_model(self, model: Any) -> "Backbone":
        """A backbone with this tokenizer and these limits around other weights."""
        twin = copy.copy(self)
        for cached in ("fingerprint", "bytes"):
            twin.__dict__.pop(cached, None)
        twin.model = model
        return twin

    def save(self, folder: Path) -> None:
        """Write config, model.safetensors and tokenizer files."""
        self.model.save_pretrained(folder)
        with self._turn_of_tokenizer():
            self.tokenizer.backend_tokenizer.no_truncation()  # left over from its latest call
            self.tokenizer.save_pretrained(folder)


def _without_rest(encoding: Any, skip: int) -> TokenizedText:
    """What a model reads of an encoded text; of what did not fit, the number of tokens only."""
    ids = tuple(encoding.ids)
    left_out = min(skip, len(ids))
    return TokenizedText(
        ids=ids,
        special=tuple(map(bool, encoding.special_tokens_mask)),
        prompt=(True,) * left_out + (False,) * (len(ids) - left_out),
        cut=sum(len(rest) - sum(rest.special_tokens_mask) for rest in encoding.overflowing),
    )


def _position_table(model: nn.Module) -> nn.Embedding | None:
    """The table of learned absolute positions, which models with relative ones lack."""
    for name, module in model.named_modules():
        if name.rsplit(".", 1)[-1] == "position_embeddings" and isinstance(module, nn.Embedding):
            return module
    return None


def _position_limit(model: nn.Module) -> int | None:
    """How many tokens have a position; ids up to the padding index are not positions."""
    table = _position_table(model)
    if table is not None:
        reserved = 0 if table.padding_idx is None else table.padding_idx + 1
        return table.num_embeddings - reserved
    tables = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
    return _configured_limit(model) if tables & {"embed_positions", "wpe"} else None


def _configured_limit(model: nn.Module) -> int | None:
    """The positions that the configuration speaks of; with relative ones, more would work."""
    limit = getattr(model.config, "max_position_embeddings", None)
    return limit if isinstance(limit, int) and limit > 0 else None


def load_backbone(folder: Path, max_tokens: int | None, do_lower_case: bool) -> Backbone:
    """Load a transformers folder: safetensors only, no code but transformers' own.

    Raises ModelRefused, saying why, for anything that is not such an encoder.
    """
    from transformers import AutoConfig, AutoModel, AutoTokenizer
    from transformers.utils import logging

    check_transformer(folder)
    check_config(folder / CONFIG)
    _check_tokenizer_files(folder)
    logging.disable_progress_bar()
    local: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    try:
        config = AutoConfig.from_pretrained(folder, **local)
        if config.is_encoder_decoder:
            raise ModelRefused(
                f"{config.model_type} is an encoder-decoder; this lab runs encoders (BERT, "
                "RoBERTa, DistilBERT, MPNet, XLM-R, ModernBERT, ...)."
            )
        if config.model_type in UNFIT:
            raise ModelRefused(
                f"{folder.name!r} cannot be run here: {UNFIT[config.model_type]}. Choose another "
                "architecture (BERT, RoBERTa, MPNet, XLM-R, ModernBERT, ...)."
            )
        check_size(config, folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        check_tokenizer(tokenizer, folder.name)
        if not (folder / TOKENIZER_FILE).is_file():  # it was made of other files just now
            check_tokenizer_file(json.loads(tokenizer.backend_tokenizer.to_str()), folder.name)
        model, report = AutoModel.from_pretrained(
            folder,
            config=config,
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.float32,
            **local,
        )
        untrained = frozenset(report["missing_keys"])
        essential = sorted(name for name in untrained if not name.startswith("pooler."))
        if essential:
            raise ModelRefused(
                f"The weights in {folder.name!r} lack {len(essential)} parameters, e.g. "
                f"{essential[0]!r}; it is not a checkpoint of a {config.model_type} encoder."
            )
        check_numbers(dict(model.named_parameters()), folder.name, untrained)
        without_vector = check_vocabulary(model, tokenizer, folder.name)
        if do_lower_case:
            _lower_case(tokenizer)
        limit = min(max_tokens or MOST_TOKENS, MOST_TOKENS)
        return Backbone(model, tokenizer, max_tokens and limit, untrained, without_vector)
    except ModelRefused:
        raise
    except Exception as error:  # transformers raises many kinds for a folder it cannot make out
        raise ModelRefused(
            f"{folder.name!r} cannot be loaded as an encoder: {_first_line(error, folder)}"
        ) from error


def _check_tokenizer_files(folder: Path) -> None:
    """Refuse a tokenizer that can take too long or grow a text. Raises ModelRefused."""
    if (folder / TOKENIZER_FILE).is_file():
        check_tokenizer_file(read_object(folder / TOKENIZER_FILE), folder.name)
    settings = read_first(folder, "tokenizer_config.json")
    check_added(settings.get("added_tokens_decoder"), folder.name)
    check_added(settings.get("additional_special_tokens"), folder.name)
    check_added(read_first(folder, "added_tokens.json"), folder.name)
    special = read_first(folder, "special_tokens_map.json")
    check_added(special.get("additional_special_tokens"), folder.name)


def untrained_backbone(folder: Path, max_tokens: int | None, seed: int = 0) -> Backbone:
    """The architecture and tokenizer of a folder with seeded random weights."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModel.from_config(AutoConfig.from_pretrained(folder, local_files_only=True))
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return Backbone(model, tokenizer, max_tokens)


def _lower_case(tokenizer: Any) -> None:
    from tokenizers.normalizers import Lowercase, Sequence

    present = tokenizer.backend_tokenizer.normalizer
    steps = [Lowercase()] if present is None else [Lowercase(), present]
    tokenizer.backend_tokenizer.normalizer = Sequence(steps)


def _first_line(error: Exception, folder: Path) -> str:
    """What an error says, without the place of the folder on this machine."""
    text = str(error).strip().split("\n", 1)[0]
    for place in (str(folder.resolve()), str(folder)):
        text = text.replace(place, folder.name)
    return text[:300] or type(error).__name__
