"""The page around the tabs, and how it is launched."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
import plotly
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.finetune import tab as finetune
from ui.finetune.api import build_tuning_api
from ui.finetune.takehome.download import routes as takehome_routes
from ui.map import tab as map_tab
from ui.map.api import build_map_api
from ui.map.files import routes as map_routes
from ui.page.components import leave_checks_to_us, script
from ui.page.tab import Page, Tab
from ui.page.theme import ASSETS, theme
from ui.pooling import tab as pooling
from ui.pooling.api import build_api
from ui.search import tab as search
from ui.search.api import build_search_api
from ui.serving.guards import guards
from ui.serving.places import Places
from ui.state.workbench import Workbench

# --- Files of the page that Gradio does not serve: plotly.js, packed once and cached --------------


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


@dataclass(frozen=True)
class Feature:
    """One tab: its door, its endpoints in the web API, and what it serves beside the page."""

    build: Callable[[Page], Tab]
    build_api: Callable[[Workbench], None]
    routes: Callable[[Workbench], list[Route]] = lambda workbench: []


FEATURES = (
    Feature(pooling.build, build_api),
    Feature(finetune.build, build_tuning_api, takehome_routes),
    Feature(map_tab.build, build_map_api, map_routes),
    Feature(search.build, build_search_api),
)


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
    leave_checks_to_us()
    with gr.Blocks(
        title="Sentence Lab", analytics_enabled=False, delete_cache=UPLOADS_KEPT
    ) as demo:
        # First: Gradio names a tab's handlers too, and the first of a name has it.
        for feature in FEATURES:
            feature.build_api(workbench)
        with gr.Row(elem_classes=["lab-top"]):
            gr.HTML(HEADER, js_on_load=script("tabs.js"), apply_default_css=False)
            toggle = gr.Button("Light / dark", size="sm", elem_id="theme", min_width=110, scale=0)
            toggle.click(None, js=TOGGLE, api_visibility="private")
        tabs = gr.Tabs()
        page = Page(demo, tabs, workbench)
        with tabs:
            built = [feature.build(page) for feature in FEATURES]
        page.connect(built)
    spare_the_browser(demo)
    most = workbench.settings.queue_places
    demo.queue(default_concurrency_limit=4, max_size=most, api_open=False)
    Places(demo, workbench).guard()
    return demo


def launch_settings(workbench: Workbench) -> dict[str, Any]:
    """Arguments of `launch` beside host and port."""
    settings = workbench.settings
    return {
        "theme": theme(),
        "css_paths": [ASSETS / f"{name}.css" for name in ("lab", "tuning", "map", "search")],
        "favicon_path": ASSETS / "favicon.svg",
        "footer_links": ["api", "settings"],
        # On a Space, server-side rendering would put a Node in front that answers the addresses of
        # our own routes with the page itself: no plot, no map and no download would work.
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        # A model that is brought back is the largest, as a rule.
        "max_file_size": max(settings.max_archive_bytes, settings.upload.file_bytes),
        "app_kwargs": {
            "routes": [*ROUTES, *(r for feature in FEATURES for r in feature.routes(workbench))],
            "middleware": [Middleware(Headers), *guards(workbench)],
        },
    }
