"""What a visitor trains on: the file, which columns mean what, and the pairs that come of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import cast

import numpy as np

from encoder.encoder import Encoder
from encoder.errors import EncoderError
from encoder.readability import Reading, reading
from encoder.training import Parts, TrainConfig, parts
from encoder.training.losses import LOSSES
from encoder.training.run_warnings import batch_warnings
from ingest import (
    LABELLED,
    LIMITS,
    TEXTS,
    ColumnMapping,
    Finding,
    IngestError,
    Kind,
    LabError,
    Limits,
    PairSet,
    Table,
    check,
    guess_columns,
    read_table,
    to_pairs,
    with_rows_of_lists,
)
from ui.checks import in_range, one_of

SAMPLES_FOLDER = Path(__file__).parents[2] / "assets" / "samples"


@dataclass(frozen=True)
class PairsSample:
    """A bundled file of pairs."""

    name: str  # of its button: "sample-" and this
    title: str
    file: str
    folder: Path = SAMPLES_FOLDER


SAMPLES = {
    sample.name: sample
    for sample in (
        PairsSample("graded", "Everyday sentences, graded", "graded_pairs.csv"),
        PairsSample("duplicates", "Duplicate support questions", "duplicate_questions.csv"),
        PairsSample("answers", "Questions and answers", "question_answer.csv"),
        PairsSample("triplets", "Triplets", "triplets.csv"),
        PairsSample("messy", "A messy file", "messy_pairs.csv"),
    )
}
FIRST_SAMPLE = next(iter(SAMPLES))
COMPARED_ROWS = 2_000  # of a larger file, so many rows are held against what the model sees
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
class TrainingPairs:
    """The pairs that a visitor trains on, and the file they are read from.

    Read-only; every change gives a new one.
    """

    name: str
    table: Table
    mapping: ColumnMapping | None  # None where no columns of texts could be guessed
    pairs: PairSet | None
    problem: str = ""  # why there are no pairs
    applied: tuple[str, ...] = ()  # remedies, in words
    readings: dict[str, tuple[tuple[str, ...], Reading]] = field(default_factory=dict, repr=False)
    bundled: bool = False  # a sample, which anybody can open again
    limits: Limits = LIMITS  # what it was read with

    def with_mapping(self, mapping: ColumnMapping) -> "TrainingPairs":
        """Read the pairs anew from other columns; remedies start over."""
        return _with_pairs(replace(self, mapping=mapping, applied=()))

    def remedied(self, finding: Finding, choice: int = 0) -> "TrainingPairs":
        """After one click on a remedy: the finding's first, or another of its `remedies`."""
        if self.pairs is None or not 0 <= choice < len(finding.remedies):
            raise EncoderError(f"There is no remedy for {finding.name!r} to apply.")
        remedy = finding.remedies[choice]
        return replace(
            self,
            pairs=remedy.apply(self.pairs),
            mapping=remedy.mapping or self.mapping,
            applied=(*self.applied, remedy.label),
            readings={},
        )


def open_sample(name: str) -> TrainingPairs:
    """One of the bundled files. Raises EncoderError for an unknown one."""
    sample = SAMPLES[one_of(name, "sample", SAMPLES)]
    return replace(open_data(sample.folder / sample.file, sample.file), bundled=True)


def open_data(
    source: Path | bytes | str, name: str, sample: bool = False, limits: Limits = LIMITS
) -> TrainingPairs:
    """A file, its bytes, or pasted text.

    Raises IngestError for what cannot be read, OverLimit where a `sample` of it could be.
    """
    pasted = StringIO(source) if isinstance(source, str) else source  # a str would be a path
    table = with_rows_of_lists(read_table(pasted, name, limits, sample=sample), limits)
    try:
        mapping = guess_columns(table)
    except IngestError as error:
        return TrainingPairs(name, table, None, None, str(error), limits=limits)
    return _with_pairs(TrainingPairs(name, table, mapping, None, limits=limits))


def _with_pairs(training_pairs: TrainingPairs) -> TrainingPairs:
    assert training_pairs.mapping is not None
    try:
        return replace(
            training_pairs,
            pairs=to_pairs(
                training_pairs.table, training_pairs.mapping, limits=training_pairs.limits
            ),
            problem="",
            readings={},
        )
    except IngestError as error:
        return replace(training_pairs, pairs=None, problem=str(error))


