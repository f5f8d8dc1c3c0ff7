"""The models on offer: what each is, where it comes from, and why it is here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from encoder.backbone import load_backbone, untrained_backbone
from encoder.bundled import bundled_folder
from encoder.cache import ArrayCache
from encoder.check_folder import MODULES, check_root
from encoder.encoder import Encoder
from encoder.errors import EncoderError, ModelRefused, UnknownName
from encoder.folder import Recipe, read_recipe
from encoder.hub import DownloadProgress, download, valid_repo_id
from encoder.static import load_static

DEFAULT_MODEL = "all-MiniLM-L6-v2"
UNTRAINED = "untrained-minilm"
MULTILINGUAL = "paraphrase-multilingual-MiniLM-L12-v2"  # offered where a vocabulary fails
MAX_BYTES = 2 * 2**30


@dataclass(frozen=True)
class ModelSpec:
    """One model of the picker."""

    key: str
    hub_id: str  # a repository that carries safetensors, "" for none
    why: str  # one line for the visitor
    # Where the repository itself does not say; None: as sentence-transformers would pool it.
    pooling: str | None = "mean"
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt: str | None = None
    max_tokens: int | None = 512  # that are read here; a model of today could take thousands
    megabytes: int = 0  # of the weights
    licence: str = "?"
    folder: Path | None = None  # where a host that offers it of its own keeps it

    @property
    def bundled(self) -> bool:
        """True where the weights come with the app, so that no network is needed."""
        return self.key in (DEFAULT_MODEL, UNTRAINED)

    @property
    def here(self) -> bool:
        """True where it is on this machine: bundled, or in a folder of the host's."""
        return self.bundled or self.folder is not None


_E5_PROMPTS = {"query": "query: ", "passage": "passage: "}

CATALOG: dict[str, ModelSpec] = {
    spec.key: spec
    for spec in (
        ModelSpec(
            DEFAULT_MODEL,
            "sentence-transformers/all-MiniLM-L6-v2",
            "Small, fast, fine-tuned on a billion pairs: the default. Its own pooling is mean.",
            max_tokens=256,
            megabytes=91,
            licence="Apache-2.0",
        ),
        ModelSpec(
            UNTRAINED,
            "sentence-transformers/all-MiniLM-L6-v2",
            "The same architecture with random weights: what is there before any learning.",
            max_tokens=256,
            megabytes=91,
            licence="Apache-2.0",
        ),
        ModelSpec(
            "MiniLM-L6-H384-uncased",
            "nreimers/MiniLM-L6-H384-uncased",
            "The default's plain twin: pre-trained, never shown a sentence pair.",
            megabytes=91,
            licence="MIT",
        ),
        ModelSpec(
            "bert-tiny",
            "google/bert_uncased_L-2_H-128_A-2",
            "Two layers of 128: how little a transformer can be.",
            megabytes=18,
            licence="Apache-2.0",
        ),
        ModelSpec(
            "bert-base-uncased",
            "google-bert/bert-base-uncased",
            "The original: trained to fill in masked words, not to compare sentences.",
            megabytes=440,
            licence="Apache-2.0",
        ),
        ModelSpec(
            "roberta-base",
            "FacebookAI/roberta-base",
            "BERT's recipe with more data; byte-level BPE instead of WordPiece.",
            megabytes=499,
            licence="MIT",
        ),
        ModelSpec(
            "distilbert-base-uncased",
            "distilbert/distilbert-base-uncased",
            "BERT distilled to six layers.",
            megabytes=268,
            licence="Apache-2.0",
        ),
        ModelSpec(
            "all-mpnet-base-v2",
            "sentence-transformers/all-mpnet-base-v2",
            "The default's large sister, fine-tuned on the same pairs.",
            max_tokens=384,
            megabytes=438,
            licence="Apache-2.0",
        ),
        ModelSpec(
            "bge-small-en-v1.5",
            "BAAI/bge-small-en-v1.5",
            "A retrieval model trained for CLS pooling: see what mean does to it.",
            pooling="cls",
            megabytes=133,
            licence="MIT",
        ),
        ModelSpec(
            "e5-small-v2",
            "intfloat/e5-small-v2",
            "Expects a prompt: “query: ” before each text, “passage: ” before those searched.",
            prompts=_E5_PROMPTS,
            default_prompt="query",
            megabytes=133,
            licence="MIT",
        ),
        ModelSpec(
            "granite-embedding-small-english-r2",
            "ibm-granite/granite-embedding-small-english-r2",
            "A ModernBERT of 2025: rotary positions, most layers see only near tokens.",
            pooling="cls",
            megabytes=95,
            licence="Apache-2.0",
        ),
        ModelSpec(
            "Qwen3-Embedding-0.6B",
            "Qwen/Qwen3-Embedding-0.6B",
            "A decoder of 2025: each token sees those before it, so the last one is pooled.",
            pooling="last_token",
            megabytes=1192,
            licence="Apache-2.0",
        ),
        ModelSpec(
            MULTILINGUAL,
            "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
            "Fifty languages in one space: compare a sentence with its translation.",
            max_tokens=128,
            megabytes=471,
            licence="Apache-2.0",
        ),
    )
}


