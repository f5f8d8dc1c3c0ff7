"""From a file of pairs to a model at home, in a real browser. Few journeys: training takes long."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sentence_transformers import SentenceTransformer

from ingest import TEXTS as KINDS
from ingest import read_pairs
from tests.browser.finetune_page import TRAINED_MS, FinetunePage
from tests.browser.pooling_page import PoolingPage
from tests.browser.visit import PHONE
from ui.state.models import OwnModel
from ui.state.pairs import SAMPLES
from ui.state.workbench import Workbench

TEXTS = ["The ferry leaves at noon.", "How do I reset my password?"]
LONG = 20_000  # steps: minutes on any machine, so that there is time to stop them


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Sixty graded pairs of one's own, and a row that is none."""
    rows = "".join(
        f"The {thing} number {i} is here;Nobody saw {thing} {i};{i % 6}\n"
        for i, thing in enumerate(["cat", "boat", "letter", "train", "clock"] * 12)
    )
    file = tmp_path / "mine.csv"
    file.write_text("first;second;score\n" + rows + ";empty;3\n", encoding="utf-8")
    return file


@pytest.fixture
def asked(page: Page) -> list[str]:
    """What the browser asked before it left the page; each time it was allowed to."""
    kinds = []

    def answer(dialog):
        kinds.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    return kinds


def own_model(workbench: Workbench, name: str) -> OwnModel:
    """A model of this visit by its name."""
    visitors = list(workbench._visitors.values())
    return [m for visitor in visitors for m in visitor.own_models if m.name == name][-1]


def jobs_under_way(workbench: Workbench) -> list:
    visitors = list(workbench._visitors.values())
    return [v.job for v in visitors if v.job and v.job.started and not v.job.ended.is_set()]


def test_own_pairs_train_a_model_that_is_looked_at_from_all_sides_taken_home_and_brought_back(
    page: Page, workbench: Workbench, pairs: Path, asked: list[str], tmp_path: Path
) -> None:
    lab = FinetunePage(page).open()
    page.reload()
    assert not asked  # nothing would be lost
    lab.turn_to()
    lab.send(pairs)
    expect(lab.find("#facts")).to_contain_text("60 kept")
    for part in ("#results", "#naming"):
        expect(lab.find(part)).to_be_hidden()
    lab.quick(steps=4)
    lab.train()
    for part in ("#results", "#naming"):
        expect(lab.find(part)).to_be_visible()
    score = lab.find("#runs tbody td.num").nth(2).inner_text()
    expect(lab.find("#forgetting")).to_contain_text("before")

    # The ledger in another order; a row and a dot of the scatter plot open their pair.
    first = lab.find("#ledger [data-pick]").first
    worst = first.get_attribute("data-pick")
    lab.find("#ledger-order").get_by_text("best first").click()
    expect(first).not_to_have_attribute("data-pick", worst or "")
    first.click()
    expect(lab.find("#pair-before .lab-plot[data-ready]")).to_be_visible()
    expect(lab.find("#pair-after .lab-plot[data-ready]")).to_be_visible()
    opened = lab.find("#pair-note").inner_text()
    lab.click_dot("scatter")
    expect(lab.find("#pair-note")).not_to_have_text(opened, use_inner_text=True)
    expect(lab.find("#pair-note")).to_contain_text("cosine")

    # Two sentences of one's own.
    lab.box("try-a").fill("A kitten naps.")
    lab.box("try-b").fill("A young cat sleeps.")
    alike = re.compile(r"Cosine 0\.[5-9]\d\d before, 0\.[5-9]\d\d after")
    expect(lab.find("#tried")).to_contain_text(alike)

    # Named, and chosen on another tab.
    lab.box("run-name").fill("my first")
    lab.find("#rename").click()
    expect(lab.find("#runs")).to_contain_text("my first")
    lab.tab("Pooling")
    lab.pick("model", "my first")
    expect(lab.find("#model-note")).to_contain_text("my first")
    expect(PoolingPage(page).chosen).to_have_count(1)
    lab.turn_to()

    # Its settings again, on pairs of another kind and with another model chosen.
    lab.pick("tune-model", "untrained-minilm")
    expect(lab.find("#tune-model-note")).to_contain_text("random")
    lab.take_sample(SAMPLES["triplets"].title, SAMPLES["triplets"].file)
    expect(lab.find("#findings")).not_to_be_empty()
    lab.box("seed").fill("5")
    lab.find("#reuse").click()
    expect(lab.find("#tune-model-note")).to_contain_text("does not fit these pairs")
    expect(lab.find("#tune-model input")).to_have_value(re.compile("^all-MiniLM-L6-v2"))
    expect(lab.box("seed")).to_have_value("0")
    expect(lab.find("#blocks input[type=number]")).to_have_value("1")
    lab.costs(steps=4)

    # A blend is a model like any other, and is held against the run it came from.
    blended = lab.find("#blended").inner_text()
    lab.find("#alpha input[type=number]").fill("0.5")
    lab.find("#alpha input[type=number]").press("Enter")
    expect(lab.find("#blended")).to_contain_text("0.50", timeout=TRAINED_MS)
    assert lab.find("#blended").inner_text() != blended
    lab.find("#use-blend").click()
    expect(lab.find("#runs tbody tr")).to_have_count(2, timeout=TRAINED_MS)
    expect(lab.find("#runs tr.chosen")).to_contain_text("my first, α = 0.50")
    lab.pick("against", "my first")
    expect(lab.find("#compared table")).to_be_visible()
    lab.find("#runs [data-pick]").first.click()
    expect(lab.find("#runs tr.chosen")).not_to_contain_text("α")
    expect(lab.find("#compared")).to_be_empty()

    # At home sentence-transformers gives the same vectors.
    file = tmp_path / "model.zip"
    answer = page.request.get(lab.address("model.zip"))
    assert answer.ok
    file.write_bytes(answer.body())
    zipfile.ZipFile(io.BytesIO(answer.body())).extractall(tmp_path / "home")
    [top] = (tmp_path / "home").iterdir()
    assert {"README.md", "scores.csv", "pairs.csv", "train.py"} <= {p.name for p in top.iterdir()}
    ours = own_model(workbench, "my first").encoder.encode(TEXTS)
    theirs = SentenceTransformer(str(top)).encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(theirs, ours, atol=1e-5)

    # All of it fits a phone.
    page.set_viewport_size({"width": PHONE.width, "height": PHONE.height})
    lab.find("#ledger [data-pick]").first.click()
    expect(lab.find("#pair-after .lab-plot[data-ready]")).to_be_visible()
    expect(lab.find("#scatter .lab-plot[data-ready]")).to_be_visible()
    lab.fits()

    # With the page the models are lost, so it is asked first; the zip comes back with its scores.
    page.reload()
    assert asked == ["beforeunload"]
    lab.turn_to()
    expect(lab.find("#runs")).to_contain_text("No run yet")
    lab.unfold("bring-back")
    lab.find("#archive input[type=file]").set_input_files(file)
    expect(lab.find("#runs")).to_contain_text("brought back: mine.csv", timeout=TRAINED_MS)
    assert lab.find("#runs tbody td.num").nth(2).inner_text() == score
    lab.pick("tune-model", "my first")
    expect(lab.find("#tune-model-note")).to_contain_text("my first")


