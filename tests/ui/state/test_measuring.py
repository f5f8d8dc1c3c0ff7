"""A model that ships no calibration is measured in the background; scores do not wait for it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from encoder import DEFAULT_MODEL, EncoderError, ModelRefused
from encoder.calibration import Calibration, calibrate
from tests.ui.visit import EVERYTHING, inputs, score_rows
from ui.pooling.handlers import PoolingHandlers
from ui.settings import Settings
from ui.state.workbench import Measuring, Workbench

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 60

EXIT_WHILE_MEASURING = """
import threading
from pathlib import Path
from encoder import load_encoder
from ui.settings import Settings
from ui.state.workbench import Workbench
state = Workbench(Settings()).calibration(load_encoder(Path({folder!r})))
while not state.done:
    threading.Event().wait(0.01)
print("measuring")
"""


@pytest.fixture
def lab(bert, few_texts) -> PoolingHandlers:
    """The tab where every model is the tiny BERT."""
    return PoolingHandlers(Workbench(Settings(), lambda spec, **limits: bert))


@pytest.fixture
def held(monkeypatch):
    """The measuring, stopped after a quarter: `held.release()` lets it go on."""

    class Held:
        def __init__(self):
            self.begun, self.go_on, self.calls = threading.Event(), threading.Event(), []

        def calibrate(self, encoder, pool_special, on_batch):
            self.calls.append(pool_special)
            on_batch(25, 100)
            self.begun.set()
            assert self.go_on.wait(TIMEOUT_S)
            return calibrate(encoder, pool_special, on_batch)

        def wait(self):
            assert self.begun.wait(TIMEOUT_S)

        def release(self):
            self.go_on.set()

    held = Held()
    monkeypatch.setattr("ui.state.workbench.calibrate", held.calibrate)
    yield held
    held.release()


def test_scores_are_there_while_percentiles_are_measured(lab, finish, held):
    lab.screen(inputs(), "ann")
    held.wait()
    meanwhile = lab.screen(inputs(EVERYTHING), "ann")
    assert meanwhile.measuring
    for row in score_rows(meanwhile.scores).values():
        assert float(row.value)
        assert set(row.worth.values()) == {"measuring 25% …"}
    assert "has not been measured" in meanwhile.answer
    held.release()
    finish()
    after = lab.screen(inputs(EVERYTHING), "ann")
    assert not after.measuring
    for row in score_rows(after.scores).values():
        assert not any("measur" in text for text in row.worth.values())
    assert "unrelated pairs" in after.answer


def test_one_measuring_serves_all_who_ask(lab, finish, held):
    for visitor in ("ann", "bob", "ann", None):
        assert lab.screen(inputs(), visitor).measuring
    held.wait()
    held.release()
    finish()
    assert held.calls == [True]
    assert lab.compare(lab.view(inputs(), "ann"), "ann")[1] is None


def test_the_mask_is_measured_for_itself(lab, finish, held):
    held.release()
    for pool_special in (True, False):
        lab.screen(inputs(pool_special=pool_special), "ann")
    finish()
    assert sorted(held.calls) == [False, True]
    scales = [
        lab.compare(lab.view(inputs(pool_special=flag), None), None)[0].scale
        for flag in (True, False)
    ]
    assert abs(scales[0].random - scales[1].random).max() > 1e-3


def test_measuring_reports_how_far_it_is(bert, few_texts, finish, monkeypatch):
    seen = []

    def watched(encoder, pool_special, on_batch):
        def report(done, total):
            on_batch(done, total)
            seen.append((state.done, state.total))

        return calibrate(encoder, pool_special, report)

    monkeypatch.setattr("ui.state.workbench.calibrate", watched)
    workbench = Workbench(Settings(), lambda spec, **limits: bert)
    state = workbench.calibration(bert)
    assert isinstance(state, Measuring)
    finish()
    assert seen[-1] == (18, 18)  # 8 sentences, 5 pairs
    assert isinstance(workbench.calibration(bert), Calibration)


@pytest.mark.parametrize(
    ("error", "why"),
    [(RuntimeError("a secret path"), "internal error"), (EncoderError("no such file"), "no such")],
)
def test_a_measuring_that_fails_leaves_the_scores(lab, finish, monkeypatch, caplog, error, why):
    def fail(encoder, pool_special, on_batch):
        raise error

    monkeypatch.setattr("ui.state.workbench.calibrate", fail)
    lab.screen(inputs(), "ann")
    finish()
    screen = lab.screen(inputs(EVERYTHING), "ann")
    assert not screen.measuring
    for row in score_rows(screen.scores).values():
        assert float(row.value)
        assert set(row.worth.values()) == {"not measured"}
    assert "has not been measured" in screen.sections["honesty"][0]
    assert "a secret path" not in str(screen)
    assert "Calibration of" in caplog.text
    encoder = lab.workbench.encoder(DEFAULT_MODEL, None)
    assert lab.workbench.calibration(encoder).failed.startswith(why)


@pytest.mark.parametrize(
    ("model", "pool_special"),
    [(DEFAULT_MODEL, True), (DEFAULT_MODEL, False), ("untrained-minilm", True)],
)
def test_what_ships_is_not_measured_at_the_start(workbench, monkeypatch, model, pool_special):
    def fail(*_):
        raise AssertionError("measured what is shipped")

    monkeypatch.setattr("ui.state.workbench.calibrate", fail)
    fresh = Workbench(Settings(), lambda spec, **limits: workbench.encoder(spec.key, None))
    found = fresh.calibration(fresh.encoder(model, "ann"), pool_special)
    assert isinstance(found, Calibration)
    assert (found.sentences, found.paraphrase_pairs) == (440, 230)


@pytest.mark.slow
def test_the_end_of_the_app_is_the_end_of_measuring(tiny_folder):
    """A thread that was inside torch while Python shut down aborted the process."""
    code = EXIT_WHILE_MEASURING.format(folder=str(tiny_folder("bert")))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "measuring\n"), done.stderr
    assert "terminate" not in done.stderr


def test_a_model_that_cannot_be_loaded_is_told_on_the_screen():
    def refuse(spec, **limits):
        raise ModelRefused("pickled <weights>")

    screen = PoolingHandlers(Workbench(Settings(), refuse)).screen(inputs(EVERYTHING), "ann")
    assert "pickled &lt;weights&gt;" in screen.answer
    assert (screen.scores, screen.measuring) == ("", False)
