"""Whether a folder holds a model at all; where it holds none, the true cause, and what to do.

The cause is told from the names of the files and their first bytes, before anything is loaded. No
message holds a path of this machine, only names inside the folder.
"""

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from encoder.check_config import check_files
from encoder.check_weights import check_weights
from encoder.errors import ModelRefused

MODULES, CONFIG, ADAPTER = "modules.json", "config.json", "adapter_config.json"
DEEPEST, MOST_FILES = 4, 2_000  # folders, files: more is no model, and is not looked through
LONGEST_SHOWN = 80

SAFETENSORS = ".safetensors"
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
# Weights that other programs run, by the ends of their names.
FOREIGN = {
    ".onnx": "ONNX",
    ".gguf": "GGUF",
    ".h5": "TensorFlow",
    ".msgpack": "Flax",
    ".tflite": "TensorFlow Lite",
    ".mlmodel": "Core ML",
}
NOT_WEIGHTS = ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth")

# First bytes of what stands where a file should be; what it is, and what to do.
STAND_INS = {
    b"version https://git-lfs": (
        "a Git LFS pointer, not the file itself",
        "run “git lfs pull” in the repository, then take the folder again",
    ),
    b"<!doctype html": ("a web page, not the file itself", "download the file itself"),
    b"<html": ("a web page, not the file itself", "download the file itself"),
}
READ = (  # of a model's files
    "modules.json", "config.json", "config_sentence_transformers.json", "sentence_*_config.json",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "vocab.txt", "merges.txt", "*.model", "*.safetensors", "*.safetensors.index.json",
)  # fmt: skip
SHARDS = "model.safetensors.index.json"
TOKENIZER = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")  # any of them spells words


def check_root(folder: Path) -> None:
    """Refuse what is no folder of a model, as a whole. Raises ModelRefused."""
    refuse_unless_model(folder.resolve().name, list(_files(folder)))
    for path in sorted({*folder.glob("*"), *folder.glob("*/*")}):
        if path.is_file() and any(path.match(pattern) for pattern in READ):
            _refuse_stand_in(path, folder)
    check_files(folder, READ)
    check_weights(folder)


def check_transformer(folder: Path) -> None:
    """Refuse a folder of a transformer without its weights or its tokenizer. Raises ModelRefused.

    Weights that could only be read by unpickling are none.
    """
    paths = list(_files(folder))
    refuse_unless_model(folder.resolve().name, paths, CONFIG)
    if not any(len(path.parts) == 1 and path.suffix == SAFETENSORS for path in paths):
        raise ModelRefused(_no_weights(folder.name, paths))
    _check_shards(folder)
    if not any(file for pattern in TOKENIZER for file in folder.glob(pattern)):
        raise ModelRefused(
            f"{folder.name!r} has no tokenizer: none of {', '.join(TOKENIZER)}. Without its "
            "vocabulary every word would be the unknown token, and all sentences nearly alike. "
            "Save the tokenizer beside the model: tokenizer.save_pretrained(folder)."
        )
    names = {path.name for path in paths if len(path.parts) == 1}
    if "vocab.json" in names and not names & {"merges.txt", "tokenizer.json"}:
        raise ModelRefused(
            f"{folder.name!r} has a vocab.json without its merges.txt: the tokenizer would take "
            "words apart into single bytes. Save the tokenizer whole: "
            "tokenizer.save_pretrained(folder)."
        )


def refuse_unless_model(name: str, paths: Collection[PurePosixPath], *needed: str) -> None:
    """Refuse a folder by the paths of its files, relative to it; `name` is what it is called.

    `needed`: any of these files makes it one, by default modules.json or config.json. Raises
    ModelRefused with the likeliest cause.
    """
    top = {str(path) for path in paths if len(path.parts) == 1}
    refuse_adapter(name, top)
    if not top & set(needed or (MODULES, CONFIG)):
        raise ModelRefused(f"{name!r} is not a model folder: {_cause(paths)}")
    pooling = sorted(path.parts[0] for path in paths if _is_pooling(path))
    if MODULES not in top and pooling and not needed:
        raise ModelRefused(
            f"{name!r} has a folder {pooling[0]!r} but no {MODULES}, which says what it is for: it "
            "was lost on the way. Take the whole folder that SentenceTransformer.save wrote."
        )
    if not any(path.suffix == SAFETENSORS for path in paths):
        raise ModelRefused(_no_weights(name, paths))


def refuse_adapter(name: str, files: Collection[str]) -> None:
    """Refuse what has the `files` of a LoRA adapter at its top. Raises ModelRefused."""
    if ADAPTER in files:
        raise ModelRefused(
            f"{name!r} is a LoRA adapter ({ADAPTER}): the changes to a model, without the model. "
            "Merge the adapter into its base with merge_and_unload() of PEFT, save that, and give "
            "the folder of it."
        )


