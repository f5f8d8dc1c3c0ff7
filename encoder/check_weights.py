"""The header of a safetensors file, before it is read: what it says of its tensors, and of itself.

Source: the format's own description, safetensors README, "Format": 8 bytes of length, then JSON.
"""

from pathlib import Path

from encoder.errors import ModelRefused

LARGEST_HEADER = 4 * 2**20  # bytes: a hundred each for the tensors of 200 blocks make 0.5 MB


def check_weights(folder: Path) -> None:
    """Refuse weights that are cut short, or whose header is no header. Raises ModelRefused."""
    for path in sorted({*folder.glob("*.safetensors"), *folder.glob("*/*.safetensors")}):
        place, size = path.relative_to(folder).as_posix(), path.stat().st_size
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
        if size < 8 or header > size - 8:
            raise ModelRefused(
                f"{place} cannot be read: it is damaged or did not arrive whole. Its header should "
                f"have {header:,} bytes, and the file has {size:,}. Take the file again."
            )
        if header > LARGEST_HEADER:
            raise ModelRefused(
                f"The header of {place!r} has {header:,} bytes; at most {LARGEST_HEADER:,} are "
                "read. Save the model again."
            )
