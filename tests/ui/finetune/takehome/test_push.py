"""Pushing to the Hub: what arrives there, what does not, and that the token stays out of words."""

import base64
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from encoder import EncoderError, ModelRefused
from tests.ui.finetune.takehome.runs import a_run, done
from ui.finetune.takehome import push_to_hub
from ui.finetune.takehome.push import PushFailed

TOKEN = "hf_secretsecretsecret"


class Hub(ThreadingHTTPServer):
    """As much of the Hub as an upload needs; every file is small enough for the commit itself."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals: dict[str, int] = {}  # status by the last part of the path
        self.tokens: set[str | None] = set()
        self.created: list[dict] = []
        self.files: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        self.answer(404, {})

    def do_POST(self) -> None:
        hub, path = self.server, self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hub.tokens.add(self.headers.get("Authorization"))
        for part, status in hub.refusals.items():
            if f"/{part}" in path:
                return self.answer(status, {"error": "no"})
        if path == "/api/repos/create":
            asked = json.loads(body)
            hub.created.append(asked)
            owner = asked.get("organization") or "somebody"
            return self.answer(200, {"url": f"{hub.url}/{owner}/{asked['name']}"})
        if "/preupload/" in path:
            names = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]
            return self.answer(200, {"files": modes})
        if "/commit/" in path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    hub.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            url = f"{hub.url}/somebody/x/commit/{'0' * 40}"
            return self.answer(200, {"success": True, "commitOid": "0" * 40, "commitUrl": url})
        return self.answer(200, {})

    def answer(self, status: int, content: dict) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def hub(monkeypatch) -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def run(_tiny):
    return a_run(done(_tiny("bert"), steps=1, held_out_share=0))


def test_the_model_its_card_and_the_script_arrive_but_no_pairs(hub, run, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    assert push_to_hub(run, " some-org/my-model ", TOKEN) == f"{hub.url}/some-org/my-model"
    [created] = hub.created
    assert (created["organization"], created["name"]) == ("some-org", "my-model")
    assert created.get("private") is True or created.get("visibility") == "private"
    assert hub.tokens == {f"Bearer {TOKEN}"}
    run.tuned.save(tmp_path / "model")
    weights = (tmp_path / "model" / "model.safetensors").read_bytes()
    assert hub.files["model.safetensors"] == weights
    assert hub.files["README.md"].startswith(b"---\nlibrary_name")
    assert {"train.py", "run.json", "modules.json", "1_Pooling/config.json"} <= hub.files.keys()
    assert not [name for name in hub.files if name.endswith(".csv")]
    assert TOKEN not in caplog.text


def test_a_name_without_an_owner_goes_to_who_holds_the_token(hub, run):
    assert push_to_hub(run, "my-model", TOKEN, private=False) == f"{hub.url}/somebody/my-model"
    [created] = hub.created
    assert not created.get("private")


@pytest.mark.parametrize(
    ("part", "status", "words"),
    [
        ("create", 409, "'some-org/x' exists already at http://127"),
        ("create", 401, "token with write access"),
        ("create", 403, "token with write access"),
        ("create", 500, "answered with HTTP 500"),
        ("commit", 403, "'some-org/x' was created and is incomplete: delete it there"),
    ],
)
def test_a_refusal_is_told_in_words_without_the_token(hub, run, part, status, words):
    hub.refusals = {part: status}
    with pytest.raises(PushFailed, match=words) as error:
        push_to_hub(run, "some-org/x", TOKEN)
    assert TOKEN not in str(error.value)
    assert error.value.__suppress_context__
    assert error.value.__cause__ is None


def test_no_connection_is_told_in_words(run, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PushFailed, match=r"http://127\.0\.0\.1:9 could not be reached"):
        push_to_hub(run, "some-org/x", TOKEN)


@pytest.mark.parametrize("repo", ["", "../x", "a/b/c", "http://hub/x", "a b", "x.git", "-"])
def test_what_is_no_repository_id_is_refused_before_anything_is_sent(hub, run, repo):
    with pytest.raises(ModelRefused, match="not the id of a model"):
        push_to_hub(run, repo, TOKEN)
    assert not hub.tokens


@pytest.mark.parametrize("token", ["", "  "])
def test_without_a_token_nothing_is_sent(hub, run, token):
    with pytest.raises(EncoderError, match="Sign in"):
        push_to_hub(run, "some-org/x", token)
    assert not hub.tokens
