"""The Search tab over tiny models."""

from collections.abc import Callable, Iterator

import pytest

from encoder import Encoder
from tests.ui.laid_out import tiny_workbench
from tests.ui.search.lab import SearchPage


@pytest.fixture(scope="session")
def _page(_tiny: Callable[[str], Encoder]) -> SearchPage:
    return SearchPage(tiny_workbench(_tiny("bert"), _tiny("roberta")))


@pytest.fixture
def page(_page: SearchPage) -> Iterator[SearchPage]:
    """The Search tab laid out, without visitors yet; laid out once for all tests."""
    yield _page
    _page.leave()
