"""Finished runs of a tiny model, each made once; the tab over two tiny models, laid out once."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count

import pytest

import ui.finetune.job
from encoder import Encoder
from encoder.training import Done
from tests.few_draws import few_draws
from tests.ui.finetune.pages import NO_CHANGE
from tests.ui.finetune.takehome.runs import done
from tests.ui.finetune.timings import Timings
from tests.ui.laid_out import LaidOut, tiny_workbench
from ui.finetune import tab
from ui.map import tab as map_tab

VISITORS = count()


@pytest.fixture(scope="module", autouse=True)  # of a package it would outlive it
def _few_draws() -> Iterator[None]:
    with few_draws():
        yield


@pytest.fixture(scope="session")
def trained(_tiny: Callable[[str], Encoder]) -> Callable[..., Done]:
    """`trained("score", steps=1)`: a run of the tiny BERT on pairs of a kind."""
    return cache(lambda kind="score", **config: done(_tiny("bert"), kind, **config))


@pytest.fixture
def timings(monkeypatch: pytest.MonkeyPatch) -> Timings:
    """Runs neither time their steps nor look for rivals, which takes seconds."""
    timings = Timings()
    monkeypatch.setattr(ui.finetune.job, "measure_speed", timings.measure)
    monkeypatch.setattr(ui.finetune.job, "judge_run", lambda done, on_part: NO_CHANGE)
    return timings


@pytest.fixture(scope="module")
def lab(_tiny: Callable[[str], Encoder]) -> Iterator[LaidOut]:
    """The Fine-tune tab, and the Map tab that it leads to."""
    lab = LaidOut(tiny_workbench(_tiny("bert"), _tiny("roberta")), tab.build, map_tab.build)
    yield lab
    lab.close()


@pytest.fixture
def ann() -> str:
    """A visitor who has not been here before."""
    return f"ann-{next(VISITORS)}"
