"""A blend is chosen on pairs that do not judge it, or its card says otherwise."""

import numpy as np
import pytest

from tests.encoder.training.pairs import graded
from tests.ui.finetune.takehome.runs import a_run, done
from ui.finetune.blend import blend_line, blend_run
from ui.finetune.takehome.card import model_card

TOO_GOOD = "held-out pairs that chose the share of the blend, so they look too good"


@pytest.mark.parametrize(
    ("rows", "part"), [(100, "10 validation pairs"), (60, "12 held-out pairs")]
)
def test_alpha_is_chosen_on_validation_where_there_is_any(bert, rows, part):
    run = a_run(done(bert, pairs=graded(rows), steps=3, lr=1e-3))
    assert f"against before, on {part}." in blend_line(run, 0.5)
    blended = blend_run(run, 0.5, "run-2")
    on_held_out = not len(run.done.validation)
    assert blended.done.predictions[0] is run.done.predictions[0]
    assert len(blended.done.predictions[1].values) == len(run.done.held_out)
    assert np.abs(blended.done.predictions[1].values - run.done.predictions[1].values).max() > 1e-6
    assert (TOO_GOOD in model_card(blended)) == on_held_out
    assert TOO_GOOD not in model_card(run)
    assert ("chosen on the held-out pairs" in blended.done.notes[-1]) == on_held_out
