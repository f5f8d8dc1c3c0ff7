"""What a visitor trains on: the file, which columns mean what, and the pairs that come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np

from encoder.encoder import Encoder
from encoder.errors import EncoderError
from encoder.training import Parts, TrainConfig, parts
from encoder.training.losses import LOSSES
from encoder.training.run_warnings import batch_warnings
from ingest import (
    LIMITS,
    TEXTS,
    ColumnMapping,
    Finding,
    IngestError,
    OverLimit,
    PairSet,
    Table,
    check,
    guess_columns,
    read_table,
    to_pairs,
)
from ui.checks import in_range

SAMPLES_FOLDER = Path(__file__).parents[2] / "assets" / "samples"
SAMPLES = {
    "Everyday sentences, graded": "graded_pairs.csv",
    "Duplicate support questions": "duplicate_questions.csv",
    "Questions and answers": "question_answer.csv",
    "Triplets": "triplets.csv",
    "A messy file": "messy_pairs.csv",
}
FIRST_SAMPLE = next(iter(SAMPLES))
COMPARED_ROWS = 2_000  # in larger files, labels are not compared with what the model sees
KINDS = {
    "score": "graded: two texts and a score",
    "binary": "yes or no: two texts and a label",
    "positive": "positives: two texts that belong together",
    "triplet": "triplets: anchor, positive, negative",
}
NO_LABEL = "(none)"
LARGEST_LABEL = 1e6
HALF_A_SCALE = (
    "Give the lowest and the highest label. Without both, the scale is recognised from the labels."
)


@dataclass(frozen=True, eq=False)
class Desk:
    """Read-only; every change gives a new one."""

    name: str
    table: Table
    mapping: ColumnMapping | None  # None where no columns of texts could be guessed
    pairs: PairSet | None
    problem: str = ""  # why there are no pairs
    applied: tuple[str, ...] = ()  # remedies, in words
    tokens: dict[str, list[int]] = field(default_factory=dict, repr=False)  # counted, by model

    def with_mapping(self, mapping: ColumnMapping) -> "Desk":
        """Read the pairs anew from other columns; remedies start over."""
        return _with_pairs(replace(self, mapping=mapping, applied=()))

    def remedied(self, finding: Finding) -> "Desk":
        """After one click on a remedy."""
        if finding.remedy is None or self.pairs is None:
            raise EncoderError(f"There is no remedy for {finding.name!r} to apply.")
        pairs = finding.remedy.apply(self.pairs)
        return replace(self, pairs=pairs, applied=(*self.applied, finding.remedy.label), tokens={})


def open_sample(title: str) -> Desk:
    """One of the bundled files."""
    if title not in SAMPLES:
        raise EncoderError(f"Unknown sample {title[:40]!r}. Choose one of: {', '.join(SAMPLES)}.")
    return open_data(SAMPLES_FOLDER / SAMPLES[title], SAMPLES[title])


def open_data(source: Path | bytes | str, name: str, sample: bool = False) -> Desk:
    """A file, its bytes, or pasted text.

    Raises EncoderError for what cannot be read, OverLimit where a `sample` of it could be.
    """
    try:
        pasted = StringIO(source) if isinstance(source, str) else source  # a str would be a path
        table = read_table(pasted, name, LIMITS, sample=sample)
    except OverLimit:
        raise
    except IngestError as error:
        raise EncoderError(str(error)) from error
    try:
        mapping = guess_columns(table)
    except IngestError as error:
        return Desk(name, table, None, None, str(error))
    return _with_pairs(Desk(name, table, mapping, None))


def _with_pairs(desk: Desk) -> Desk:
    assert desk.mapping is not None
    try:
        return replace(desk, pairs=to_pairs(desk.table, desk.mapping), problem="", tokens={})
    except IngestError as error:
        return replace(desk, pairs=None, problem=str(error))


def parse_mapping(
    desk: Desk,
    kind: object,
    columns: tuple[object, ...],
    scale: tuple[object, object] = (None, None),
) -> ColumnMapping:
    """The mapping that three dropdowns say: two text columns, then negative or label.

    `scale` is the lowest and the highest label of graded pairs, both empty where the values tell
    it. Raises EncoderError naming what is missing.
    """
    if kind not in TEXTS:
        raise EncoderError(f"Unknown kind {str(kind)[:20]!r}. Choose one of: {', '.join(TEXTS)}.")
    names = [str(name) for name in columns if name and name != NO_LABEL]
    unknown = [name for name in names if name not in desk.table.columns]
    if unknown:
        raise EncoderError(
            f"No column {unknown[0][:40]!r}. The file has: {', '.join(desk.table.columns)}."
        )
    third = str(columns[2]) if columns[2] and columns[2] != NO_LABEL else None
    texts = tuple(str(name) for name in columns[:2])
    try:
        if kind == "triplet":
            if third is None:
                raise EncoderError("Triplets need a third column: choose the negative's.")
            return ColumnMapping("triplet", (*texts, third))
        if kind == "positive":
            return ColumnMapping("positive", texts)
        if third is None:
            raise EncoderError("Choose the column of the label, or another kind of pairs.")
        if kind == "score":
            return ColumnMapping("score", texts, third, parse_scale(*scale))
        return ColumnMapping("binary", texts, third)
    except IngestError as error:
        raise EncoderError(str(error)) from error


def parse_scale(lowest: object, highest: object) -> tuple[float, float] | None:
    """The ends of the scale that labels are on; None where both boxes are empty.

    Raises EncoderError where one is, and for what is no number.
    """
    given = [end for end in (lowest, highest) if end not in (None, "")]
    if not given:
        return None
    if len(given) == 1:
        raise EncoderError(HALF_A_SCALE)
    low, high = (
        in_range(end, f"The {name} label", -LARGEST_LABEL, LARGEST_LABEL)
        for name, end in (("lowest", lowest), ("highest", highest))
    )
    return low, high


@dataclass(frozen=True, eq=False)
class Checked:
    """The check of some pairs for one model and one configuration."""

    pairs: PairSet | None  # whose rows the findings name
    findings: tuple[Finding, ...]
    parts: Parts | None  # None where nothing is left to train on
    problem: str = ""
    notes: tuple[str, ...] = ()  # what was not looked at


def check_desk(desk: Desk, encoder: Encoder, config: TrainConfig) -> Checked:
    """Everything wrong with the pairs, and how they will be split."""
    if desk.pairs is None:
        return Checked(None, (), None, desk.problem)
    pairs = desk.pairs
    try:
        found: Parts | None = parts(pairs, config)
        problem = ""
    except (EncoderError, IngestError) as error:
        found, problem = None, str(error)
    compared = len(pairs) <= COMPARED_ROWS
    left_out = (
        f"Labels were not held against the model's own cosines: that is done for up to "
        f"{COMPARED_ROWS:,} pairs, and there are {len(pairs):,}."
    )
    loss = config.loss
    caveats: tuple[str, ...] = ()
    if found is not None and loss:
        try:
            caveats = batch_warnings(found.train, config)
        except EncoderError as error:
            problem = str(error)  # said now, and by the run itself if it is begun
    findings = check(
        pairs,
        loss_in_batch=bool(loss and LOSSES[loss].distinct_texts),
        batch_size=config.batch_size,
        similarity=_similarity(encoder) if compared else None,
        count_tokens=partial(_count_tokens, desk, encoder),
        max_tokens=encoder.max_tokens,
        split=found.split if found else None,
    )
    notes = (*caveats, *(() if compared else (left_out,)))
    return Checked(pairs, tuple(findings), found, problem, notes)


def _count_tokens(desk: Desk, encoder: Encoder, texts: list[str]) -> list[int]:
    """Tokens of all texts of the desk's pairs before any cut; counted once for each model."""
    model = encoder.backbone.fingerprint
    if model not in desk.tokens:
        desk.tokens[model] = [len(t.ids) + t.cut for t in encoder.backbone.tokenize(texts)]
    return desk.tokens[model]


def _similarity(encoder: Encoder) -> Callable[..., np.ndarray]:
    def cosines(left: list[str], right: list[str]) -> np.ndarray:
        both = encoder.encode([*left, *right])
        return (both[: len(left)] * both[len(left) :]).sum(1)

    return cosines
