"""What the host decides comes from the environment, and a bad value is told at the start."""

import re
from pathlib import Path

import pytest

from encoder import EncoderError
from explore.store import SETTING
from tests.ui.visit import EVERYTHING, inputs
from ui.pooling.handlers import PoolingHandlers
from ui.serving.launch import address
from ui.settings import Settings
from ui.state.workbench import Workbench

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    ("value", "root"),
    [
        ("", ""),
        (" /lab/ ", "/lab"),
        ("/", ""),
        ("/a/b", "/a/b"),
        ("https://x.org/lab/", "https://x.org/lab"),
    ],
)
def test_the_path_of_a_proxy_is_taken_with_or_without_its_slash(value, root):
    assert Settings.from_environment({"GRADIO_ROOT_PATH": value}).root_path == root


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [("GRADIO_ROOT_PATH", "lab", "must start with a slash"),
     ("LAB_MODELS", "/no/such/folder", "create it, or unset it"),
     ("LAB_SSR", "yes", "must be 0 or 1"), ("PUBLIC", "true", "must be 0 or 1")],
)  # fmt: skip
def test_a_value_that_means_nothing_is_told_with_its_variable(name, value, remedy):
    with pytest.raises(EncoderError, match=f"{name} is '{value}'.*{remedy}"):
        Settings.from_environment({name: value})


@pytest.mark.parametrize("port", ["many", "0", "65536", "-1", "²"])
def test_a_port_that_is_none_is_told(port):
    with pytest.raises(EncoderError, match=f"GRADIO_SERVER_PORT is '{port}'"):
        address({"GRADIO_SERVER_PORT": port})


def test_only_a_space_listens_to_all_unless_it_is_told_to():
    assert address({}) == ("127.0.0.1", 7860)
    assert address({"SYSTEM": "spaces"}) == ("0.0.0.0", 7860)
    assert address({"GRADIO_SERVER_NAME": "10.0.0.1", "GRADIO_SERVER_PORT": "80"}) == (
        "10.0.0.1", 80
    )  # fmt: skip


def test_every_variable_stands_in_the_table_of_the_readme():
    places = ("ui/settings.py", "ui/serving/launch.py", "encoder/device.py")
    source = "".join((ROOT / place).read_text("utf-8") for place in places)
    read = set(re.findall(r'"((?:LAB|GRADIO|OAUTH)_[A-Z_]+|PUBLIC)"', source)) | {SETTING}
    assert len(read) >= 10
    table = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert sorted(table) == sorted(read)


def test_limits_are_those_of_the_settings_everywhere(bert, few_texts):
    settings = Settings(max_chars=5, max_texts=3)
    handlers = PoolingHandlers(Workbench(settings, lambda spec, **limits: bert))
    screen = handlers.screen(inputs(EVERYTHING, a="sixsix", lines="a\nb\nc\nd\nsixsix"), "ann")
    assert "takes up to 5" in screen.answer
    figure, remarks = screen.sections["several"]
    assert len(figure["data"][0]["x"]) == 3
    assert "Line 5 left out: over 5 characters." in remarks
    assert "4 sentences given; the first 3" in remarks
