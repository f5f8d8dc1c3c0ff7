"""`run.json` as it is read from strangers: every field is checked, and no other is taken.

A check returns the value, or raises ValueError saying what it should be.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from encoder import SAVABLE
from encoder.evaluation import METRICS
from encoder.training import TrainConfig
from encoder.training.config import LIMITS
from encoder.training.losses import LOSSES
from ingest import TEXTS
from ui.takehome.facts import LIBRARIES, disturbs
from ui.takehome.record import FORMAT

LONGEST = 1_000  # characters of one text
MOST_NOTES, MOST_RIVALS = 50, 10
MOST_BYTES = 2**20

Check = Callable[[Any], Any]


def read_record(content: bytes) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The fields of a run.json that are what they should be, and a note on what is not.

    None where it is no such file at all.
    """
    try:
        found = json.loads(content[: MOST_BYTES + 1], parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None, ("run.json cannot be read as JSON, so what it said of the run is lost.",)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return None, (f"run.json is not one of format {FORMAT}: nothing is known of the run.",)
    record, wrong = {}, []
    for name, check in FIELDS.items():
        try:
            record[name] = check(found[name])
        except KeyError:
            wrong.append(f"{name} is missing")
        except ValueError as error:
            wrong.append(f"{name} must be {error}")
    note = f"Ignored in run.json: {'; '.join(wrong)}."
    return record, (note,) if wrong else ()


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or any(map(disturbs, value)):
        raise ValueError(f"one line of at most {LONGEST:,} characters")
    return value


def _one_of(names: Mapping[str, Any]) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return value

    return check


def _pooling(value: Any) -> str:
    modes = _text(value).split("+")
    return "+".join(_one_of(SAVABLE)(mode) for mode in modes)


def _number(low: float, high: float, whole: bool = False) -> Check:
    def check(value: Any) -> Any:
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            what = "a whole number" if whole else "a number"
            raise ValueError(f"{what} from {low:,} to {high:,}")
        return value

    return check


def _flag(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise ValueError("true or false")


def _perhaps(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _three(value: Any) -> list[float | None]:
    """The bounds may be null: too few texts for an interval."""
    if not isinstance(value, list) or len(value) != 3 or value[0] is None:
        raise ValueError("value, low and high")
    bounded = _perhaps(_number(-2, 2))  # a gain may lead from -1 to 1
    return [bounded(number) for number in value]


def _object(fields: Mapping[str, Check], partly: bool = False) -> Check:
    """An object of these fields and no others; `partly`: some of them."""

    def check(value: Any) -> dict[str, Any]:
        right = isinstance(value, dict) and value.keys() <= fields.keys()
        if not right or (not partly and value.keys() != fields.keys()):
            raise ValueError(f"an object of {', '.join(fields)}")
        return {name: fields[name](inner) for name, inner in value.items()}

    return check


def _list(check: Check, most: int) -> Check:
    def checked(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise ValueError(f"a list of at most {most}")
        return [check(inner) for inner in value]

    return checked


def _settings(value: Any) -> dict[str, Any]:
    try:
        return asdict(TrainConfig(**SETTINGS(value)))
    except TypeError as error:
        raise ValueError("the settings of a run") from error


_ROWS = _number(0, 10_000_000, whole=True)
_SECONDS = _number(0, 10_000_000)
_METRIC_NAMES = {name for metrics in METRICS.values() for name in metrics}
_MERITS = _object(dict.fromkeys(sorted(_METRIC_NAMES), _perhaps(_three)), partly=True)
_WHOLE = {"batch_size", "steps", "train_blocks", "warmup"}
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
