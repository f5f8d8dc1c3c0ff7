"""Model pickers: what they offer, what a choice does, and what is said of a loaded model."""

import pytest

from encoder import CATALOG, DEFAULT_MODEL, EncoderError
from encoder.hub import DownloadProgress
from tests.ui.laid_out import OTHER_MODEL
from ui.page.models import ModelPicker, layer_choices, layers_of, progress_text
from ui.settings import Settings
from ui.state.workbench import Workbench

HUB = "some-org/some-model"


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    """What visitors were warned of."""
    shown: list[str] = []
    monkeypatch.setattr("gradio.Warning", lambda text, **_: shown.append(text))
    return shown


def silent(*_, **__) -> None:
    """A visitor who looks at no progress."""


def test_a_choice_loads_that_model_and_tells_how_far_it_is(online, bert, warnings):
    steps = []
    key, encoder = online.picker.choose(
        f" {HUB} ", DEFAULT_MODEL, "ann", lambda share, desc: steps.append((share, desc))
    )
    assert key == HUB
    assert encoder.backbone is bert.backbone
    assert online.workbench.is_loaded(HUB)
    assert steps == [(0.5, "model.safetensors: 1 of 2 MB")]
    assert warnings == []


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("no-such-model", "Unknown model 'no-such-model'"),
        ("", "Unknown model ''"),
        (None, "Unknown model ''"),
        (["bert-tiny"], "Unknown model"),
        ("../../etc", "not the id of a model"),
        ("bert-tiny", "no network"),
        ("some-org/pickled", "pickled weights"),
        ("run-1", "is not kept any more"),
        ("org/<b>", "&lt;b&gt;"),
    ],
)
def test_a_model_that_cannot_be_had_is_a_warning_and_the_old_one_stays(
    online, bert, warnings, model, why
):
    key, encoder = online.picker.choose(model, OTHER_MODEL, "ann", silent)
    assert key == OTHER_MODEL
    assert encoder.backbone is bert.backbone
    [warning] = warnings
    assert why in warning
    assert not online.workbench.is_loaded("bert-tiny")


def test_where_the_old_model_is_gone_too_the_bundled_one_is_chosen(online, warnings):
    key, _ = online.picker.choose("no-such-model", "run-1", "ann", silent)
    assert key == DEFAULT_MODEL
    assert len(warnings) == 1


def test_a_host_without_the_hub_offers_and_loads_none_of_its_models(bert):
    closed = ModelPicker(Workbench(Settings(allow_hub=False), lambda spec, **limits: bert))
    offered = [spec.key for spec in CATALOG.values() if spec.bundled]
    assert [key for _, key in closed.choices(None)] == offered
    assert [spec.key for spec in closed.offered()] == offered
    for model in (HUB, "bert-tiny"):
        with pytest.raises(EncoderError, match="This host offers"):
            closed.load(model, "ann", silent)


def test_the_picker_offers_every_model_with_its_size(online):
    choices = online.picker.choices(None)
    small = [key for key, spec in CATALOG.items() if spec.megabytes <= 600]  # the usual limit
    assert [key for _, key in choices] == small
    assert len(small) < len(CATALOG)
    for label, key in choices:
        assert label.startswith(key)
        assert f"{CATALOG[key].megabytes} MB" in label
        assert ("from the Hub" in label) == (not CATALOG[key].bundled)
    assert online.picker.choices(None, HUB) == [*choices, (HUB, HUB)]


def test_a_loaded_model_is_described(handlers, online, bundled, bert):
    line = handlers.picker.describe(bundled.name, bundled, "ann")
    for fact in (CATALOG[DEFAULT_MODEL].why, "91 MB", "6 layers of 384", "own pooling mean"):
        assert fact in line
    assert "A model of your own choice" in online.picker.describe(bert.name, bert, "ann")


def test_progress_is_told_in_megabytes():
    progress = DownloadProgress("model.safetensors", 1_500_000, 2_000_000_000)
    assert progress_text(progress) == "model.safetensors: 2 of 2,000 MB"


# --- layers -------------------------------------------------------------------------------------


def test_the_layer_picker_has_every_layer_of_the_model_once(bert, bundled):
    small, large = layer_choices(bert), layer_choices(bundled)
    assert [value for _, value in small] == ["0", "1", "-1", "first_last", "last2"]
    assert ("0 (embeddings)", "0") in small
    assert ("2 (last)", "-1") in small
    assert [label for label, _ in large] == [
        *("0 (embeddings)", "1", "2", "3", "4", "5", "6 (last)", "first + last", "last two")
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-1", "-1"),  # last stays last
        ("1", "1"),  # the rest by number
        ("2", "-1"),  # which is the last one here
        ("9", "-1"),  # as far as there are layers
        ("first_last", "first_last"),
        (None, "-1"),
        (["1"], "-1"),
    ],
)
def test_the_layer_after_a_change_of_model(bert, before, after):
    assert layers_of(bert, before).value == after
