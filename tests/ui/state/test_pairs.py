"""The pairs that a visitor trains on: files, columns, a scale, remedies."""

from itertools import pairwise

import pytest

from encoder import ArrayCache, EncoderError, TrainConfig
from encoder.catalog import MULTILINGUAL
from ingest import LIMITS, LabError, OverLimit
from ui.state.pairs import (
    COMPARED_ROWS,
    SAMPLES,
    check_training_pairs,
    open_data,
    open_sample,
    parse_mapping,
)

KINDS = ("score", "binary", "positive", "triplet", "binary")


@pytest.mark.parametrize(("name", "kind"), list(zip(SAMPLES, KINDS, strict=True)))
def test_every_sample_reads_and_splits(bert, name, kind):
    training_pairs = open_sample(name)
    assert training_pairs.pairs is not None
    assert training_pairs.pairs.kind == kind
    check = check_training_pairs(training_pairs, bert, TrainConfig())
    assert check.parts is not None
    assert min(len(check.parts.train), len(check.parts.held_out)) > 10


def test_batches_that_would_teach_nothing_are_told_before_a_run(bert):
    in_batch = TrainConfig(loss="multiple_negatives", batch_size=8, held_out_share=0.1)
    lines = ["anchor,positive"]
    lines += [f"How do I pay?,Answer {i} to it." for i in range(100)]
    training_pairs = open_data("\n".join(lines), "pay.csv")
    check = check_training_pairs(training_pairs, bert, in_batch)
    assert "batches hold a single row" in check.problem
    mixed = lines[:16] + [f"What is number {i}?,It is the number {i}." for i in range(80)]
    check = check_training_pairs(open_data("\n".join(mixed), "mixed.csv"), bert, in_batch)
    assert check.problem == ""
    assert "hold a single row" in check.notes[0]


def test_texts_that_the_model_cannot_read_are_found_and_another_model_is_offered(bert):
    letters = [chr(n) for n in range(0x0E01, 0x0E2F)]  # Thai, of which each word is unknown
    lines = [f"{a}{b},{b}{b}{a},{i % 6}" for i, (a, b) in enumerate(pairwise(letters))]
    training_pairs = open_data("\n".join(["a,b,score", *lines]), "thai.csv")
    check = check_training_pairs(training_pairs, bert, TrainConfig())
    [found] = [finding for finding in check.findings if finding.name == "unknown_tokens"]
    assert (found.severity, len(found.rows)) == ("error", len(lines))
    assert f"{2 * len(lines)} texts look the same to it" in found.what
    assert MULTILINGUAL in found.effect


def test_the_texts_are_read_once_for_each_model(tiny):
    training_pairs = open_sample("graded")
    bert, roberta = tiny("bert"), tiny("roberta")
    for encoder in (bert, roberta):
        for config in (TrainConfig(), TrainConfig(batch_size=4)):
            check_training_pairs(training_pairs, encoder, config)
    assert len(training_pairs.readings) == 2
    kept = next(iter(training_pairs.readings.values()))
    check_training_pairs(training_pairs, bert, TrainConfig(batch_size=8))
    assert next(iter(training_pairs.readings.values())) is kept


def test_an_unknown_sample_lists_the_known():
    with pytest.raises(EncoderError, match="graded, duplicates"):
        open_sample("../../etc/passwd")


def test_a_file_without_pairs_stays_and_says_why():
    training_pairs = open_data("n\n1\n2\n3\n", "numbers.csv")
    assert training_pairs.pairs is None
    assert "two columns of texts" in training_pairs.problem


def test_a_file_that_cannot_be_read_is_refused_in_words():
    with pytest.raises(LabError, match="no text"):
        open_data(b"", "empty.csv")


def rows(count: int) -> str:
    return "a,b,score\n" + "".join(
        f"Row {i} is here.,It is row {i}.,{i % 6}\n" for i in range(count)
    )


def test_of_a_file_over_the_limit_a_sample_can_be_asked_for():
    sent = rows(LIMITS.rows + 5)
    with pytest.raises(OverLimit, match="ask for a sample"):
        open_data(sent, "long.csv")
    training_pairs = open_data(sent, "long.csv", sample=True)
    assert training_pairs.pairs is not None
    assert len(training_pairs.pairs) == LIMITS.rows
    assert "A sample of 20,000 of 20,005 rows" in " ".join(training_pairs.pairs.report.notes)


