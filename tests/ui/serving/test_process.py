"""The lab as a process of its own: what it logs, how it is watched, and how it ends."""

import json
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from urllib.request import Request, urlopen

import httpx
import pytest

from tests.served import Served, serve
from ui import __version__
from ui.state.pairs import SAMPLES, SAMPLES_FOLDER

SECRET = "my-diary"
PAIRS = (SAMPLES_FOLDER / SAMPLES["graded"].file).read_text("utf-8")
END_S = 5
pytestmark = pytest.mark.slow  # a lab of its own, and runs in it


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, float, Path]]:
    """A lab that was told to end while it trained: how long that took, and its temporary folder."""
    folder = tmp_path_factory.mktemp("temporary")
    with serve(TMPDIR=str(folder), GRADIO_ROOT_PATH="/lab") as lab:
        served_health(lab, lab.wait_for("warm"))
        call(lab, "compare_set", [[SECRET, "B"], "all-MiniLM-L6-v2", "-1", "mean"])
        call(lab, "compare_set", [SECRET])  # too few: Gradio prints what it was given
        call(lab, "compare_set", [[SECRET], f"org/{SECRET}!", "-1", "mean"])
        urlopen(f"{lab.url}/?a={SECRET}").read()
        sent = {"files": ("diary.csv", f"text\n{SECRET}".encode())}
        [path] = httpx.post(f"{lab.url}/gradio_api/upload", files=sent).json()
        assert Path(path).is_relative_to(folder)
        settings = ["all-MiniLM-L6-v2", "", "", 1, 20_000, 0, 16, 0, 0, 20, None, None, 0, None]
        for line in answers(lab, "fine_tune", [PAIRS, *settings]):
            if b'"event": "step"' in line:
                break
        lab.process.terminate()
        told = time.monotonic()
        lab.ended(4 * END_S)
        yield lab, time.monotonic() - told, folder


def answers(lab: Served, endpoint: str, data: list[object]) -> HTTPResponse:
    """The stream of answers of an endpoint."""
    path = f"{lab.url}/gradio_api/call/{endpoint}"
    body = json.dumps({"data": data}).encode()
    with urlopen(Request(path, body, {"Content-Type": "application/json"})) as answer:
        return urlopen(f"{path}/{json.load(answer)['event_id']}")


def call(lab: Served, endpoint: str, data: list[object]) -> None:
    with answers(lab, endpoint, data) as stream:
        assert b"event: " in stream.read()


def served_health(lab: Served, warm: dict) -> None:
    assert warm["model"] == "all-MiniLM-L6-v2"
    with urlopen(f"{lab.url}/gradio_api/health") as answer:
        assert json.load(answer) == {"ok": True, "version": __version__, "model_ready": True}


def test_it_ends_within_seconds_in_the_middle_of_a_run(ended):
    lab, seconds, _ = ended
    assert lab.process.returncode == 0
    assert seconds < END_S
    assert lab.events("ending")[0]["training"] == 1


def test_a_run_is_logged_with_its_model_and_size(ended):
    lab, _, _ = ended
    [line] = lab.events("training")
    assert (line["model"], line["pairs"] > 100) == ("all-MiniLM-L6-v2", True)


def test_nothing_half_written_is_left(ended):
    _, _, folder = ended
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_it_says_at_the_start_what_memory_it_promises(ended):
    lab, _, _ = ended
    [line] = lab.events("memory")
    assert 0 < line["promised_mb"] < line["machine_mb"]
    assert lab.log[0] == line


def test_every_line_of_the_log_is_json_and_none_has_a_text_of_a_visitor(ended):
    lab, _, _ = ended
    assert lab.unparsed == []
    written = json.dumps(lab.log) + "".join(lab.output)
    assert "ValueError" in written, "nothing failed here"
    assert SECRET not in written
    assert PAIRS.splitlines()[1][:30] not in written
    routes = {line["route"] for line in lab.events("request")}
    assert {"/", "/gradio_api/health", "/gradio_api/call/{api_name}"} <= routes
