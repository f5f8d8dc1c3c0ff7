"""The Map tab over tiny models."""

from collections.abc import Callable, Iterator

import pytest

from encoder import Encoder
from tests.ui.laid_out import tiny_workbench
from tests.ui.map.lab import MapLab, MapPage
from tests.ui.map.pages import hostile_map, in_three
from ui.map.drawing import DrawnMap


@pytest.fixture(scope="session")
def drawn_map(_tiny: Callable[[str], Encoder]) -> DrawnMap:
    """The small corpus by PCA, in three clusters by k-means. Shared: it stays as it is."""
    return in_three(_tiny("bert"))


@pytest.fixture(scope="session")
def hostile(_tiny: Callable[[str], Encoder]) -> DrawnMap:
    """A map on which everything is an attack. Shared: it stays as it is."""
    return hostile_map(_tiny("bert"))


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