@pytest.mark.parametrize("count", [COMPARED_ROWS, COMPARED_ROWS + 1])
def test_labels_that_were_not_held_against_the_model_are_said_to_be_so(bert, count):
    check = check_training_pairs(open_data(rows(count), "x.csv"), bert, TrainConfig())
    remarks = [note for note in check.notes if "2,000 pairs, and there are 2,001" in note]
    assert len(remarks) == (count > COMPARED_ROWS)


def test_reversed_labels_are_looked_for_in_a_sample_of_a_large_file(bert):
    count, drawn = COMPARED_ROWS + 200, []
    lines = ["a,b,score"]
    for i in range(count):
        same = i % 2
        text = f"The cat number {i} is here."
        lines.append(f"{text},{text[:-1] + ' now.' if same else f'Bread {i}?'},{5 - 5 * same}")
    training_pairs = open_data("\n".join(lines), "distances.csv")
    training_pairs = training_pairs.with_mapping(
        parse_mapping(training_pairs, "score", ("a", "b", "score"), (0, 5))
    )
    bert = bert.with_cache(ArrayCache(2**26))
    encode = bert.encode
    bert.encode = lambda texts, **options: drawn.append(len(texts)) or encode(texts, **options)
    findings = check_training_pairs(training_pairs, bert, TrainConfig()).findings
    [finding] = [f for f in findings if f.name == "labels_reversed"]
    assert "in 2,000 rows drawn at random" in finding.what
    assert sum(drawn) == 2 * COMPARED_ROWS
    turned = check_training_pairs(training_pairs.remedied(finding), bert, TrainConfig()).findings
    assert "labels_reversed" not in [f.name for f in turned]


CSV = "q,a,w,y\nWhat is it?,A cat.,A dog.,1\nWho is it?,My aunt.,My uncle.,0\nWhy?,Because.,So.,1\n"


def test_columns_can_be_chosen_anew():
    training_pairs = open_data(CSV, "x.csv")
    as_triplet = training_pairs.with_mapping(
        parse_mapping(training_pairs, "triplet", ("q", "a", "w"))
    )
    assert as_triplet.pairs is not None
    assert as_triplet.pairs.texts[0] == ("What is it?", "A cat.", "A dog.")
    as_binary = training_pairs.with_mapping(
        parse_mapping(training_pairs, "binary", ("a", "w", "y"))
    )
    assert as_binary.pairs is not None
    assert as_binary.pairs.labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("kind", "columns", "said"),
    [
        ("poem", ("q", "a", "w"), "Unknown kind"),
        ("score", ("q", "zz", "y"), "No column 'zz'"),
        ("score", ("q", "a", "(none)"), "label"),
        ("triplet", ("q", "a", None), "third column"),
        ("positive", ("q", "q", None), "chosen twice"),
        ("score", (["q"], {}, 3), "No column"),
    ],
)
def test_columns_that_do_not_fit_are_refused_in_words(kind, columns, said):
    with pytest.raises(LabError, match=said):
        parse_mapping(open_data(CSV, "x.csv"), kind, columns)


def test_a_remedy_gives_new_pairs_and_is_remembered(bert):
    training_pairs = open_sample("messy")
    findings = check_training_pairs(training_pairs, bert, TrainConfig()).findings
    finding = next(f for f in findings if f.name == "exact_duplicates")
    mended = training_pairs.remedied(finding)
    assert len(mended.pairs) < len(training_pairs.pairs)
    assert mended.applied == (finding.remedy.label,)
    again = check_training_pairs(mended, bert, TrainConfig()).findings
    assert "exact_duplicates" not in [f.name for f in again]


def test_only_a_sample_can_be_opened_by_anybody_again():
    sample = open_sample("graded")
    assert sample.bundled
    assert sample.with_mapping(sample.mapping).bundled
    of_that_name = open_data(rows(20), SAMPLES["graded"].file)
    assert not of_that_name.bundled
