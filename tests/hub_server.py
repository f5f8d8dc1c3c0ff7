"""A local server that speaks enough of the Hub's protocol to serve a folder as a repo.

As on the Hub, files kept in LFS are redirected to another host for their content, and their
headers offer the xet protocol, which this server does not speak.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

LFS_SUFFIXES = (".safetensors", ".bin", ".pt", ".onnx", ".h5", ".model")


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `name` is the file asked for, or "" for the listing."""

    method: str
    name: str
    is_redirected: bool  # to where the content is, which makes a second request
    authorization: str | None


class HubServer:
    """Serves `folder` as the repo `repo_id`; use as a context manager. The knobs are public."""

    def __init__(self, folder: Path, repo_id: str) -> None:
        self.folder = folder
        self.repo_id = repo_id
        self.requests: list[Request] = []
        self.stalls: set[str] = set()  # files ("" is the listing) that are never answered
        self.missing: set[str] = set()  # files that are listed but not there
        self.corrupt: set[str] = set()  # files whose content is not what the listing announced
        self.short: set[str] = set()  # files whose content lacks its last byte
        self.refusal: tuple[int, str] | None = None  # status and X-Error-Code, for every request
        self.extra_info: dict[str, Any] = {}  # fields of the listing to replace
        self.closing = threading.Event()
        self._news = threading.Condition()
        server = self

        class Handler(_Handler):
            hub = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> "HubServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def content_url(self) -> str:
        """The same server under another name, as the Hub's content delivery network is."""
        return f"http://localhost:{self.port}"

    @property
    def commit(self) -> str:
        """Forty hexadecimal digits that change with the files."""
        state = [(name, self.git_id(name)) for name in self.names()]
        return hashlib.sha1(repr(state).encode()).hexdigest()

    def names(self) -> list[str]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in files)

    def content(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def sha256(self, name: str) -> str:
        return hashlib.sha256(self.content(name)).hexdigest()

    def git_id(self, name: str) -> str:
        content = self.content(name)
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def info(self) -> dict[str, Any]:
        siblings = []
        for name in self.names():
            size = len(self.content(name))
            entry = {"rfilename": name, "size": size, "blobId": self.git_id(name)}
            if name.endswith(LFS_SUFFIXES):
                entry["lfs"] = {"sha256": self.sha256(name), "size": size, "pointerSize": 130}
            siblings.append(entry)
        basics = {"id": self.repo_id, "sha": self.commit, "private": False, "gated": False}
        return basics | {"siblings": siblings} | self.extra_info

    def gets(self, name: str) -> list[Request]:
        """The requests for the content of a file, so far."""
        gets = [r for r in self.requests if r.method == "GET" and r.name == name]
        return [r for r in gets if not r.is_redirected]

    def record(self, request: Request) -> None:
        with self._news:
            self.requests.append(request)
            self._news.notify_all()

    def wait_for(self, condition: Callable[[list[Request]], bool], timeout_s: float) -> bool:
        """Whether the requests came to satisfy `condition` in time."""
        with self._news:
            return self._news.wait_for(lambda: condition(self.requests), timeout_s)


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the headers to be acknowledged

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub = self.hub
        path = unquote(urlsplit(self.path).path)
        listing = f"/api/models/{hub.repo_id}"
        files = f"/{hub.repo_id}/resolve/"
        if path.startswith(files):
            revision, _, name = path.removeprefix(files).partition("/")
        else:
            revision = path.removeprefix(listing).removeprefix("/revision/") or "main"
            name = path.removeprefix("/content/") if path.startswith("/content/") else ""
        is_content = path.startswith("/content/")
        is_redirected = path.startswith(files) and name.endswith(LFS_SUFFIXES)
        given = self.headers
        hub.record(Request(self.command, name, is_redirected, given.get("Authorization")))

        if name in hub.stalls:
            hub.closing.wait()
        elif hub.refusal is not None:
            self._refuse(*hub.refusal)
        elif is_content:
            self._send_content(name, {"ETag": f'"{hub.sha256(name)}"'})
        elif not path.startswith((listing, files)):
            self._refuse(404, "RepoNotFound")
        elif revision not in ("main", hub.commit):
            self._refuse(404, "RevisionNotFound")
        elif path.startswith(listing):
            self._send(200, json.dumps(hub.info()).encode(), {"Content-Type": "application/json"})
        elif name not in hub.names() or name in hub.missing:
            self._refuse(404, "EntryNotFound")
        elif name.endswith(LFS_SUFFIXES):
            self._redirect_to_content(name)
        else:
            etag = {"ETag": f'"{hub.git_id(name)}"', "X-Repo-Commit": hub.commit}
            self._send_content(name, etag)

    def _redirect_to_content(self, name: str) -> None:
        hub = self.hub
        headers = {
            "Location": f"{hub.content_url}/content/{name}",
            "ETag": '"of-the-redirect"',
            "X-Repo-Commit": hub.commit,
            "X-Linked-Etag": f'"{hub.sha256(name)}"',
            "X-Linked-Size": str(len(hub.content(name))),
            "X-Xet-Hash": "0" * 64,
            "X-Xet-Refresh-Route": f"{hub.url}/xet-is-not-spoken-here",
        }
        self._send(302, b"", headers)

    def _send_content(self, name: str, headers: dict[str, str]) -> None:
        hub = self.hub
        body = hub.content(name)
        if name in hub.corrupt:
            body = body[::-1]
        if name in hub.short and self.command == "GET":
            body = body[:-1]
        self._send(200, body, headers)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code} if code else {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
