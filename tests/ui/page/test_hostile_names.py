"""A model is called whatever its owner typed, or a stranger's zip says: it is shown as text."""

import pytest

from encoder.catalog import hub_spec
from tests.ui.map.pages import check
from tests.ui.test_hostile_text import ATTACKS
from ui.page.models import ModelPicker, model_line
from ui.settings import Settings
from ui.state.models import OwnModel
from ui.state.workbench import Workbench
from ui.words import message, notes


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_name_of_a_model_is_shown_as_the_text_it_is(bert, attack):
    workbench = Workbench(Settings(), lambda spec, **_: bert)
    workbench.add_model(OwnModel("run-1", attack, bert), workbench.visitor("ann"))
    line = ModelPicker(workbench).describe("run-1", bert, "ann")
    assert attack in check(line).text
    for piece in (message(attack), notes([attack])):
        assert attack in check(piece).text
    assert attack in check(model_line(hub_spec("a/b"), 1, 1, attack)).text
