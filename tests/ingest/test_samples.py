"""The bundled samples: what they say they are, varied, and one that is messy on purpose."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from ingest import (
    FINDINGS,
    ColumnMapping,
    check,
    guess_columns,
    read_pairs,
    read_table,
    split_pairs,
    to_pairs,
)
from ingest.neighbours import NEAR, earlier_twins
from ingest.text import words
from tests.samples import SAMPLES

CLEAN = {  # kind, fewest rows
    "graded_pairs.csv": ("score", 240),
    "duplicate_questions.csv": ("binary", 200),
    "question_answer.csv": ("positive", 200),
    "triplets.csv": ("triplet", 120),
}
MESSY = SAMPLES / "messy_pairs.csv"
MOST_ALIKE_STARTS = 0.02
MOST_NEAR_DUPLICATES = 0.03


def alike_starts(texts: list[str]) -> float:
    """The share of texts whose first four words also begin another one."""
    starts = [tuple(words(text)[:4]) for text in texts]
    counts = Counter(start for start in starts if len(start) == 4)
    return sum(count for count in counts.values() if count > 1) / len(texts)


@pytest.mark.parametrize("name", CLEAN)
def test_kind_rows_and_nothing_lost(name):
    kind, fewest = CLEAN[name]
    pairs = read_pairs(SAMPLES / name)
    assert pairs.kind == kind
    assert len(pairs) >= fewest
    assert not pairs.report.dropped
    assert not pairs.report.fixed
    assert pairs.report.encoding == "UTF-8"


@pytest.mark.parametrize("name", CLEAN)
def test_the_check_finds_nothing_to_mend(name):
    pairs = read_pairs(SAMPLES / name)
    split = split_pairs(pairs)
    found = check(pairs, split=split)
    assert [finding for finding in found if finding.severity != "note"] == []
    assert len(split.held_out) >= 0.15 * len(pairs)
    assert len(split.validation) >= 10


@pytest.mark.parametrize("name", CLEAN)
def test_samples_are_no_templates(name):
    pairs = read_pairs(SAMPLES / name)
    for side in range(len(pairs.texts[0])):
        assert alike_starts([row[side] for row in pairs.texts]) <= MOST_ALIKE_STARTS
    sets = [frozenset(words(" ".join(row))) for row in pairs.texts]
    near = sum(twin is not None for twin in earlier_twins(sets, NEAR))
    assert near <= MOST_NEAR_DUPLICATES * len(pairs)


def test_templates_would_be_caught():
    assert (
        alike_starts(["The cat is on a mat.", "The cat is on fire.", "Dogs bark.", "Why?"]) == 0.5
    )


def test_graded_pairs_cover_their_topics_and_the_scale():
    table = read_table(SAMPLES / "graded_pairs.csv")
    assert table.frame["topic"].nunique() == 8
    assert table.frame["topic"].value_counts().min() >= 20
    labels = read_pairs(SAMPLES / "graded_pairs.csv").labels
    assert labels.min() == 0
    assert labels.max() == 1
    assert np.histogram(labels, bins=5)[0].min() >= 0.1 * len(labels)


# --- the messy one ------------------------------------------------------------------------------


def common_words(one, other) -> np.ndarray:
    """A stand-in for a model."""
    sets = [(set(words(a)), set(words(b))) for a, b in zip(one, other, strict=True)]
    return np.array([len(a & b) / max(1, len(a | b)) for a, b in sets])


def count_words(texts) -> list[int]:
    return [len(text.split()) + 2 for text in texts]


QUESTIONS = ("Question A", "Question B")
READINGS = {
    "as it is guessed": ColumnMapping("binary", QUESTIONS, "Duplicate?"),
    "with a distance taken for a score": ColumnMapping("score", QUESTIONS, "Difference 0-100"),
    "with replies taken for anchors": ColumnMapping("positive", ("Reply sent", "Question A")),
}
ONLY_THERE = {  # findings that one reading cannot show beside the others
    "with a distance taken for a score": {"labels_reversed"},
    "with replies taken for anchors": {"column_order", "unread_label"},
}
OF_OTHER_FILES = {"mostly_dropped", "counts_as_labels"}  # proved where they are made


def only_first_unknown(texts) -> SimpleNamespace:
    """A model that does not know one text; the file has none in another script."""
    return SimpleNamespace(unknown=(0,), alike=(), advice="")


def messy_findings(reading: str) -> dict[str, tuple[int, ...]]:
    table = read_table(MESSY)
    guessed = guess_columns(table)
    pairs = to_pairs(table, guessed if guessed == READINGS[reading] else READINGS[reading])
    options = {"similarity": common_words, "count_tokens": count_words, "max_tokens": 64,
               "read": only_first_unknown}  # fmt: skip
    return {f.name: f.rows for f in check(pairs, loss_in_batch=True, **options)}


def test_the_messy_file_is_read_as_people_send_it():
    table = read_table(MESSY)
    assert 80 <= table.rows_read <= 100
    assert table.encoding == "Windows-1252 (Western)"
    assert table.delimiter == "semicolon"
    assert guess_columns(table) == READINGS["as it is guessed"]
    report = to_pairs(table, guess_columns(table)).report
    assert report.read == table.rows_read
    assert "'maybe'" in " ".join(report.notes)


def test_the_messy_file_triggers_every_finding():
    found = {reading: messy_findings(reading) for reading in READINGS}
    guessed = set(found["as it is guessed"])
    assert set(FINDINGS) - guessed == set.union(OF_OTHER_FILES, *ONLY_THERE.values())
    for reading, names in ONLY_THERE.items():
        assert names <= set(found[reading])


@pytest.mark.parametrize("reading", READINGS)
def test_a_remedy_is_known_by_the_name_of_its_finding(reading):
    pairs = to_pairs(read_table(MESSY), READINGS[reading])
    options = {"similarity": common_words, "count_tokens": count_words, "max_tokens": 64}
    names = [f.name for f in check(pairs, loss_in_batch=True, **options) if f.remedy]
    assert len(names) == len(set(names)) > 3


def test_findings_point_at_the_rows_that_are_meant():
    table = read_table(MESSY)
    found = messy_findings("as it is guessed")

    def questions(name: str) -> list[str]:
        return [" | ".join(table.frame.loc[row, list(QUESTIONS)]) for row in found[name]]

    assert all("fiddle-leaf" in text for text in questions("truncated_texts"))
    assert any("don\u00e2\u20ac\u2122t" in text for text in questions("broken_characters"))
    assert all("<" in text or "&" in text for text in questions("markup"))
    assert all("???" in text or "12345" in text for text in questions("no_words"))
    assert all("hibiscus" in text for text in questions("conflicting_labels"))
    assert any("moss wall" in text for text in questions("label_noise"))
