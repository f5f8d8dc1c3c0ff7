"""The settings of a run follow the model that is chosen: no slider beyond its blocks."""

from types import SimpleNamespace

import gradio as gr
import pytest

from encoder.train_config import TRAIN_BLOCKS
from ui.settings import Settings
from ui.shell import build_app
from ui.workbench import Workbench


@pytest.fixture
def handler(bert):
    """The function behind a component's event, by elem_id, over a lab of tiny models (2 blocks)."""
    demo = build_app(Workbench(Settings(), lambda spec, **limits: bert))

    def find(elem_id: str, event: str):
        [box] = [b for b in demo.blocks.values() if getattr(b, "elem_id", None) == elem_id]
        for fn in demo.fns.values():
            if (box._id, event) in fn.targets:
                return fn.fn
        raise AssertionError(f"{elem_id} has no {event}")

    return find


VISITOR = SimpleNamespace(session_hash="ann")


@pytest.mark.parametrize("preset", ["quick", "balanced", "thorough"])
def test_a_preset_asks_for_no_more_blocks_than_there_are(handler, preset):
    blocks, _ = handler(f"preset-{preset}", "click")(VISITOR, "bert-tiny")
    assert blocks == 2


def test_the_slider_of_a_small_model_ends_and_stands_within_it(handler):
    *_, slider = handler("tune-model", "select")(VISITOR, "bert-tiny", "bert-tiny")
    assert isinstance(slider, gr.Slider)
    assert (slider.maximum, slider.value) == (3, 2)
    assert slider.maximum < TRAIN_BLOCKS  # where it stood before