@pytest.mark.slow
def test_samples_are_checked_and_mended_templates_downloaded_and_labels_rescaled(page: Page):
    lab = FinetunePage(page).open()
    lab.unfold("templates")
    for kind in KINDS:
        with page.expect_download() as download:
            lab.find(f"#template-{kind}").click()
        assert download.value.suggested_filename == f"{kind}_template.csv"
        assert read_pairs(download.value.path()).kind == kind
    expect(lab.find("#facts")).to_contain_text("0–5 divided by 5")
    lab.box("lowest").fill("0")
    lab.box("highest").click()
    expect(lab.find("#pairs-note")).to_contain_text("Give the lowest and the highest label")
    lab.enter("highest", "10")
    expect(lab.find("#facts")).to_contain_text("0–10 divided by 10")
    expect(lab.box("lowest")).to_have_value("0")
    first, *others = SAMPLES.values()
    for sample in others:
        lab.take_sample(sample.title, sample.file)
        if sample.name != "messy":
            expect(lab.find("#lowest")).to_be_hidden()
            expect(lab.find("#split")).to_contain_text("held-out", timeout=TRAINED_MS)
            continue
        expect(lab.find("#findings")).to_contain_text("error")
        assert lab.apply_all_remedies() >= 5
        expect(lab.find("#findings")).not_to_contain_text("Errors")
    lab.take_sample(first.title, first.file)
    expect(lab.box("lowest")).to_have_value("")
    expect(lab.find("#facts")).to_contain_text("0–5 divided by 5")


GONE_S = 15  # the grace of a page, and until that is seen


@pytest.mark.slow
def test_runs_wait_in_line_are_stopped_and_end_with_their_page(
    page: Page, workbench: Workbench, pairs: Path, asked: list[str]
) -> None:
    ann = FinetunePage(page).open()
    bob = FinetunePage(page.context.new_page()).open()
    for lab in (ann, bob):
        lab.send(pairs)
        lab.quick(steps=LONG)
    ann.start()
    bob.find("#train").click()
    bob.waits()

    # Stop keeps the best so far; who is next begins.
    ann.find("#stop-training").click()
    ann.trained()
    expect(ann.find("#tuning-answer")).to_contain_text("stopped early")
    bob.trains()

    # Who waits and closes the page leaves the line.
    cat = FinetunePage(page.context.new_page()).open()
    cat.quick(steps=LONG)
    cat.find("#train").click()
    cat.waits()
    [waiting] = workbench.training_queue._waiting
    cat.page.close()
    assert waiting.ended.wait(GONE_S)
    assert not workbench.training_queue._waiting
    assert waiting.started is None

    # Who closes it in the middle of a run frees the slot.
    [job] = jobs_under_way(workbench)
    bob.page.close()
    assert job.ended.wait(GONE_S)

    # A reload would lose the models and the run under way: it asks first, and frees the slot too.
    ann.start()
    [job] = jobs_under_way(workbench)
    page.reload()
    assert asked == ["beforeunload"]
    assert job.ended.wait(GONE_S)

    # So it does where there is a run and no model yet.
    ann.turn_to()
    ann.quick(steps=LONG)
    ann.start()
    page.reload()
    assert asked == ["beforeunload"] * 2


@pytest.mark.slow
def test_of_a_file_over_the_limit_a_sample_is_read_on_request(page: Page, tmp_path: Path) -> None:
    lab = FinetunePage(page).open()
    file = tmp_path / "long.csv"
    rows = (f"Row {i} of it is here,It is row number {i},{i % 6}\n" for i in range(20_050))
    file.write_text("a,b,score\n" + "".join(rows), encoding="utf-8")
    lab.find("#pairs-file input[type=file]").set_input_files(file)
    expect(lab.find("#pairs-note")).to_contain_text("more than 20,000 rows")
    lab.find("#sampled").click()
    expect(lab.find("#pairs-note")).to_contain_text("long.csv: 20,000 rows", timeout=60_000)
    expect(lab.find("#sampled")).to_be_hidden()
    expect(lab.find("#findings")).to_contain_text("there are 20,000", timeout=TRAINED_MS)
