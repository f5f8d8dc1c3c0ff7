"""The log tells the host what happens, and nothing of what visitors write or may fetch."""

import json
import logging
import threading
import traceback
import warnings

import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.serving.log import JsonLines, RequestLog, event, log_as_json

SECRET = "my-diary"


def send_file(request: Request) -> PlainTextResponse:
    return PlainTextResponse(SECRET)


async def fail(name: str) -> None:
    raise ValueError(f"cannot read {name}")


@pytest.fixture
def client(caplog: pytest.LogCaptureFixture) -> TestClient:
    caplog.set_level(logging.INFO, "lab")
    own = [Route("/lab/{token}/{name}", send_file)]
    app = FastAPI(routes=own, middleware=[Middleware(RequestLog, routes=own)])
    app.get("/theirs/{name}")(fail)
    return TestClient(app, raise_server_exceptions=False)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict]:
    own = [record for record in caplog.records if record.name == "lab"]
    return [json.loads(JsonLines().format(record)) for record in own]


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [("/lab/t0ken/my-diary?a=my-diary", "/lab/{token}/{name}", 200),
     ("/lab/my-diary/my-diary", "/lab/{token}/{name}", 200),
     ("/theirs/my-diary", "/theirs/{name}", 0),
     ("/my-diary", "none", 404)],
)  # fmt: skip
def test_a_request_is_one_line_without_what_was_filled_in(client, caplog, path, route, status):
    client.get(path)
    [line] = lines(caplog)
    assert (line["event"], line["method"], line["route"]) == ("request", "GET", route)
    assert line["status"] == status
    assert line["ms"] >= 0
    assert SECRET not in json.dumps(line)
    assert "t0ken" not in json.dumps(line)


def test_bodies_are_not_logged(client, caplog):
    client.post("/lab/t/n", content=SECRET)
    assert [line["status"] for line in lines(caplog)] == [405]
    assert SECRET not in json.dumps(lines(caplog))


def test_gradios_static_files_are_not_worth_a_line(client, caplog):
    client.get("/assets/index.js")
    assert lines(caplog) == []


def test_an_exception_is_told_by_kind_and_place_for_its_message_may_quote(caplog):
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("lab").exception("A handler failed")
    [line] = lines(caplog)
    assert (line["event"], line["level"], line["error"]) == (
        "A handler failed", "error", "ValueError"
    )  # fmt: skip
    assert line["at"][-1].startswith("test_log.py:")
    assert SECRET not in json.dumps(line)


def test_what_libraries_print_and_warn_of_is_told_without_its_words(caplog, monkeypatch):
    hooks = ((traceback, "print_exc"), (warnings, "showwarning"), (threading, "excepthook"))
    for module, name in hooks:
        monkeypatch.setattr(module, name, getattr(module, name))  # to be put back
    handlers, level = logging.root.handlers[:], logging.root.level
    log_as_json()
    installed = warnings.showwarning
    logging.root.handlers[:], logging.root.level = handlers, level
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = installed
        warnings.warn(f"Unknown model {SECRET}", UserWarning, stacklevel=1)
    try:
        int(SECRET)
    except ValueError:
        traceback.print_exc()
    thread = threading.Thread(target=int, args=(SECRET,))
    thread.start()
    thread.join()
    warned, caught, ended = lines(caplog)
    assert (warned["kind"], warned["at"].split(":")[0]) == ("UserWarning", "test_log.py")
    assert caught["error"] == "ValueError"
    assert (ended["event"], ended["error"]) == ("A thread ended by an error", "ValueError")
    assert SECRET not in json.dumps([warned, caught, ended])


def test_of_a_librarys_record_only_its_place_is_told(caplog):
    """asyncio's hold what was raised, in words."""
    logging.getLogger("asyncio").error("never retrieved: %r", ValueError(SECRET))
    logging.getLogger("encoder.runner").warning("3 of 4 texts were cut")
    theirs, ours = (json.loads(JsonLines().format(record)) for record in caplog.records)
    assert theirs["library"] == "asyncio"
    assert theirs["at"].startswith("test_log.py:")
    assert SECRET not in json.dumps(theirs)
    assert ours["event"] == "3 of 4 texts were cut"


def test_an_event_is_one_line_whatever_is_in_it(caplog):
    caplog.set_level(logging.INFO, "lab")
    event("warm", model="a\nb", seconds=1.5)
    [record] = caplog.records
    text = JsonLines().format(record)
    assert "\n" not in text
    assert json.loads(text) | {"time": ""} == {
        "time": "", "level": "info", "event": "warm", "model": "a\nb", "seconds": 1.5
    }  # fmt: skip
