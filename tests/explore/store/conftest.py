"""One Milvus server for all tests that leave it as it is."""

from collections.abc import Iterator

import pytest

from tests.explore.store.stores import MilvusServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    running = MilvusServer(tmp_path_factory.mktemp("server") / "lab.db")
    yield running
    running.kill()