def load_encoder(
    model: str | Path | ModelSpec = DEFAULT_MODEL,
    *,
    pooling: str | None = None,
    max_bytes: int = MAX_BYTES,
    cache: ArrayCache | None = None,
    on_progress: Callable[[DownloadProgress], None] | None = None,
) -> Encoder:
    """An encoder by catalog key, Hub id, or folder saved by sentence-transformers or transformers.

    A folder is a Path, or a string that starts with "." or "/" or names one that exists. `pooling`
    replaces the model's own. Raises UnknownName, ModelRefused, DownloadFailed.
    """
    if isinstance(model, str) and model in CATALOG:
        model = CATALOG[model]
    is_path = isinstance(model, Path) or (
        isinstance(model, str) and (model.startswith((".", "/", "~")) or Path(model).is_dir())
    )
    if not is_path and not isinstance(model, ModelSpec):
        if not isinstance(model, str) or "/" not in model:
            raise UnknownName("model", model, [*CATALOG, "org/name on the Hub", "./folder"])
        model = hub_spec(model)
    if isinstance(model, ModelSpec):
        encoder = _load_spec(model, max_bytes, cache, on_progress)
    else:
        folder = Path(model).expanduser()
        encoder = load_folder(folder, max_bytes=max_bytes, cache=cache)
    return encoder if pooling is None else encoder.with_pooling(pooling)


def hub_spec(repo_id: str) -> ModelSpec:
    """A Hub model that is not in the catalog. Raises EncoderError for what is no repository id."""
    repo_id = valid_repo_id(repo_id)
    why = "A model of your own choice from the Hub."
    return ModelSpec(repo_id, repo_id, why, pooling=None, max_tokens=None)


def load_folder(
    folder: Path,
    *,
    name: str | None = None,
    spec: ModelSpec | None = None,
    max_bytes: int = MAX_BYTES,
    cache: ArrayCache | None = None,
) -> Encoder:
    """An encoder from a folder on disk; `spec` tells what the folder itself leaves open.

    Raises ModelRefused.
    """
    check_root(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    if size > max_bytes:
        raise ModelRefused(
            f"The weights in {folder.name!r} are {size / 1e6:,.0f} MB; the limit here is "
            f"{max_bytes / 1e6:,.0f} MB."
        )
    recipe = read_recipe(folder)
    if spec is not None:
        recipe = _completed(recipe, spec, plain=not (folder / MODULES).is_file())
    inner = folder / recipe.transformer_path
    if recipe.static:
        backbone = load_static(inner)
    else:
        backbone = load_backbone(inner, recipe.max_seq_length, recipe.do_lower_case)
    encoder = Encoder(name or folder.resolve().name, backbone, recipe, cache)
    _check_that_it_runs(encoder, folder.name)
    return encoder


TRIAL = ["A.", "A sentence of a few more words than the other one."]


def _check_that_it_runs(encoder: Encoder, name: str) -> None:
    """Refuse a model that loads and cannot encode two sentences. Raises ModelRefused.

    A setting of its configuration can be wrong in ways that show only then.
    """
    try:
        vectors = encoder.with_cache(ArrayCache(0)).encode(TRIAL, normalize=False)
    except EncoderError:
        raise
    except Exception as error:  # of torch or transformers, for settings that nobody thought of
        why = str(error).strip().partition("\n")[0][:200]
        raise ModelRefused(
            f"The model in {name!r} loads, and cannot encode a sentence: {why} "
            f"({type(error).__name__}). Its settings are damaged; take config.json again."
        ) from error
    if not np.isfinite(vectors).all():
        raise ModelRefused(
            f"The model in {name!r} gives NaN or infinite numbers for a sentence. Its settings or "
            "weights are damaged; take the model again."
        )


def _completed(recipe: Recipe, spec: ModelSpec, plain: bool) -> Recipe:
    """What a folder says, and where it is silent, what is known of the model."""
    if plain and spec.pooling is not None:
        recipe = replace(recipe, modes=(spec.pooling,))
    if not any(recipe.prompts.values()):  # newer releases write empty ones of their own accord
        recipe = replace(
            recipe,
            prompts=recipe.prompts | dict(spec.prompts),
            default_prompt_name=recipe.default_prompt_name or spec.default_prompt,
        )
    limits = [limit for limit in (recipe.max_seq_length, spec.max_tokens) if limit is not None]
    return replace(recipe, max_seq_length=min(limits, default=None))


def _load_spec(
    spec: ModelSpec,
    max_bytes: int,
    cache: ArrayCache | None,
    on_progress: Callable[[DownloadProgress], None] | None,
) -> Encoder:
    folder = bundled_folder() if spec.bundled else spec.folder
    if folder is None:
        folder = download(spec.hub_id, max_bytes=max_bytes, on_progress=on_progress)
    if spec.key == UNTRAINED:
        recipe = read_recipe(folder)
        return Encoder(spec.key, untrained_backbone(folder, recipe.max_seq_length), recipe, cache)
    return load_folder(folder, name=spec.key, spec=spec, max_bytes=max_bytes, cache=cache)
