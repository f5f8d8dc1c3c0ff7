"""What the tests of explore share: groups of points, odd ones, the labelled samples, a listener."""

import csv
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from explore import Hits
from tests.samples import SAMPLES


def cloud(n: int, d: int = 16, seed: int = 0) -> np.ndarray:
    """Float32 (n, d) without any structure."""
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def blobs(
    n: int = 60, d: int = 16, groups: int = 3, spread: float = 0.25
) -> tuple[np.ndarray, np.ndarray]:
    """Float32 (n, d) in clear groups, and which of them (n,): 0, 1, 2, 0, 1, 2, …"""
    labels = np.arange(n) % groups
    return cloud(groups, d)[labels] + spread * cloud(n, d, seed=1), labels


def _odd() -> dict[str, np.ndarray]:
    points, _ = blobs(24)
    holes = points.copy()
    holes[3] = np.nan
    holes[7, 2] = -np.inf
    return {
        "one": points[:1],
        "two": points[:2],
        "three": points[:3],
        "five": points[:5],
        "all equal": np.tile(points[:1], (9, 1)),
        "six, four times": np.repeat(points[:6], 4, axis=0),
        "three, eight times": np.repeat(points[:3], 8, axis=0),
        "two rows not finite": holes,
        "no row finite": np.full((6, 4), np.nan, np.float32),
        "zero": np.zeros((6, 4), np.float32),
        "one number each": cloud(12, 1),
    }


ODD = _odd()


def on_circle(*degrees: float) -> np.ndarray:
    """Unit vectors (N, 2) at these angles."""
    angles = np.radians(degrees)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def hits(*rows: list[int]) -> Hits:
    """Hits of one query a row; their scores are no matter."""
    indices = np.array(rows, np.int64)
    return Hits(indices, np.zeros(indices.shape, np.float32))


def unclusterable(vectors: np.ndarray) -> np.ndarray:
    """Bool (N,): rows that point nowhere."""
    return ~(np.isfinite(vectors).all(axis=1) & (np.nan_to_num(vectors) != 0).any(axis=1))


def turned_map(coordinates: np.ndarray, seed: int = 0) -> np.ndarray:
    """The same map rotated, mirrored, three times as large, and somewhere else."""
    dims = coordinates.shape[1]
    rotation, _ = np.linalg.qr(cloud(dims, dims, seed).astype(np.float64))
    if np.linalg.det(rotation) > 0:
        rotation[:, 0] *= -1
    return (3 * coordinates @ rotation + np.arange(5, 5 + dims)).astype(np.float32)


def says(error: object, *lines: tuple[str, ...]) -> bool:
    """Whether an error has just these lines, each with all that it must hold."""
    said = str(error).splitlines()
    return len(said) == len(lines) and all(
        all(part in line for part in parts) for line, parts in zip(said, lines, strict=True)
    )


@dataclass
class Told:
    """An `on_progress` that keeps what it was told."""

    events: list[tuple[str, float]] = field(default_factory=list)

    def __call__(self, stage: str, share: float) -> None:
        self.events.append((stage, share))

    def shares(self, stage: str) -> list[float]:
        return [share for name, share in self.events if name == stage]

    def rises_to_one(self, stage: str) -> bool:
        """Whether the stage was reported from 0 to 1 without a step back."""
        shares = self.shares(stage)
        return shares[0] == 0 and shares[-1] == 1 and all(a <= b for a, b in pairwise(shares))


@dataclass(frozen=True, eq=False)
class Sample:
    """A bundled sample with its labels, and its vectors by the bundled model."""

    texts: list[str]
    labels: list[str]
    vectors: np.ndarray

    def without(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the rows that are left, and of those left out."""
        every = np.arange(len(self.texts))
        return np.delete(every, rows), every[rows]


def read_sample(name: str, text: str, label: str) -> tuple[list[str], list[str]]:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row[text] for row in rows], [row[label] for row in rows]
