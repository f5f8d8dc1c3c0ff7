"""JSON files of a model's folder, read with errors in words and without a path of this machine."""

import json
from pathlib import Path
from typing import Any

from encoder.errors import ModelRefused


def read_first(folder: Path, *names: str) -> dict[str, Any]:
    """The first of these files that is there, {} where there is none."""
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    return {} if path is None else read_object(path)


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object. Raises ModelRefused."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise ModelRefused(f"{path.parent.name}/{path.name} is not a JSON object.")
    return content


def read_json(path: Path) -> Any:
    """Any JSON value. Raises ModelRefused."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        # An OSError tells the whole path by itself.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ModelRefused(
            f"{path.parent.name}/{path.name} cannot be read as JSON: {reason}"
        ) from error


def write_json(path: Path, content: Any) -> None:
    """Write a value as JSON, in a folder that is made at need."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
