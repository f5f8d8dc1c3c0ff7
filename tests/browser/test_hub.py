"""A visitor picks a model from the Hub: here a server of our own that speaks its protocol."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from playwright.sync_api import Page, expect
from transformers import AutoTokenizer, BertConfig, BertModel

from tests.browser.pooling_page import PoolingPage
from tests.hub_server import HubServer
from ui.state.workbench import Workbench

REPO = "some-school/deep-and-narrow"
DEPTH = 8  # more than the default model has


@pytest.fixture
def hub(
    tiny_folder: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HubServer]:
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder("bert"))
    sizes = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(tokenizer), num_hidden_layers=DEPTH, **sizes)
    folder = tmp_path / "repo"
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with HubServer(folder, REPO) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        yield server


@pytest.mark.slow
def test_a_hub_model_is_downloaded_compared_and_measured(
    page: Page, hub: HubServer, workbench: Workbench
) -> None:
    lab = PoolingPage(page).open()
    lab.find(".lab-small button.label-wrap").click()
    lab.find("#hub-id textarea, #hub-id input").fill(f" {REPO} ")
    lab.find("#hub-load").click()
    expect(lab.find("#model input")).to_have_value(REPO)
    expect(lab.find("#model-note")).to_contain_text("8 layers of 32")
    expect(lab.find("#layer input")).to_have_value("8 (last)")  # last stays last
    assert hub.gets("model.safetensors")
    # Its percentiles are measured while the scores are already there.
    expect(lab.row("mean").locator(".worth").first).to_contain_text("%")
    expect(lab.row("mean").locator(".worth").first).not_to_contain_text("measuring")

    lab.pick("layer", "7")  # a choice that the page did not have when it was opened
    expect(lab.answer).to_contain_text("layer 7 of 8")
    value = lab.value("mean")

    # The link opens it for others while it is loaded here; nothing is downloaded again.
    page.wait_for_function("location.search.includes('deep-and-narrow')")
    requests = len(hub.requests)
    other = PoolingPage(page.context.new_page())
    other.page.goto(page.url)
    expect(other.answer).to_contain_text("layer 7 of 8")
    assert other.value("mean") == value
    assert len(hub.requests) == requests
    assert workbench.is_loaded(REPO)
