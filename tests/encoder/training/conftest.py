"""What all tests of training share: intervals from few resamples, which are most of a short run."""

from collections.abc import Iterator

import pytest

from tests.few_draws import few_draws


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterator[None]:
    with few_draws():
        yield
