"""A remedy ends the finding that it belongs to: of every sample and of every small file."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from encoder.training import TrainConfig
from encoder.training.losses import losses_for
from ingest import LabError
from ui.state.pairs import SAMPLES, TrainingPairs, check_training_pairs, open_data, open_sample

CASES = Path(__file__).parents[2] / "cases"


@cache
def files() -> dict[str, TrainingPairs]:
    """All that hold pairs."""
    opened = {name: open_sample(name) for name in SAMPLES}
    for path in sorted(CASES.glob("*.*sv")) + sorted(CASES.glob("*.jsonl")):
        try:
            opened[path.name] = open_data(path, path.name)
        except LabError:
            continue
    return {name: pairs for name, pairs in opened.items() if pairs.pairs is not None}


def findings(training_pairs: TrainingPairs, encoder):
    loss = losses_for(training_pairs.pairs.kind)[0]
    return check_training_pairs(training_pairs, encoder, TrainConfig(loss=loss)).findings


@pytest.mark.parametrize("name", files())
def test_no_remedy_has_to_be_clicked_twice(name, bert):
    training_pairs = files()[name]
    for finding in findings(training_pairs, bert):
        for choice, remedy in enumerate(finding.remedies):
            after = findings(training_pairs.remedied(finding, choice), bert)
            same = [f for f in after if f.name == finding.name]
            assert not [(f.severity, f.remedies) for f in same if f.remedies], remedy.label
            assert {f.severity for f in same} <= {"note"}, remedy.label


def test_most_kinds_of_findings_have_been_clicked_away(bert):
    names = {f.name for pairs in files().values() for f in findings(pairs, bert) if f.remedies}
    assert names >= {
        "label_noise", "unread_label", "false_negatives", "near_duplicates", "exact_duplicates",
        "conflicting_labels", "same_text_both_sides", "class_imbalance", "broken_characters",
        "markup", "no_words", "truncated_texts", "unknown_tokens",
    }  # fmt: skip


def test_what_a_remedy_could_not_mend_is_offered_again_only_where_it_is_new(bert):
    rows = [f"It rains on day {n}.,Rain {n} â€œfellâ€\ufffd and {n}.,{n % 2}\n" for n in range(30)]
    training_pairs = open_data("a,b,label\n" + "".join(rows), "pasted")
    [broken] = [f for f in findings(training_pairs, bert) if f.name == "broken_characters"]
    mended = training_pairs.remedied(broken)
    [left] = [f for f in findings(mended, bert) if f.name == "broken_characters"]
    assert (left.severity, left.remedies) == ("note", ())
    report = replace(mended.pairs.report, settled={"broken_characters": broken.rows[:1]})
    other = replace(mended, pairs=replace(mended.pairs, report=report))
    [new] = [f for f in findings(other, bert) if f.name == "broken_characters"]
    assert new.severity == "warning"
