"""A model from a zip that was downloaded here before, or that others made."""

import json
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, cast

from encoder import SAVABLE, Encoder, EncoderError, ModelRefused
from encoder.catalog import load_folder
from encoder.check_folder import CONFIG, MODULES, refuse_unless_model
from encoder.evaluation import METRICS
from encoder.head import Dense, HeadModule, LayerNorm
from encoder.training import TrainConfig
from encoder.training.config import LIMITS
from encoder.training.losses import LOSSES
from ingest import TEXTS
from ingest.zips import METHODS, entries_at_most
from ui.finetune.takehome.archive import FORMAT
from ui.finetune.takehome.facts import LIBRARIES, disturbs, one_line, slug
from ui.state.models import RunRecord

# --- `run.json` as it is read from strangers: every field is checked, and no other is taken -------


LONGEST = 1_000  # characters of one text
MOST_NOTES, MOST_RIVALS = 50, 10
MOST_BYTES = 2**20

Check = Callable[[object], Any]  # gives what it was given, if it is right; else ValueError


def read_record(content: bytes) -> tuple[RunRecord | None, tuple[str, ...]]:
    """The fields of a run.json that are what they should be, and a note on what is not.

    None where it is no such file at all.
    """
    try:
        sent = json.loads(content[: MOST_BYTES + 1], parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None, ("run.json cannot be read as JSON, so what it said of the run is lost.",)
    if not isinstance(sent, dict) or sent.get("format") != FORMAT:
        return None, (f"run.json is not one of format {FORMAT}: nothing is known of the run.",)
    record: dict[str, object] = {}
    wrong = []
    for name, check in FIELDS.items():
        try:
            record[name] = check(sent[name])
        except KeyError:
            wrong.append(f"{name} is missing")
        except ValueError as error:
            wrong.append(f"{name} must be {error}")
    note = f"Ignored in run.json: {'; '.join(wrong)}."
    return cast(RunRecord, record), (note,) if wrong else ()


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or any(map(disturbs, value)):
        raise ValueError(f"one line of at most {LONGEST:,} characters")
    return value


def _one_of(names: Collection[str]) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return value

    return check


def _pooling(value: object) -> str:
    modes = _text(value).split("+")
    return "+".join(_one_of(SAVABLE)(mode) for mode in modes)


def _number(low: float, high: float, whole: bool = False) -> Check:
    def check(value: object) -> float:
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            what = "a whole number" if whole else "a number"
            raise ValueError(f"{what} from {low:,} to {high:,}")
        return value

    return check


def _flag(value: object) -> bool:
    if value is True or value is False:
        return value
    raise ValueError("true or false")


def _perhaps(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _three(value: object) -> list[float | None]:
    """The bounds may be null: too few texts for an interval."""
    if not isinstance(value, list) or len(value) != 3 or value[0] is None:
        raise ValueError("value, low and high")
    bounded = _perhaps(_number(-2, 2))  # a gain may lead from -1 to 1
    return [bounded(number) for number in value]


def _object(fields: Mapping[str, Check], partly: bool = False) -> Check:
    """An object of these fields and no others; `partly`: some of them."""

    def check(value: object) -> dict[str, object]:
        if (
            not isinstance(value, dict)
            or not value.keys() <= fields.keys()
            or (not partly and value.keys() != fields.keys())
        ):
            raise ValueError(f"an object of {', '.join(fields)}")
        return {name: fields[name](inner) for name, inner in value.items()}

    return check


def _list(check: Check, most: int) -> Check:
    def checked(value: object) -> list[object]:
        if not isinstance(value, list) or len(value) > most:
            raise ValueError(f"a list of at most {most}")
        return [check(inner) for inner in value]

    return checked


def _settings(value: object) -> dict[str, Any]:
    try:
        return asdict(TrainConfig(**SETTINGS(_LATER | value if isinstance(value, dict) else value)))
    except TypeError as error:
        raise ValueError("the settings of a run") from error


_ROWS = _number(0, 10_000_000, whole=True)
_SECONDS = _number(0, 10_000_000)
_METRIC_NAMES = {name for metrics in METRICS.values() for name in metrics}
_MERITS = _object(dict.fromkeys(sorted(_METRIC_NAMES), _perhaps(_three)), partly=True)
_WHOLE = {"batch_size", "steps", "train_blocks", "warmup", "patience"}
_LATER = {"patience": 0}  # what zips of before do not say of a run, which was like this
_OPEN = {"epochs", "lr", "steps", "budget_s"}  # None: chosen when the run began
SETTINGS = _object(
    {
        **{n: _number(*LIMITS[n], whole=n in _WHOLE) for n in LIMITS},
        **{n: _perhaps(_number(*LIMITS[n], whole=n in _WHOLE)) for n in _OPEN},
        "loss": _one_of(LOSSES),
        "pooling": _perhaps(_pooling),
        "seed": _number(0, 2**63 - 1, whole=True),
        "held_out_share": _number(0, 1),
        "validation_share": _number(0, 1),
    }
)
FIELDS: dict[str, Check] = {
    "name": _text,
    "model": _text,
    "hub_id": _perhaps(_text),
    "data": _text,
    "kind": _one_of(TEXTS),
    "pooling": _pooling,
    "blocks": _number(1, 1_000, whole=True),
    "settings": _settings,
    "steps": _ROWS,
    "kept_step": _ROWS,
    "stopped": _flag,
    "train_seconds": _SECONDS,
    "predicted_seconds": _perhaps(_SECONDS),
    "rows": _object({"train": _ROWS, "validation": _ROWS, "held-out": _ROWS}),
    "before": _MERITS,
    "after": _MERITS,
    "gain": _perhaps(_three),
    "rivals": _list(
        _object({"name": _text, "metrics": _MERITS, "lead": _perhaps(_three)}), MOST_RIVALS
    ),
    "probe": _object(dict.fromkeys(("before", "after", "change"), _perhaps(_three))),
    "notes": _list(_text, MOST_NOTES),
    "versions": _object(dict.fromkeys(LIBRARIES, _text)),
}


# --- A model out of a stranger's zip into a folder: no path, link, size or file that does harm ----


MOST_FILES = 200
DEEPEST = 3  # folders around a file; a model needs two, its own and one of a module
LONGEST_FILE_NAME = 100
NEEDED = {".json", ".txt", ".safetensors", ".model"}  # nothing else is ever written to disk
PIECE = 2**20
REMEDY = "Send the zip that was downloaded here, or a zipped folder of SentenceTransformer.save."

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def unpack_model(data: Path, folder: Path, max_bytes: int) -> str:
    """Write what is needed to run the model into `folder`; returns the name of its top folder.

    "" where the zip has none. `max_bytes` bounds what is unpacked, whatever the zip claims. Raises
    EncoderError for what is no such zip or could do harm.
    """
    with broken_zips(), data.open("rb") as file:
        _check_count(entries_at_most(file))
    with broken_zips(), zipfile.ZipFile(data) as archive:
        files = _checked(archive.infolist())
        top = _top(files)
        inside = {p.relative_to(top): info for p, info in files.items() if p.is_relative_to(top)}
        refuse_unless_model(top.name or data.stem, inside)
        within = {path: info for path, info in inside.items() if path.suffix.lower() in NEEDED}
        announced = sum(info.file_size for info in within.values())
        if announced > max_bytes:
            raise ModelRefused(
                f"Unpacked, the model has {announced / 1e6:,.0f} MB; the limit here is "
                f"{max_bytes / 1e6:,.0f} MB. Send a smaller one."
            )
        for path, info in within.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            # An entry gives no more bytes than it announced: `zipfile` stops there.
            with archive.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, PIECE)
    return top.name


@contextmanager
def broken_zips() -> Iterator[None]:
    """What a damaged zip raises, in words."""
    try:
        yield
    except EncoderError:
        raise
    except BROKEN as error:
        raise ModelRefused(f"This is no zip, or a damaged one ({error}). {REMEDY}") from error
    except OSError as error:
        raise EncoderError(
            f"The zip could not be unpacked here: {error.strerror or error}. Try again later."
        ) from error


def _check_count(entries: int) -> None:
    """Refuse more than a model has, before Python makes an object of each."""
    if entries > MOST_FILES:
        raise ModelRefused(
            f"The zip holds {entries:,} files; a model has at most {MOST_FILES}. {REMEDY}"
        )


def _checked(entries: list[zipfile.ZipInfo]) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files by path, none of them outside the folder they are unpacked in."""
    files: dict[PurePosixPath, zipfile.ZipInfo] = {}
    _check_count(len(entries))
    for info in entries:
        # Some tools of Windows write the places of files in the zip as they write them on disk.
        name = info.filename.replace("\\", "/")
        path = PurePosixPath(name)
        problem = _problem(info, path)
        if problem:
            shown = "".join("?" if disturbs(c) else c for c in info.filename[:LONGEST_FILE_NAME])
            raise ModelRefused(f"The zip is refused: {shown!r} {problem}. {REMEDY}")
        if name.endswith("/") or _is_clutter(path):
            continue
        if path in files:
            raise ModelRefused(f"The zip is refused: it holds {str(path)!r} twice. {REMEDY}")
        files[path] = info
    return files


def _problem(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    """What is wrong with one entry, or ""."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    name = info.filename
    if path.is_absolute() or ":" in name or ".." in path.parts:
        return "leads out of the folder that it is unpacked in"
    if any(map(disturbs, name)) or not path.parts:
        return "is no name of a file"
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return "is a link or a device, not a file"
    if info.flag_bits & 1:
        return "is protected by a password"
    if len(path.parts) - 1 > DEEPEST:
        return f"lies in more than {DEEPEST} folders"
    if any(len(part) > LONGEST_FILE_NAME for part in path.parts):
        return f"has a name of more than {LONGEST_FILE_NAME} characters"
    if info.compress_type not in METHODS:
        return "is packed by a method other than deflate"
    return ""


def _is_clutter(path: PurePosixPath) -> bool:
    """What systems and tools put beside the files."""
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _top(files: Collection[PurePosixPath]) -> PurePosixPath:
    """The folder of the model: the zip itself, or the one folder in it.

    A plain transformers folder has no modules.json; then its config.json tells it.
    """
    for name in (MODULES, CONFIG):
        folders = [path.parent for path in files if path.name == name and len(path.parts) <= 2]
        highest = min((len(folder.parts) for folder in folders), default=0)
        tops = [folder for folder in folders if len(folder.parts) == highest]
        if len(folders) > 1 and (name == MODULES or len(tops) > 1):
            names = ", ".join(repr(str(path)) for path in folders[:5])
            raise ModelRefused(f"The zip holds {len(folders)} models ({names}); send one. {REMEDY}")
        if tops:
            return tops[0]
    outer = {path.parts[0] if len(path.parts) > 1 else "" for path in files}
    return PurePosixPath(outer.pop() if len(outer) == 1 else "")


LONGEST_NAME = 60
RECORD = "run.json"


@dataclass(frozen=True, eq=False)
class ReloadedModel:
    """The encoder, and what its run.json says; `record` is None where there is none to go by."""

    encoder: Encoder
    name: str
    record: RunRecord | None
    notes: tuple[str, ...] = ()


def read_archive(data: Path, max_bytes: int) -> ReloadedModel:
    """Load a zipped folder of sentence-transformers or transformers; nothing is left on disk.

    `max_bytes` bounds what is unpacked. Raises EncoderError for what is no such zip, is too large,
    could do harm, or holds a model that cannot be run here.
    """
    with tempfile.TemporaryDirectory(prefix="lab-") as temporary:
        inner = Path(temporary) / "unpacked"
        inner.mkdir()
        top = unpack_model(data, inner, max_bytes)
        folder = inner.rename(inner.with_name(slug(top or data.stem)))  # for messages to name
        record, notes = _record(folder / RECORD)
        name = one_line((record or RunRecord()).get("name") or top or data.stem)[:LONGEST_NAME]
        encoder = _on_its_own(_loaded(folder, name or slug(""), max_bytes))
        if not (folder / MODULES).is_file():
            notes += (
                f"The zip holds a plain transformers model, without {MODULES}: no pooling is "
                f"named in it, so {encoder.pooling} is assumed.",
            )
    return ReloadedModel(encoder, encoder.name, record, notes)


def _loaded(folder: Path, name: str, max_bytes: int) -> Encoder:
    try:
        return load_folder(folder, name=name, max_bytes=max_bytes)
    except EncoderError:
        raise
    except Exception as error:  # a stranger's files can be wrong in ways that nobody thought of
        why = str(error).replace(str(folder), folder.name).strip().partition("\n")[0]
        raise ModelRefused(
            f"The model in {folder.name!r} cannot be loaded: {why[:200]} ({type(error).__name__}). "
            f"{REMEDY}"
        ) from error


def _record(path: Path) -> tuple[RunRecord | None, tuple[str, ...]]:
    if not path.is_file():
        return None, ()
    with path.open("rb") as file:
        return read_record(file.read(MOST_BYTES + 1))


def _on_its_own(encoder: Encoder) -> Encoder:
    """The same encoder in memory. As it is read, its numbers are those of the mapped files."""
    model = encoder.backbone.model
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()
    head = tuple(map(_copied, encoder.recipe.head))
    recipe = replace(encoder.recipe, head=head)
    return Encoder(encoder.name, encoder.backbone, recipe, encoder.cache)


def _copied(module: HeadModule) -> HeadModule:
    match module:
        case Dense(weight, bias, activation):
            return Dense(weight.clone(), None if bias is None else bias.clone(), activation)
        case LayerNorm(weight, bias):
            return LayerNorm(weight.clone(), bias.clone())
    return module
