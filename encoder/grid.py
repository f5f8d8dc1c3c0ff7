"""One array per (pooling, layer) cell, filled batch by batch; in memory, or on disk when large."""

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from encoder.layers import Layer

Cell = tuple[str, Layer]
MAX_BYTES = 256 * 2**20  # beyond this the cells wait on disk, and one at a time is read back


class Grid(Mapping[Cell, np.ndarray]):
    """{(pooling, layer): float32 (N, D)}; the arrays it hands out are read-only.

    Rows arrive in any order. On disk each cell is a block of rows in arrival order, so that a batch
    is one write per cell; reading a cell puts its rows back into the order of the texts.
    """

    def __init__(self, widths: Mapping[Cell, int], rows: int, max_bytes: int = MAX_BYTES) -> None:
        self._widths = dict(widths)
        self._rows = rows
        self._arrived: list[int] = []
        self.bytes = 4 * rows * sum(self._widths.values())
        self.on_disk = self.bytes > max_bytes
        self._arrays: dict[Cell, np.ndarray] = {}
        if self.on_disk:
            # Lives exactly as long as this object: the system removes it with the last reader.
            self._file = tempfile.TemporaryFile(prefix="sentence-lab-")  # noqa: SIM115
            self._lock = threading.Lock()  # the file has one position, which every look-up moves
            starts = np.cumsum([0, *(4 * rows * width for width in self._widths.values())])
            self._starts = dict(zip(self._widths, starts.tolist(), strict=False))
        else:
            self._arrays = {
                cell: np.empty((rows, width), np.float32) for cell, width in self._widths.items()
            }

    def add(self, indices: Sequence[int], batch: Mapping[Cell, np.ndarray]) -> None:
        """Store the rows `indices` of every cell; batch[cell] is (len(indices), D)."""
        for cell, vectors in batch.items():
            if self.on_disk:
                row_bytes = 4 * self._widths[cell]
                self._file.seek(self._starts[cell] + len(self._arrived) * row_bytes)
                self._file.write(np.ascontiguousarray(vectors, np.float32).data)
            else:
                self._arrays[cell][list(indices)] = vectors
        self._arrived.extend(indices)

    def __getitem__(self, cell: Cell) -> np.ndarray:
        if cell not in self._widths:
            raise KeyError(f"No cell {cell!r}; there are {list(self._widths)}.")
        vectors = self._read(cell) if self.on_disk else self._arrays[cell].view()
        vectors.flags.writeable = False
        return vectors

    def _read(self, cell: Cell) -> np.ndarray:
        vectors = np.empty((self._rows, self._widths[cell]), np.float32)
        with self._lock:
            self._file.seek(self._starts[cell])
            block = np.fromfile(self._file, np.float32, vectors.size)
        vectors[self._arrived] = block.reshape(vectors.shape)
        return vectors

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._widths)

    def __len__(self) -> int:
        return len(self._widths)