def _cause(paths: Collection[PurePosixPath]) -> str:
    """Why there is neither modules.json nor config.json at the top."""
    missing = f"it has no {CONFIG}."
    inner = [path.parent for path in paths if path.name == MODULES]
    if not inner:  # else the config.json of each module would count
        weights = {path.parent for path in paths if path.suffix == SAFETENSORS}
        inner = [p.parent for p in paths if p.name == CONFIG and p.parent in weights]
    places = sorted({str(place) for place in inner if place.parts})
    if len(places) == 1:
        return f"the model lies in its folder {places[0][:LONGEST_SHOWN]!r}. Give that one."
    if places:
        shown = ", ".join(repr(place[:LONGEST_SHOWN]) for place in places[:5])
        return f"it holds {len(places)} models ({shown}). Give one of these."
    foreign = foreign_weights(paths)
    if foreign:
        path, kind = foreign
        return f"{missing} It holds a model for {kind} ({str(path)[:LONGEST_SHOWN]}). {_SAVE}"
    return f"{missing} Give the folder that sentence-transformers or save_pretrained wrote."


_SAVE = (
    "This lab runs PyTorch weights in safetensors: save the model with save_pretrained or "
    "SentenceTransformer.save, and give that folder."
)


def _no_weights(name: str, paths: Collection[PurePosixPath]) -> str:
    """What there is instead of safetensors weights."""
    pickled = [p for p in paths if p.suffix in PICKLED and p.name not in NOT_WEIGHTS]
    if pickled:
        first = str(min(pickled, key=_depth))[:LONGEST_SHOWN]
        return (
            f"{name!r} has no safetensors weights (only {first}). Pickled "
            "weights can run code when they are read, so they are refused; save the model with "
            "safe_serialization=True."
        )
    foreign = foreign_weights(paths)
    if foreign:
        path, kind = foreign
        return (
            f"{name!r} has no safetensors weights (only {str(path)[:LONGEST_SHOWN]}, for {kind}). "
            f"{_SAVE}"
        )
    return f"{name!r} has no safetensors weights (none). {_SAVE}"


def foreign_weights(paths: Collection[PurePosixPath]) -> tuple[PurePosixPath, str] | None:
    """The uppermost file of weights for another program, and what that is called."""
    path = min((path for path in paths if path.suffix in FOREIGN), key=_depth, default=None)
    return None if path is None else (path, FOREIGN[path.suffix])


def _depth(path: PurePosixPath) -> tuple[int, str]:
    return len(path.parts), str(path)


def _is_pooling(path: PurePosixPath) -> bool:
    return len(path.parts) == 2 and path.parts[0].endswith("_Pooling") and path.name == CONFIG


def _refuse_stand_in(path: Path, folder: Path) -> None:
    """Refuse a file that is empty or holds something else than its name says."""
    with path.open("rb") as file:
        begin = file.read(64).lstrip().lower()
    place = path.relative_to(folder).as_posix()
    if not begin:
        raise ModelRefused(
            f"{place!r} of {folder.resolve().name!r} is empty: it did not arrive. Take the file "
            "again."
        )
    for first, (what, remedy) in STAND_INS.items():
        if begin.startswith(first):
            raise ModelRefused(
                f"{place!r} of {folder.resolve().name!r} is {what}: {path.stat().st_size:,} bytes. "
                f"To get it, {remedy}."
            )


def _check_shards(folder: Path) -> None:
    """Refuse weights in several files of which one is missing."""
    if not (folder / SHARDS).is_file():
        return
    try:
        named = set(
            json.loads((folder / SHARDS).read_text(encoding="utf-8"))["weight_map"].values()
        )
        missing = sorted(name for name in named if not (folder / name).is_file())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelRefused(
            f"{SHARDS} of {folder.name!r} is no index of weights ({type(error).__name__}). Take "
            "the file again."
        ) from error
    if missing:
        raise ModelRefused(
            f"{folder.name!r} lacks {len(missing)} of the {len(named)} files of its weights, e.g. "
            f"{missing[0][:LONGEST_SHOWN]!r}. Take them all."
        )


def _files(folder: Path) -> Iterator[PurePosixPath]:
    """Paths of the files in a folder, relative to it; hidden ones and what is too deep left out."""
    count = 0
    for place, folders, files in os.walk(folder):
        inner = Path(place).relative_to(folder)
        deep = len(inner.parts) >= DEEPEST
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            yield PurePosixPath(inner.as_posix(), name)
            count += 1
            if count == MOST_FILES:
                return