def parse_mapping(
    training_pairs: TrainingPairs,
    kind: object,
    columns: tuple[object, ...],
    scale: tuple[object, object] = (None, None),
) -> ColumnMapping:
    """The mapping that three dropdowns say: two text columns, then negative or label.

    `scale` is the lowest and the highest label of graded pairs, both empty where the values tell
    it. What a remedy said of the label's words, or of a column that is no label, stays.
    Raises LabError naming what is missing.
    """
    kind = cast(Kind, one_of(kind, "kind", TEXTS))
    names = [str(name) for name in columns if name and name != NO_LABEL]
    unknown = [name for name in names if name not in training_pairs.table.columns]
    if unknown:
        columns_there = ", ".join(training_pairs.table.columns)
        raise EncoderError(f"No column {unknown[0][:40]!r}. The file has: {columns_there}.")
    third = str(columns[2]) if columns[2] and columns[2] != NO_LABEL else None
    texts = tuple(str(name) for name in columns[:2])
    if kind == "triplet":
        if third is None:
            raise EncoderError("Triplets need a third column: choose the negative's.")
        texts = (*texts, third)
    current = training_pairs.mapping
    if kind not in LABELLED:
        if current is None:
            return ColumnMapping(kind, texts)
        return ColumnMapping(kind, texts, ignored=current.ignored, only=current.only)
    if third is None:
        raise EncoderError("Choose the column of the label, or another kind of pairs.")
    same = current and current.label == third and current.kind == kind
    meanings = current.meanings if current and same else ()
    ends = parse_scale(*scale) if kind == "score" else None
    return ColumnMapping(kind, texts, third, ends, meanings=() if ends else meanings)


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
class PairsCheck:
    """The check of some pairs for one model and one configuration."""

    pairs: PairSet | None  # whose rows the findings name
    findings: tuple[Finding, ...]
    parts: Parts | None  # None where nothing is left to train on
    problem: str = ""
    notes: tuple[str, ...] = ()  # what was not looked at


def check_training_pairs(
    training_pairs: TrainingPairs, encoder: Encoder, config: TrainConfig
) -> PairsCheck:
    """Everything wrong with the pairs, and how they will be split."""
    if training_pairs.pairs is None:
        return PairsCheck(None, (), None, training_pairs.problem)
    pairs = training_pairs.pairs
    by_part: Parts | None = None
    problem = ""
    try:
        by_part = parts(pairs, config)
    except LabError as error:
        problem = str(error)
    compared = len(pairs) <= COMPARED_ROWS
    left_out = (
        f"Single labels were not held against the model's own cosines: that is done for up to "
        f"{COMPARED_ROWS:,} pairs, and there are {len(pairs):,}. Whether all labels are reversed "
        "was looked for in a sample."
    )
    loss = config.loss
    warnings: tuple[str, ...] = ()
    if by_part is not None and loss:
        try:
            warnings = batch_warnings(by_part.train, config)
        except LabError as error:
            problem = str(error)  # the run itself would fail with it
    checked = by_part.pairs if by_part else pairs
    texts = list(dict.fromkeys(text for row in checked.texts for text in row))
    lengths = dict(zip(texts, _read(training_pairs, encoder, texts).lengths, strict=True))
    findings = check(
        checked,
        loss_in_batch=LOSSES[loss].distinct_texts if loss else None,
        batch_size=config.batch_size,
        similarity=_similarity(encoder),
        compared_rows=COMPARED_ROWS,
        count_tokens=lambda some: [lengths[text] for text in some],
        max_tokens=encoder.max_tokens,
        read=partial(_read, training_pairs, encoder),
        split=by_part.split if by_part else None,
    )
    notes = (*warnings, *(() if compared else (left_out,)))
    return PairsCheck(pairs, tuple(findings), by_part, problem, notes)


def _read(training_pairs: TrainingPairs, encoder: Encoder, texts: Sequence[str]) -> Reading:
    """What a model reads of texts; the same ones are looked at once for each model."""
    key = f"{encoder.name} {encoder.backbone.fingerprint}"  # the advice names the model
    seen, given = training_pairs.readings.get(key), tuple(texts)
    if seen is None or seen[0] != given:
        seen = training_pairs.readings[key] = given, reading(encoder, texts)
    return seen[1]


def _similarity(encoder: Encoder) -> Callable[[Sequence[str], Sequence[str]], np.ndarray]:
    def cosines(left: Sequence[str], right: Sequence[str]) -> np.ndarray:
        both = encoder.encode([*left, *right])
        return (both[: len(left)] * both[len(left) :]).sum(1)

    return cosines
