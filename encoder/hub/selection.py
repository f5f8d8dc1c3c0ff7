"""Which repo, which of its files, and how many bytes may be fetched: everything else is refused."""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from huggingface_hub.constants import SAFETENSORS_INDEX_FILE, SAFETENSORS_SINGLE_FILE
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from encoder.check_folder import foreign_weights, refuse_adapter
from encoder.errors import ModelRefused

EXAMPLE_ID = "sentence-transformers/all-MiniLM-L6-v2"
MODULES = "modules.json"

# What a folder of a model may hold besides weights: configuration and tokenizer.
_TEXT_FILES = (
    "config.json", "sentence_*_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt",
    "*.model",
)  # fmt: skip
_ROOT_FILES = (*_TEXT_FILES, MODULES, "config_sentence_transformers.json")
_PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_SHARD = re.compile(r"model-\d{5}-of-(\d{5})\.safetensors")


def valid_repo_id(repo_id: str) -> str:
    """A Hub id, `name` or `org/name`, without the spaces around it.

    Raises ModelRefused for anything else: a path, a URL, `..`, forbidden characters.
    """
    name = repo_id.strip()
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ModelRefused(
            f"{repo_id!r} is not the id of a model on the Hub. Give `name` or `org/name`, not a "
            f"path or a URL; for example {EXAMPLE_ID!r}."
        ) from error
    return name


def select_files(repo_id: str, paths: Collection[str], folders: Sequence[str]) -> list[str]:
    """Names, out of all `paths` of a repo, of the files needed to run it; weights come last.

    `folders` are those in which weights are looked for: the module folders named by modules.json,
    or just the root, `""`. Raises ModelRefused if there are no safetensors weights to load.
    """
    refuse_adapter(repo_id, paths)
    text: set[str] = set()
    weights: set[str] = set()
    for folder in dict.fromkeys(["", *folders]):
        prefix = f"{folder}/" if folder else ""
        names = {path.rpartition("/")[2] for path in paths if path.rpartition("/")[0] == folder}
        text |= {prefix + n for n in _matching(names, _TEXT_FILES if folder else _ROOT_FILES)}
        if folder not in folders:
            continue
        found = _safetensors(repo_id, names)
        pickles = _matching(names, _PICKLES)
        if pickles and not found:
            raise ModelRefused(
                f"{repo_id!r} carries only pickled weights "
                f"({', '.join(prefix + name for name in pickles)}). Loading a pickle can run any "
                "code its author put in it, so it is refused. Choose a model that carries "
                "model.safetensors, or convert this one to it."
            )
        weights |= {prefix + name for name in found}
    if not weights:
        foreign = foreign_weights([PurePosixPath(path) for path in paths])
        instead = f", only {str(foreign[0])!r} for {foreign[1]}" if foreign else ""
        raise ModelRefused(
            f"{repo_id!r} holds no weights that can be loaded: no model.safetensors in its root or "
            f"in a module folder{instead}. Choose a model that carries it; for example "
            f"{EXAMPLE_ID!r}."
        )
    return sorted(text) + sorted(weights)


def module_folders(repo_id: str, path: Path) -> list[str]:
    """Folders of the sentence-transformers modules named in a modules.json, `""` being the root.

    Raises ModelRefused for one that cannot be read or names a folder outside.
    """
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        folders = [str(module["path"]).strip("/") for module in modules]
        if outside := [folder for folder in folders if ".." in folder.split("/")]:
            raise ValueError(f"{outside} lie outside of the model")
    except (ValueError, TypeError, KeyError) as error:
        raise ModelRefused(
            f"modules.json of {repo_id!r} is not a list of modules with a path ({error!r}). "
            "Choose a model saved by sentence-transformers."
        ) from error
    return folders


def refuse_if_too_large(repo_id: str, sizes: Iterable[int], max_bytes: int) -> None:
    """Raise ModelRefused where the sizes, in bytes, add up to more than `max_bytes`."""
    total = sum(sizes)
    if total > max_bytes:
        raise ModelRefused(
            f"{repo_id!r} needs {total / 1e6:.1f} MB, more than the limit of "
            f"{max_bytes / 1e6:.1f} MB. Choose a smaller model, or raise the limit."
        )


def _matching(names: Collection[str], patterns: Sequence[str]) -> list[str]:
    return sorted(n for n in names if any(fnmatchcase(n, pattern) for pattern in patterns))


def _safetensors(repo_id: str, names: Collection[str]) -> set[str]:
    """The weights among the `names` of one folder: one file, or an index and all its shards."""
    if SAFETENSORS_SINGLE_FILE in names:
        return {SAFETENSORS_SINGLE_FILE}
    if SAFETENSORS_INDEX_FILE not in names:
        return set()
    shards = {name: int(m[1]) for name in names if (m := _SHARD.fullmatch(name))}
    if not shards or set(shards.values()) != {len(shards)}:
        raise ModelRefused(
            f"{repo_id!r} has an index of weight shards but {len(shards)} of "
            f"{max(shards.values(), default='an unknown number of')} shards. "
            "Choose a revision in which the upload is complete."
        )
    return {SAFETENSORS_INDEX_FILE, *shards}
