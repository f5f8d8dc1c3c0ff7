"""Files of the page that Gradio does not serve: plotly.js from this host, packed once, cached."""

import gzip
from functools import cache
from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
