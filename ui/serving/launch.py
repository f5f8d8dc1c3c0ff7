"""How the page is launched: arguments of Gradio's `launch` for the settings of a host."""

from collections.abc import Mapping
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route

from encoder import EncoderError
from ui import shell
from ui.page.theme import ASSETS, theme
from ui.serving import health, plotly_js
from ui.serving.base_address import BaseAddress, prefix_of
from ui.serving.guards import guards
from ui.serving.headers import Headers
from ui.serving.log import RequestLog
from ui.state.workbench import Workbench

# Who follows a run or a map holds a thread, mostly asleep: one for each that all lanes may hold.
MOST_THREADS = 200


def address(env: Mapping[str, str]) -> tuple[str, int]:
    """The host name and the port to listen on. Raises EncoderError for what is no port.

    This machine alone, unless it is a Space, which is there to be visited.
    """
    everywhere = env.get("SYSTEM") == "spaces"
    host = env.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if everywhere else "127.0.0.1")
    port = env.get("GRADIO_SERVER_PORT") or "7860"
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 2**16):
        raise EncoderError(f"GRADIO_SERVER_PORT is {port!r}; it must be a number up to 65535.")
    return host, int(port)


def middleware(workbench: Workbench, own: list[Route]) -> list[Middleware]:
    """What every request passes, from the outside in."""
    return [
        Middleware(BaseAddress, prefix=prefix_of(workbench.settings.root_path)),
        Middleware(RequestLog, routes=own),
        Middleware(Headers),
        *guards(workbench),
    ]


def routes(workbench: Workbench) -> list[Route]:
    """What the lab serves itself; asked before anything of Gradio's."""
    own = [route for feature in shell.FEATURES for route in feature.routes(workbench)]
    return [*plotly_js.ROUTES, *health.routes(workbench), *own]


def launch_settings(workbench: Workbench) -> dict[str, Any]:
    """Arguments of `launch` beside host and port."""
    settings, own = workbench.settings, routes(workbench)
    sheets = ["lab", *(name for feature in shell.FEATURES for name in feature.css)]
    return {
        "theme": theme(),
        "css_paths": [ASSETS / f"{name}.css" for name in sheets],
        "favicon_path": ASSETS / "favicon.svg",
        "footer_links": ["api", "settings"],
        "root_path": settings.root_path,
        "ssr_mode": settings.ssr,
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "max_threads": MOST_THREADS,
        # A model that is brought back is the largest, as a rule.
        "max_file_size": max(settings.max_archive_bytes, settings.upload.file_bytes),
        "app_kwargs": {"routes": own, "middleware": middleware(workbench, own)},
    }
