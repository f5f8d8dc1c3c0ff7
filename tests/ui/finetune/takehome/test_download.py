"""A run is fetched by its address, and nothing of it stays on the disk, whatever becomes of it."""

import errno
import io
import shutil
import tempfile
import zipfile

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.ui.finetune.takehome.runs import a_run, done
from tests.ui.laid_out import tiny_workbench
from ui.finetune.takehome.download import open_archive, routes
from ui.page.addresses import route
from ui.state.models import OwnModel


@pytest.fixture(scope="module")
def own(_tiny):
    run = a_run(done(_tiny("bert"), steps=1))
    return OwnModel(run.key, run.name, run.tuned, run)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where everything temporary goes, to see that nothing stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def web(own, bert, temporary):
    workbench = tiny_workbench(bert, bert)
    workbench.add_model(own, workbench.visitor("ann"))
    with TestClient(Starlette(routes=routes(workbench))) as client:
        yield client


def test_the_zip_comes_whole_with_its_length(web, own, temporary):
    answer = web.get(f"{route('model')}/{own.token}/model.zip")
    assert answer.headers["content-length"] == str(len(answer.content))
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("part", ["bytes=abc", "bytes=99999999999-", "bytes=5-2", "bytes=0-9"])
def test_a_part_that_is_asked_for_leaves_nothing_on_the_disk(web, own, temporary, part):
    answer = web.get(f"{route('model')}/{own.token}/model.zip", headers={"Range": part})
    assert answer.status_code == 200  # the whole, as anybody may who keeps no parts
    assert list(temporary.iterdir()) == []


def test_nothing_is_on_the_disk_while_it_is_sent(own, temporary):
    with open_archive(own.run) as file:
        assert list(temporary.iterdir()) == []
        assert zipfile.ZipFile(file).testzip() is None


def test_a_full_disk_is_told_in_words_and_leaves_nothing(web, own, temporary, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    answer = web.get(f"{route('model')}/{own.token}/model.zip")
    assert answer.status_code == 507
    assert "disk of this host is full" in answer.text
    assert str(temporary) not in answer.text
    assert list(temporary.iterdir()) == []
    monkeypatch.undo()
    assert web.get(f"{route('model')}/{own.token}/model.zip").status_code == 200


@pytest.mark.parametrize(("name", "status"), [("scores.csv", 200), ("train.py", 200), ("x", 404)])
def test_its_tables_and_nothing_else_come_by_the_same_address(web, own, name, status):
    assert web.get(f"{route('model')}/{own.token}/{name}").status_code == status
