"""Whoever watches the lab learns whether it is up, and whether the first visitor must wait."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from encoder import DEFAULT_MODEL
from tests.ui.laid_out import tiny_workbench
from ui import __version__
from ui.serving import health


def test_it_answers_before_the_model_is_ready_and_says_so(tiny):
    workbench = tiny_workbench(tiny("bert"), tiny("roberta"))
    client = TestClient(Starlette(routes=health.routes(workbench)))
    answer = client.get("/gradio_api/health")
    assert answer.json() == {"ok": True, "version": __version__, "model_ready": False}
    assert answer.headers["cache-control"] == "no-store"
    workbench.encoder(DEFAULT_MODEL, None)
    assert client.get("/gradio_api/health").json()["model_ready"]
    assert client.head("/gradio_api/health").status_code == 200
