"""What a zip announces of itself, looked at before Python makes an object of each entry."""

import zipfile
from typing import BinaryIO

ENTRY = b"PK\x01\x02"  # in front of each entry of the directory, which Python holds against it
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may take memory without bounds
PIECE = 2**20


def entries_at_most(file: BinaryIO) -> int:
    """How many entries the directory of a zip can have: as often as their mark stands in the file.

    Whatever the directory says of its own length is not believed. Packed bytes hold the mark by
    chance once in 4 GB. Leaves the file at its beginning.
    """
    file.seek(0)
    count, tail = 0, b""
    while piece := file.read(PIECE):
        count += (tail + piece).count(ENTRY)
        tail = piece[-len(ENTRY) + 1 :]
    file.seek(0)
    return count
