"""The Search tab over tiny models."""

from collections.abc import Callable, Iterator

import pytest

from encoder import Encoder
from tests.ui.laid_out import tiny_workbench
from tests.ui.search.lab import SearchLab
from tests.ui.search.sections import SectionsPage


@pytest.fixture(scope="module")
def sections(_tiny: Callable[[str], Encoder]) -> Iterator[SectionsPage]:
    """The further sections of the Search tab laid out, over tiny models."""
    page = SectionsPage(_tiny("bert"), _tiny("roberta"))
    yield page
    page.close()


@pytest.fixture
def lab(tiny: Callable[[str], Encoder]) -> Iterator[SearchLab]:
    """The Search tab over tiny models, and visitors who search."""
    lab = SearchLab(tiny_workbench(tiny("bert"), tiny("roberta")))
    yield lab
    lab.close()
