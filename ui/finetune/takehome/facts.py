"""What several of the files to take home say about a run."""

import re
import unicodedata
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np

from encoder import CATALOG, EncoderError
from encoder.catalog import UNTRAINED
from encoder.hub import valid_repo_id
from ingest import PairSet, Split, connected_groups
from ui.state.models import Run

SLUG_LENGTH = 40  # characters
LIBRARIES = ("torch", "transformers", "sentence-transformers")
NO_CHARACTERS = {"Cc", "Cs", "Zl", "Zp"}  # control, lone surrogates, line and paragraph ends
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # the reading direction
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")  # no file on Windows may be called so


@dataclass(frozen=True)
class Base:
    """Where the model that was trained can be had again."""

    hub_id: str | None  # None: it is not on the Hub, but a run or an upload of the visitor
    licence: str | None  # by the name the Hub knows, "apache-2.0"
    random: bool  # it began from random weights of this architecture


def base_of(run: Run) -> Base:
    """Told by the name in the picker: an encoder keeps its first name through every run."""
    spec = CATALOG.get(run.model)
    if spec is not None:
        return Base(spec.hub_id, spec.licence.lower(), random=spec.key == UNTRAINED)
    return Base(run.model if _is_hub_id(run.model) else None, None, random=False)


def _is_hub_id(name: str) -> bool:
    try:
        return "/" in name and valid_repo_id(name) == name
    except EncoderError:
        return False


def all_pairs(run: Run) -> tuple[PairSet, Split]:
    """Every pair of the run in the order of the file, and the part that each was in."""
    done = run.done
    parts = (done.train, done.validation, done.held_out)
    number = np.repeat(np.arange(3), [len(part) for part in parts])  # of each row's part
    rows = [row for part in parts for row in part.row_numbers]
    order = np.argsort(rows, kind="stable")
    labels = [part.labels for part in parts if part.labels is not None]
    pairs = replace(
        done.train,
        texts=tuple(text for part in parts for text in part.texts),
        labels=np.concatenate(labels) if labels else None,
        row_numbers=tuple(rows),
    ).take(order)
    train, validation, held_out = (np.flatnonzero(number[order] == part) for part in range(3))
    return pairs, Split(train, validation, held_out, connected_groups(pairs))


def texts_shared(run: Run) -> bool:
    """Whether a text (case and punctuation aside) stands in more than one part."""
    pairs, split = all_pairs(run)
    part = np.zeros(len(pairs), np.int64)
    part[split.validation], part[split.held_out] = 1, 2
    of_groups = set(zip(split.groups.tolist(), part.tolist(), strict=True))
    return len(of_groups) > len(np.unique(split.groups))


def epochs(run: Run) -> float:
    """How often the training rows were seen, from the steps that were made."""
    return run.done.steps * run.done.config.batch_size / len(run.done.train)


def blocks_trained(run: Run) -> str:
    """'the top 3 of 6 blocks'."""
    blocks, depth = run.done.config.train_blocks or 0, run.base.backbone.depth
    if blocks == 0:
        return f"none of the {depth} blocks: a linear map on the frozen sentence vectors"
    if blocks > depth:
        return f"all {depth} blocks and the embeddings"
    if blocks == depth:
        return f"all {depth} blocks, without the embeddings"
    return f"the top {blocks} of {depth} blocks"


def versions() -> dict[str, str]:
    """Of the libraries that made the model, or that load it."""
    return {name: version(name) for name in LIBRARIES}


def one_line(text: str) -> str:
    r"""What a visitor wrote, in one line, without what would break it or turn its direction.

    >>> one_line("a\nb\u202ec")
    'a b c'
    """
    shown = (" " if disturbs(character) else character for character in text)
    return " ".join("".join(shown).split())


def disturbs(character: str) -> bool:
    """Whether a character has no place within a line."""
    kind, direction = unicodedata.category(character), unicodedata.bidirectional(character)
    return kind in NO_CHARACTERS or direction in TURNS


def slug(name: str) -> str:
    """A file name that every system takes, made of what a visitor called a run.

    >>> slug("Mein Lauf № 1 / ../etc")
    'mein-lauf-no-1-etc'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    short = re.sub(r"[^a-z0-9]+", "-", plain)[:SLUG_LENGTH].strip("-")
    return f"model-{short}".rstrip("-") if not short or RESERVED.fullmatch(short) else short
