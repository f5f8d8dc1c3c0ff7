"""What a visitor does with a run that is over, in a real browser. Few journeys: each trains."""

import io
import re
import zipfile

import numpy as np
from playwright.sync_api import Page, expect
from sentence_transformers import SentenceTransformer

from ingest import TEXTS as KINDS
from ingest import read_pairs
from tests.browser.finetune_page import FinetunePage
from ui.state.workbench import Workbench

TEXTS = ["The ferry leaves at noon.", "How do I reset my password?"]


def own_models(workbench: Workbench, name: str) -> list:
    """Models of all visitors by name; the last is the newest."""
    visitors = list(workbench._visitors.values())
    return [model for visitor in visitors for model in visitor.own_models if model.name == name]


def test_one_run_is_looked_at_from_all_sides(page: Page, workbench: Workbench, tmp_path):
    lab = FinetunePage(page).open()
    for part in ("#results", "#naming"):
        expect(lab.find(part)).to_be_hidden()
    lab.quick(steps=4)
    lab.train()
    for part in ("#results", "#naming"):
        expect(lab.find(part)).to_be_visible()

    # The ledger in another order.
    first = lab.find("#ledger [data-pick]").first
    worst = first.get_attribute("data-pick")
    lab.find("#ledger-order").get_by_text("best first").click()
    expect(first).not_to_have_attribute("data-pick", worst or "")
    expect(lab.find("#ledger .lab-note")).to_contain_text("best first")

    # A dot of the scatter plot opens its pair.
    lab.click_dot("scatter")
    expect(lab.find("#pair-note")).to_contain_text("cosine")
    expect(lab.find("#pair-before .lab-plot[data-ready]")).to_be_visible()

    # Two sentences of one's own.
    lab.find("#try-a textarea, #try-a input").fill("A kitten naps.")
    lab.find("#try-b textarea, #try-b input").fill("A young cat sleeps.")
    alike = re.compile(r"Cosine 0\.[5-9]\d\d before, 0\.[5-9]\d\d after")
    expect(lab.find("#tried")).to_contain_text(alike)

    # Its settings again, on pairs of another kind and with another model chosen.
    lab.pick("tune-model", "untrained-minilm")
    expect(lab.find("#tune-model-note")).to_contain_text("random")
    lab.take_sample("Triplets", "triplets.csv")
    expect(lab.find("#findings")).not_to_be_empty()
    lab.find("#seed input").fill("5")
    lab.find("#reuse").click()
    expect(lab.find("#tune-model-note")).to_contain_text("does not fit these pairs")
    expect(lab.find("#tune-model input")).to_have_value(re.compile("^all-MiniLM-L6-v2"))
    expect(lab.find("#seed input")).to_have_value("0")
    expect(lab.find("#blocks input[type=number]")).to_have_value("1")
    expect(lab.find("#cost")).to_contain_text("4 ×")

    # A blend is a model like any other.
    lab.find("#alpha input[type=number]").fill("0.5")
    lab.find("#alpha input[type=number]").press("Enter")
    expect(lab.find("#blended")).to_contain_text("0.50")
    lab.find("#use-blend").click()
    expect(lab.find("#runs tbody tr")).to_have_count(2, timeout=60_000)
    name = "graded_pairs, run 1, α = 0.50"
    expect(lab.find("#runs tr.chosen")).to_contain_text(name)
    answer = page.request.get(lab.address("model.zip"))
    zipfile.ZipFile(io.BytesIO(answer.body())).extractall(tmp_path)
    [top] = tmp_path.iterdir()
    ours = own_models(workbench, name)[-1].encoder.encode(TEXTS)
    model = SentenceTransformer(str(top))
    np.testing.assert_allclose(model.encode(TEXTS, normalize_embeddings=True), ours, atol=1e-5)

    # And is held against the run it came from.
    lab.pick("against", "graded_pairs, run 1")
    expect(lab.find("#compared table")).to_be_visible()
    expect(lab.find("#compared")).to_contain_text("held-out pairs in")
    lab.find("#runs [data-pick]").first.click()
    expect(lab.find("#runs tr.chosen")).not_to_contain_text("α")
    expect(lab.find("#compared")).to_be_empty()

    # All of it fits a phone.
    page.set_viewport_size({"width": 390, "height": 844})
    lab.find("#ledger [data-pick]").first.click()
    expect(lab.find("#pair-after .lab-plot[data-ready]")).to_be_visible()
    expect(lab.find("#scatter .lab-plot[data-ready]")).to_be_visible()
    page.wait_for_function("document.documentElement.scrollWidth <= 390")


def test_closing_the_page_while_waiting_leaves_the_line(page: Page, workbench: Workbench):
    lab = FinetunePage(page).open()
    lab.quick(steps=2000)
    other = FinetunePage(page.context.new_page()).open()
    lab.find("#train").click()
    expect(lab.find("#training-progress")).to_contain_text("step", timeout=60_000)
    other.find("#train").click()
    expect(other.find("#training-progress")).to_contain_text("place 1 of the line")
    [waiting] = workbench.training_queue._waiting
    other.page.close()
    assert waiting.ended.wait(2)
    assert not workbench.training_queue._waiting
    assert waiting.started is None


def test_templates_and_the_scale_of_labels(page: Page):
    lab = FinetunePage(page).open()
    lab.find("#templates > button").click()
    for kind in KINDS:
        with page.expect_download() as download:
            lab.find(f"#template-{kind}").click()
        assert download.value.suggested_filename == f"{kind}_template.csv"
        assert read_pairs(download.value.path()).kind == kind
    expect(lab.find("#facts")).to_contain_text("0–5 divided by 5")
    lab.find("#lowest input").fill("0")
    lab.find("#highest input").click()
    expect(lab.find("#pairs-note")).to_contain_text("Give the lowest and the highest label")
    lab.find("#highest input").fill("10")
    lab.find("#highest input").press("Enter")
    expect(lab.find("#facts")).to_contain_text("0–10 divided by 10")
    expect(lab.find("#lowest input")).to_have_value("0")
    lab.take_sample("Triplets", "triplets.csv")
    expect(lab.find("#lowest")).to_be_hidden()
    lab.take_sample("Everyday sentences, graded", "graded_pairs.csv")
    expect(lab.find("#lowest input")).to_have_value("")
    expect(lab.find("#facts")).to_contain_text("0–5 divided by 5")
