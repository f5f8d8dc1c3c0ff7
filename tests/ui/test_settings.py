"""What the host decides comes from the environment, and a bad value is told at the start."""

import pytest

from encoder import EncoderError
from tests.ui.visit import EVERYTHING, inputs
from ui.pooling.handlers import PoolingHandlers
from ui.settings import Settings
from ui.state.workbench import Workbench


def test_without_any_setting_the_defaults_hold():
    assert Settings.from_environment({}) == Settings()
    assert Settings().allow_hub


def test_the_host_can_keep_visitors_off_the_hub_and_bound_a_model():
    env = {"LAB_ALLOW_HUB": "0", "LAB_MAX_MODEL_MB": "50"}
    assert Settings.from_environment(env) == Settings(allow_hub=False, max_model_bytes=50_000_000)
    assert Settings.from_environment({"LAB_ALLOW_HUB": "1"}).allow_hub


@pytest.mark.parametrize("value", ["", "0", "-5", "1.5", "600 MB", "many", "²", " 600", "1e3"])
def test_a_bad_number_of_megabytes_is_told_with_its_value(value):
    with pytest.raises(EncoderError, match="must be a number of MB") as error:
        Settings.from_environment({"LAB_MAX_MODEL_MB": value})
    assert f"LAB_MAX_MODEL_MB is {value!r};" in str(error.value)


@pytest.mark.parametrize("value", ["", "yes", "true", "2", "no", "01"])
def test_a_bad_permission_is_told_and_never_taken_for_yes(value):
    with pytest.raises(EncoderError, match=r"LAB_ALLOW_HUB is .* must be 0 or 1"):
        Settings.from_environment({"LAB_ALLOW_HUB": value})


def test_limits_are_those_of_the_settings_everywhere(bert, few_texts):
    settings = Settings(max_chars=5, max_texts=3)
    handlers = PoolingHandlers(Workbench(settings, lambda spec, **limits: bert))
    screen = handlers.screen(inputs(EVERYTHING, a="sixsix", lines="a\nb\nc\nd\nsixsix"), "ann")
    assert "takes up to 5" in screen.answer
    figure, remarks = screen.sections["several"]
    assert len(figure["data"][0]["x"]) == 3
    assert "Line 5 left out: over 5 characters." in remarks
    assert "4 sentences given; the first 3" in remarks
