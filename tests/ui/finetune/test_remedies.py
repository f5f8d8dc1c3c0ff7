"""One click on a remedy, other columns, another scale: of the pairs that were meant, or refused."""

import pytest

from encoder import EncoderError
from tests.ui.finetune.pages import asked, csv
from ui.finetune.form import Form
from ui.finetune.handlers import FinetuneHandlers
from ui.settings import Settings
from ui.state.pairs import open_data
from ui.state.workbench import Workbench


@pytest.fixture
def handlers(bert):
    return FinetuneHandlers(Workbench(Settings(), lambda spec, **limits: bert))


def test_a_click_on_a_remedy_of_other_pairs_drops_nothing(handlers):
    twice = csv("cat") + "The cat number 3 is here.,Nobody saw cat 3.,3\n"
    handlers.open_text("ann", twice)
    checked = handlers.check(asked(handlers))
    name = picks(checked, "exact_duplicates")
    other = handlers.open_text("ann", csv("boat") + twice.splitlines()[1] + "\n")
    with pytest.raises(EncoderError, match="not on the list any more"):
        handlers.remedy("ann", name)
    assert handlers.desk("ann") is other


def test_a_check_that_ends_late_has_no_remedies_for_other_pairs(handlers):
    twice = csv("cat") + "The cat number 3 is here.,Nobody saw cat 3.,3\n"
    handlers.open_text("ann", twice)
    old = asked(handlers)
    handlers.open_text("ann", csv("boat"))
    checked = handlers.check(old)  # the check of before ends only now
    assert handlers.visitor("ann").checked is None
    handlers.visitor("ann").checked = checked  # and even if it were kept
    with pytest.raises(EncoderError, match="not on the list any more"):
        handlers.remedy("ann", picks(checked, "exact_duplicates"))


def test_a_remedy_is_the_one_that_was_read_on_the_button(handlers):
    twice = csv("cat") + "The cat number 3 is here.,Nobody saw cat 3.,3\n"
    handlers.open_text("ann", twice)
    checked = handlers.check(asked(handlers))
    number = picks(checked, "exact_duplicates").split(":")[1]
    with pytest.raises(EncoderError, match="not on the list any more"):
        handlers.remedy("ann", f"remedy:{number}:near_duplicates")
    # Another check has more findings before it; the button says what it always said.
    mended = handlers.remedy("ann", "remedy:99:exact_duplicates")
    assert len(mended.pairs) == 40


def picks(checked, name: str) -> str:
    [number] = [i for i, found in enumerate(checked.findings) if found.name == name]
    return f"remedy:{number}:{name}"


def test_the_same_columns_again_leave_remedies_done(handlers):
    twice = csv("cat") + "The cat number 3 is here.,Nobody saw cat 3.,3\n"
    handlers.open_text("ann", twice)
    checked = handlers.check(asked(handlers))
    mended = handlers.remedy("ann", picks(checked, "exact_duplicates"))
    assert handlers.map_columns("ann", "score", ("a", "b", "score")) is mended


def test_pairs_of_the_web_api_do_not_lie_on_the_desk(handlers):
    handlers.open_text("ann", csv("cat"))
    desk = handlers.desk("ann")
    handlers.check(handlers.request("ann", "bert-tiny", Form(), open_data(csv("boat"), "pairs")))
    assert handlers.desk("ann") is desk
    assert handlers.visitor("ann").checked is None


# --- the scale ----------------------------------------------------------------------------------


def test_labels_are_read_on_the_scale_that_was_typed(handlers):
    handlers.open_text("ann", csv("cat"))
    assert handlers.desk("ann").pairs.report.scaling == "0–5 divided by 5"
    desk = handlers.map_columns("ann", "score", ("a", "b", "score"), (0, 10))
    assert desk.pairs.report.scaling == "0–10 divided by 10"
    assert desk.pairs.labels.max() == 0.5
    again = handlers.map_columns("ann", "score", ("a", "b", "score"), (None, None))
    assert again.pairs.report.scaling == "0–5 divided by 5"


@pytest.mark.parametrize(
    ("scale", "said"),
    [((1, None), "Give the lowest and the highest"), ((5, 1), "lowest label, then the highest"),
     (("x", 2), "lowest label is 'x'"), ((float("nan"), 2), "lowest label is 'nan'")],
)  # fmt: skip
def test_a_scale_that_is_none_is_refused_in_words(handlers, scale, said):
    handlers.open_text("ann", csv("cat"))
    with pytest.raises(EncoderError, match=said):
        handlers.map_columns("ann", "score", ("a", "b", "score"), scale)
