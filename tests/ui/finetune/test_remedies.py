"""One click on a remedy, other columns, another scale: of the pairs that were meant, or refused."""

from dataclasses import replace

import pytest

from encoder import EncoderError
from ingest import LabError
from tests.ui.finetune.pages import QUICK, asked, csv
from ui.finetune.form import Form
from ui.finetune.handlers import FinetuneHandlers
from ui.settings import Settings
from ui.state.pairs import open_data
from ui.state.workbench import Workbench

DUPLICATES = "exact_duplicates"
TWICE = csv("cat") + "The cat number 3 is here.,Nobody saw cat 3.,3\n"


@pytest.fixture
def handlers(bert):
    return FinetuneHandlers(Workbench(Settings(), lambda spec, **limits: bert))


def test_a_click_on_a_remedy_of_other_pairs_drops_nothing(handlers):
    handlers.open_text("ann", TWICE)
    checked = handlers.check(asked(handlers))
    assert DUPLICATES in {finding.name for finding in checked.findings}
    other = handlers.open_text("ann", csv("boat") + TWICE.splitlines()[1] + "\n")
    with pytest.raises(EncoderError, match="not on the list any more"):
        handlers.remedy("ann", DUPLICATES)
    assert handlers.training_pairs("ann") is other


def test_a_check_that_ends_late_has_no_remedies_for_other_pairs(handlers):
    handlers.open_text("ann", TWICE)
    old = asked(handlers)
    handlers.open_text("ann", csv("boat"))
    checked = handlers.check(old)  # the check of before ends only now
    assert handlers.visitor("ann").pairs_check is None
    handlers.visitor("ann").pairs_check = checked  # and even if it were kept
    with pytest.raises(EncoderError, match="not on the list any more"):
        handlers.remedy("ann", DUPLICATES)


def test_a_remedy_is_that_of_the_finding_by_its_name(handlers):
    handlers.open_text("ann", TWICE)
    handlers.check(asked(handlers))
    for name in ("near_duplicates", "", "x" * 99):
        with pytest.raises(EncoderError, match="not on the list any more"):
            handlers.remedy("ann", name)
    assert len(handlers.remedy("ann", DUPLICATES).pairs) == 40


def test_the_same_columns_again_leave_remedies_done(handlers):
    handlers.open_text("ann", TWICE)
    handlers.check(asked(handlers))
    mended = handlers.remedy("ann", DUPLICATES)
    assert handlers.map_columns("ann", "score", ("a", "b", "score")) is mended


@pytest.mark.parametrize("sample", ["messy", "duplicates"])
def test_every_remedy_leaves_the_rows_that_judge(handlers, sample):
    handlers.open_sample("ann", sample)
    checked = handlers.check(asked(handlers))
    judging, tried = checked.parts.held_out.row_numbers, set()
    while remedies := [f.name for f in checked.findings if f.remedy and f.name not in tried]:
        handlers.remedy("ann", remedies[0])
        tried.add(remedies[0])
        checked = handlers.check(asked(handlers))
        assert checked.parts.held_out.row_numbers == judging
    assert tried
    form = replace(QUICK, seed=3)
    other = handlers.check(asked(handlers, form=form)).parts.held_out.row_numbers
    handlers.open_sample("ann", sample)
    assert other == handlers.check(asked(handlers, form=form)).parts.held_out.row_numbers


def test_pairs_of_the_web_api_do_not_take_the_place_of_the_visitors(handlers):
    handlers.open_text("ann", csv("cat"))
    training_pairs = handlers.training_pairs("ann")
    handlers.check(handlers.request("ann", "bert-tiny", Form(), open_data(csv("boat"), "pairs")))
    assert handlers.training_pairs("ann") is training_pairs
    assert handlers.visitor("ann").pairs_check is None


# --- a label in words that are not known -------------------------------------------------------


def verdicts(handlers, remedy: str):
    rows = [f"Cat {n} is here.,Nobody saw cat {n}.,{('drop', 'keep')[n % 2]}" for n in range(40)]
    handlers.open_text("ann", "\n".join(["a,b,verdict", *rows]))
    handlers.check(asked(handlers))
    return handlers.remedy("ann", remedy)


@pytest.mark.parametrize(
    ("remedy", "label", "labels"),
    [("unread_label", "drop = 1, keep = 0", [1, 0]),
     ("unread_label:1", "keep = 1, drop = 0", [0, 1])],
)  # fmt: skip
def test_what_a_word_means_is_chosen_by_a_click_and_stays_in_the_dropdowns(
    handlers, remedy, label, labels
):
    training_pairs = verdicts(handlers, remedy)
    assert training_pairs.applied == (label,)
    assert training_pairs.pairs.labels.tolist()[:2] == labels
    assert handlers.column_values(training_pairs) == ("binary", ("a", "b", "verdict"))
    again = handlers.map_columns("ann", "binary", ("a", "b", "verdict"))
    assert again is training_pairs
    read_anew = training_pairs.with_mapping(training_pairs.mapping)
    assert read_anew.pairs.labels.tolist() == training_pairs.pairs.labels.tolist()


def test_a_column_that_is_no_label_is_left_aside_by_a_click(handlers):
    training_pairs = verdicts(handlers, "unread_label:2")
    assert training_pairs.applied == ("Train without it",)
    assert handlers.map_columns("ann", "positive", ("a", "b", None)) is training_pairs
    assert "unread_label" not in {f.name for f in handlers.check(asked(handlers)).findings}


# --- the scale ----------------------------------------------------------------------------------


def test_labels_are_read_on_the_scale_that_was_typed(handlers):
    handlers.open_text("ann", csv("cat"))
    assert handlers.training_pairs("ann").pairs.report.scaling == "0–5 divided by 5"
    training_pairs = handlers.map_columns("ann", "score", ("a", "b", "score"), (0, 10))
    assert training_pairs.pairs.report.scaling == "0–10 divided by 10"
    assert training_pairs.pairs.labels.max() == 0.5
    again = handlers.map_columns("ann", "score", ("a", "b", "score"), (None, None))
    assert again.pairs.report.scaling == "0–5 divided by 5"


@pytest.mark.parametrize(
    ("scale", "said"),
    [((1, None), "Give the lowest and the highest"), ((5, 1), "lowest label, then the highest"),
     (("x", 2), "lowest label is 'x'"), ((float("nan"), 2), "lowest label is 'nan'")],
)  # fmt: skip
def test_a_scale_that_is_none_is_refused_in_words(handlers, scale, said):
    handlers.open_text("ann", csv("cat"))
    with pytest.raises(LabError, match=said):
        handlers.map_columns("ann", "score", ("a", "b", "score"), scale)
