"""Every bundled sample, from the button to a model that sentence-transformers loads at home."""

import zipfile

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import ui.finetune.job
from tests.ui.finetune.pages import NO_CHANGE, QUICK
from tests.ui.finetune.timings import SOON_S, Timings
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.takehome import write_archive
from ui.settings import Settings
from ui.state.pairs import SAMPLES
from ui.state.workbench import Workbench

TEXTS = ["The ferry leaves at noon.", "How do I reset my password?"]


@pytest.fixture
def handlers(bert, monkeypatch):
    monkeypatch.setattr(ui.finetune.job, "measure_speed", Timings().measure)
    monkeypatch.setattr(ui.finetune.job, "judge_run", lambda done, on_part: NO_CHANGE)
    return FinetuneHandlers(Workbench(Settings(), lambda spec, **limits: bert))


def mend(handlers, visitor):
    """Apply the first remedy that is offered until there is none."""
    for _ in range(20):
        found = handlers.check(handlers.request(visitor, "bert-tiny", QUICK)).findings
        offered = [f"remedy:{n}:{finding.name}" for n, finding in enumerate(found)
                   if finding.remedy]  # fmt: skip
        if not offered:
            return
        handlers.remedy(visitor, offered[0])
    raise AssertionError("there is always another remedy")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_trains_a_model_that_loads_at_home(handlers, tmp_path, name):
    handlers.open_sample("ann", name)
    mend(handlers, "ann")
    asked = handlers.request("ann", "bert-tiny", QUICK)
    job = handlers.start(asked)
    assert job.ended.wait(SOON_S)
    [tuned] = handlers.visitor("ann").own_models
    assert tuned.run.data == SAMPLES[name].file
    archive = write_archive(tuned.run, tmp_path / "model.zip")
    zipfile.ZipFile(archive).extractall(tmp_path / "home")
    [top] = (tmp_path / "home").iterdir()
    theirs = SentenceTransformer(str(top), device="cpu").encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(theirs, tuned.encoder.encode(TEXTS), atol=1e-5)
