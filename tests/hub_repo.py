"""What the hub tests share: a small repo, a server for it, downloads into a cache of their own.

A test module takes the fixtures by binding their names.
"""

import os
import socket

import pytest

from encoder.hub import download
from tests.hub_server import HubServer

REPO = "some-org/tiny-model"
MB = 1_000_000
WEIGHTS = "model.safetensors"
WANTED = {"config.json", "tokenizer.json", "vocab.txt", "spm.model", WEIGHTS}


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def files_of(snapshot):
    return {p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*") if p.is_file()}


def disconnect(monkeypatch):
    """Point the endpoint at a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")


@pytest.fixture
def folder(tmp_path):
    """A plain transformers repo with distractors that must never be fetched."""
    folder = tmp_path / "repo"
    write(
        folder,
        {
            "config.json": '{"hidden_size": 32}',
            "tokenizer.json": "{}" * 500,
            "vocab.txt": "[PAD]\n[UNK]\nthe\n",
            "spm.model": b"sentencepiece",
            WEIGHTS: os.urandom(300_000),
            "pytorch_model.bin": b"pickle",
            "modeling_custom.py": "raise SystemExit",
            "onnx/model.onnx": b"onnx",
            "tf_model.h5": b"h5",
            "README.md": "# Model",
        },
    )
    return folder


@pytest.fixture
def server(folder, monkeypatch):
    with HubServer(folder, REPO) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


@pytest.fixture
def fetch(tmp_path):
    """`download` into a cache of this test's own."""

    def fetch(repo_id=REPO, max_bytes=MB, **options):
        return download(repo_id, max_bytes=max_bytes, cache_dir=tmp_path / "cache", **options)

    return fetch
