"""What lies on a visitor's desk: files, columns, remedies; and the form beside it."""

import pytest

from encoder import EncoderError, TrainConfig
from encoder.training.config import TRAIN_BLOCKS
from ingest import LIMITS, OverLimit
from ui.checks import parse_name
from ui.finetune.form import AUTO, BY_STEPS, DURATIONS, PRESETS, Form, parse_form
from ui.state.pairs import COMPARED_ROWS, SAMPLES, check_desk, open_data, open_sample, parse_mapping

KINDS = ("score", "binary", "positive", "triplet", "binary")


@pytest.mark.parametrize(("title", "kind"), list(zip(SAMPLES, KINDS, strict=True)))
def test_every_sample_reads_and_splits(bert, title, kind):
    desk = open_sample(title)
    assert desk.pairs is not None
    assert desk.pairs.kind == kind
    checked = check_desk(desk, bert, TrainConfig())
    assert checked.parts is not None
    assert min(len(checked.parts.train), len(checked.parts.held_out)) > 10


def test_batches_that_would_teach_nothing_are_told_before_a_run(bert):
    in_batch = TrainConfig(loss="multiple_negatives", batch_size=8, held_out_share=0.1)
    lines = ["anchor,positive"]
    lines += [f"How do I pay?,Answer {i} to it." for i in range(100)]
    desk = open_data("\n".join(lines), "pay.csv")
    assert "batches hold a single row" in check_desk(desk, bert, in_batch).problem
    mixed = lines[:16] + [f"What is number {i}?,It is the number {i}." for i in range(80)]
    checked = check_desk(open_data("\n".join(mixed), "mixed.csv"), bert, in_batch)
    assert checked.problem == ""
    assert "hold a single row" in checked.notes[0]


def test_an_unknown_sample_lists_the_known():
    with pytest.raises(EncoderError, match="Everyday sentences"):
        open_sample("../../etc/passwd")


def test_a_file_without_pairs_stays_on_the_desk_and_says_why():
    desk = open_data("n\n1\n2\n3\n", "numbers.csv")
    assert desk.pairs is None
    assert "two columns of texts" in desk.problem


def test_a_file_that_cannot_be_read_is_refused_in_words():
    with pytest.raises(EncoderError, match="no text"):
        open_data(b"", "empty.csv")


def rows(count: int) -> str:
    return "a,b,score\n" + "".join(
        f"Row {i} is here.,It is row {i}.,{i % 6}\n" for i in range(count)
    )


def test_of_a_file_over_the_limit_a_sample_can_be_asked_for():
    sent = rows(LIMITS.rows + 5)
    with pytest.raises(OverLimit, match="ask for a sample"):
        open_data(sent, "long.csv")
    desk = open_data(sent, "long.csv", sample=True)
    assert desk.pairs is not None
    assert len(desk.pairs) == LIMITS.rows
    assert "A sample of 20,000 of 20,005 rows" in " ".join(desk.pairs.report.notes)


@pytest.mark.parametrize("count", [COMPARED_ROWS, COMPARED_ROWS + 1])
def test_labels_that_were_not_held_against_the_model_are_said_to_be_so(bert, count):
    checked = check_desk(open_data(rows(count), "x.csv"), bert, TrainConfig())
    said = [note for note in checked.notes if "2,000 pairs, and there are 2,001" in note]
    assert len(said) == (count > COMPARED_ROWS)


CSV = "q,a,w,y\nWhat is it?,A cat.,A dog.,1\nWho is it?,My aunt.,My uncle.,0\nWhy?,Because.,So.,1\n"


def test_columns_can_be_chosen_anew():
    desk = open_data(CSV, "x.csv")
    as_triplet = desk.with_mapping(parse_mapping(desk, "triplet", ("q", "a", "w")))
    assert as_triplet.pairs is not None
    assert as_triplet.pairs.texts[0] == ("What is it?", "A cat.", "A dog.")
    as_binary = desk.with_mapping(parse_mapping(desk, "binary", ("a", "w", "y")))
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
    with pytest.raises(EncoderError, match=said):
        parse_mapping(open_data(CSV, "x.csv"), kind, columns)


def test_a_remedy_gives_new_pairs_and_is_remembered(bert):
    desk = open_sample("A messy file")
    findings = check_desk(desk, bert, TrainConfig()).findings
    finding = next(f for f in findings if f.name == "exact_duplicates")
    mended = desk.remedied(finding)
    assert len(mended.pairs) < len(desk.pairs)
    assert mended.applied == (finding.remedy.label,)
    again = check_desk(mended, bert, TrainConfig()).findings
    assert "exact_duplicates" not in [f.name for f in again]


# --- the form -----------------------------------------------------------------------------------


def test_the_form_as_it_stands_is_the_default():
    assert parse_form(Form(blocks=None), depth=6) == TrainConfig()
    form = parse_form(Form(), depth=6)
    assert form.train_blocks == TRAIN_BLOCKS  # as the page shows it


def test_every_field_moves_the_configuration():
    changed = {
        "pooling": ("cls", "pooling", "cls"),
        "loss": ("cosent", "loss", "cosent"),
        "blocks": (2, "train_blocks", 2),
        "duration": ("1 minute", "budget_s", 60),
        "batch_size": (8, "batch_size", 8),
        "lr": ("3e-5", "lr", 3e-5),
        "warmup": (3, "warmup", 3),
        "seed": (7, "seed", 7),
        "held_out": (30, "held_out_share", 0.3),
    }
    for name, (sent, field, value) in changed.items():
        assert getattr(parse_form(Form(**{name: sent}), 6), field) == value
    assert parse_form(Form(duration=BY_STEPS, steps=50), 6).steps == 50
    assert parse_form(Form(duration=AUTO, steps=50), 6).steps is None


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("pooling", "../x"), ("duration", "forever"), ("batch_size", 1), ("batch_size", "many"),
        ("lr", "nan"), ("lr", "-1"), ("blocks", -1), ("blocks", 1.5), ("seed", None),
        ("held_out", 99), ("warmup", [1]), ("held_out", float("nan")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_range(name, sent):
    with pytest.raises(EncoderError, match=r"must be|Choose one of"):
        parse_form(Form(**{name: sent}), 6)


def test_more_blocks_than_there_are_means_all_of_them():
    assert parse_form(Form(blocks=PRESETS["Thorough"].blocks), 6).train_blocks == 7
    assert set(DURATIONS.values()) == {None, 30, 60, 120, 300}


def test_a_name_is_one_line_and_not_empty():
    assert parse_name("  my\n model  ") == "my model"
    with pytest.raises(EncoderError, match="empty"):
        parse_name(" \n ")
