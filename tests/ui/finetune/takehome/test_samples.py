"""Every bundled sample, from the button to a model that sentence-transformers loads at home."""

import zipfile

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from tests.ui.finetune.pages import QUICK
from tests.ui.finetune.timings import SOON_S
from ui.finetune.handlers import FinetuneHandlers
from ui.finetune.takehome import write_archive
from ui.settings import Settings
from ui.state.pairs import SAMPLES
from ui.state.workbench import Workbench

TEXTS = ["The ferry leaves at noon.", "How do I reset my password?"]


@pytest.fixture
def handlers(bert, timings):
    return FinetuneHandlers(Workbench(Settings(), lambda spec, **limits: bert))


def mend(handlers, visitor):
    """Apply the first remedy that is offered until there is none."""
    for _ in range(20):
        findings = handlers.check(handlers.request(visitor, "bert-tiny", QUICK)).findings
        offered = [finding.name for finding in findings if finding.remedy]
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
    [own] = handlers.visitor("ann").own_models
    assert own.run.data == SAMPLES[name].file
    archive = write_archive(own.run, tmp_path / "model.zip")
    zipfile.ZipFile(archive).extractall(tmp_path / "home")
    [top] = (tmp_path / "home").iterdir()
    theirs = SentenceTransformer(str(top), device="cpu").encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(theirs, own.encoder.encode(TEXTS), atol=1e-5)
