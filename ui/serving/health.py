"""Whether the lab is up, for those who watch it: a container's health check, a load balancer."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from encoder import DEFAULT_MODEL
from ui import __version__
from ui.state.workbench import Workbench

PATH = "/gradio_api/health"


def routes(workbench: Workbench) -> list[Route]:
    """GET /gradio_api/health: {"ok", "version", "model_ready"}.

    It answers as soon as the page does; the first visitor waits for the model until it is ready.
    """

    def report(request: Request) -> JSONResponse:
        ready = workbench.is_loaded(DEFAULT_MODEL)
        answer = {"ok": True, "version": __version__, "model_ready": ready}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    return [Route(PATH, report)]
