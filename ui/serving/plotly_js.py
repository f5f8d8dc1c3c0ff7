"""plotly.js for all that draws: packed once, and kept by browsers for good."""

import gzip
from functools import cache
from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ui.page.addresses import route
from ui.serving.headers import FOREVER


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


ROUTES = [Route(route("plotly.min.js"), serve_plotly)]
