"""The Map tab over tiny models."""

from collections.abc import Callable, Iterator

import pytest

from encoder import Encoder
from tests.ui.laid_out import tiny_workbench
from tests.ui.map.lab import MapLab, MapPage


@pytest.fixture(scope="module")
def map_lab(_tiny: Callable[[str], Encoder]) -> Iterator[MapLab]:
    """What is behind the Map tab, over tiny models."""
    lab = MapLab(tiny_workbench(_tiny("bert"), _tiny("roberta")))
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def map_page(_tiny: Callable[[str], Encoder]) -> Iterator[MapPage]:
    """The Map tab laid out, over tiny models."""
    page = MapPage(tiny_workbench(_tiny("bert"), _tiny("roberta")))
    yield page
    page.close()
