"""The page around the tabs, and how it is launched."""

import gzip
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
import plotly
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.finetune import tab as finetune
from ui.finetune.api import build_tuning_api
from ui.finetune.takehome import scores_csv, training_script, write_archive
from ui.map import tab as map_tab
from ui.map.api import build_map_api
from ui.map.files import FILES
from ui.page.models import ModelPicker
from ui.page.theme import ASSETS, theme
from ui.pooling import tab as pooling
from ui.pooling.api import build_api
from ui.search import tab as search
from ui.search.api import build_search_api
from ui.state.models import Run
from ui.state.workbench import Workbench

# --- What a visitor takes home, made when it is fetched and deleted when it is sent ---------------


GONE = "This model is not kept any more: its page was closed, or newer runs took its place."
NO_MAP = "This map is not kept any more: its page was closed, or a newer one took its place."
TEXTS: dict[str, tuple[Callable[[Run], str], str]] = {
    "scores.csv": (scores_csv, "text/csv"),
    "train.py": (training_script, "text/x-python"),
}


def routes(workbench: Workbench) -> list[Route]:
    """The download addresses of this workbench's visitors."""

    def send(request: Request) -> Response:
        found = workbench.by_token(request.path_params["token"])
        name = request.path_params["name"]
        if found is None or found.run is None:
            return PlainTextResponse(GONE, 404)
        if name in TEXTS:
            write, kind = TEXTS[name]
            disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(write(found.run), media_type=kind, headers=disposition)
        if name != "model.zip":
            return PlainTextResponse("There is no such file.", 404)
        folder = Path(tempfile.mkdtemp(prefix="lab-"))
        try:
            path = write_archive(found.run, folder / "model.zip")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        return FileResponse(path, filename="model.zip", background=gone)

    def send_map(request: Request) -> Response:
        picture = workbench.picture_by_token(request.path_params["token"])
        name = request.path_params["name"]
        if picture is None:
            return PlainTextResponse(NO_MAP, 404)
        if name not in FILES:
            return PlainTextResponse("There is no such file.", 404)
        write, kind = FILES[name]
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(write(picture), media_type=kind, headers=disposition)

    return [
        Route("/lab-download/{token}/{name}", send),
        Route("/lab-map/{token}/{name}", send_map),
    ]


# --- Files of the page that Gradio does not serve: plotly.js from this host, packed once, cac


FOREVER = "public, max-age=31536000, immutable"


@cache
def _plotly_js() -> bytes:
    """plotly.js 4, 4.8 MB, gzipped once instead of for every visitor."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return gzip.compress(source.read_bytes(), 6)


def serve_plotly(request: Request) -> Response:
    """The plotly.js that matches the Python package (Gradio's own is a major version older)."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    body = _plotly_js() if packed else gzip.decompress(_plotly_js())
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="text/javascript", headers=headers)


ROUTES = [Route("/lab-static/plotly.min.js", serve_plotly)]


class Headers:
    """ASGI middleware: no content sniffing, and Gradio's hashed assets are cached for good."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every HTTP response."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"x-content-type-options", b"nosniff")]
                path = scope.get("path", "")
                if path.startswith(("/assets/", "/static/")) and message["status"] == 200:
                    extra.append((b"cache-control", FOREVER.encode()))
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


HEADER = """
<header class="lab-header">
  <h1>Sentence Lab</h1>
  <p>How does a transformer turn a sentence of any length into one vector?</p>
</header>
"""
# Seconds between two looks, and seconds that a file sent is kept: it is read as it arrives.
UPLOADS_KEPT = (300, 1800)
# Remembered in the address, as Gradio itself reads it there.
TOGGLE = """() => {
  const dark = document.body.classList.toggle('dark');
  const url = new URL(location.href);
  url.searchParams.set('__theme', dark ? 'dark' : 'light');
  history.replaceState(null, '', url);
}"""


def spare_the_browser(demo: gr.Blocks) -> None:
    """Events that show no progress have nothing to show it on.

    Gradio's page would keep a status for each of their outputs, and at every step of any event
    look for all of them among all that is on the page: a tenth of a second of work.
    """
    for event in demo.fns.values():
        if event.show_progress == "hidden":
            event.show_progress_on = []


def build_app(workbench: Workbench) -> gr.Blocks:
    """The whole page over one workbench."""
    with gr.Blocks(
        title="Sentence Lab", analytics_enabled=False, delete_cache=UPLOADS_KEPT
    ) as demo:
        # First: Gradio names a tab's handlers too, and the first of a name has it.
        build_api(workbench)
        build_tuning_api(workbench)
        build_map_api(workbench)
        build_search_api(workbench)
        with gr.Row(elem_classes=["lab-top"]):
            gr.HTML(HEADER, apply_default_css=False)
            toggle = gr.Button("Light / dark", size="sm", elem_id="theme", min_width=110, scale=0)
            toggle.click(None, js=TOGGLE, api_visibility="private")
        with gr.Tabs() as tabs:
            with gr.Tab("Pooling", id="pooling", elem_id="tab-pooling"):
                model = pooling.build(demo, workbench)
            with gr.Tab("Fine-tune", id="finetune", elem_id="tab-finetune") as tuning:
                pass
            with gr.Tab("Map", id="map", elem_id="tab-map") as mapping:
                maps = map_tab.build(demo, tabs, mapping, workbench)
            with gr.Tab("Search", id="search", elem_id="tab-search") as searching:
                found = search.build(demo, tabs, searching, workbench)
            with tuning:
                pickers = [model, *maps.pickers, *found.pickers]
                tuner = finetune.build(tuning, workbench, ModelPicker(workbench), pickers)
                maps.texts.connect_pairs(tuner.ui.on_map, tabs)
                found.sections.judge.sending.connect(tabs, tuner.data)
    spare_the_browser(demo)
    demo.queue(default_concurrency_limit=4, max_size=128, api_open=False)
    return demo


def launch_settings(workbench: Workbench) -> dict[str, Any]:
    """Arguments of `launch` beside host and port."""
    return {
        "theme": theme(),
        "css_paths": [ASSETS / f"{name}.css" for name in ("lab", "tuning", "map", "search")],
        "favicon_path": ASSETS / "favicon.svg",
        "footer_links": ["api", "settings"],
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        # A model that is brought back is the largest.
        "max_file_size": workbench.settings.max_archive_bytes,
        "app_kwargs": {
            "routes": [*ROUTES, *routes(workbench)],
            "middleware": [Middleware(Headers)],
        },
    }
