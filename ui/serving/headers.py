"""Headers on all that is served."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOREVER = "public, max-age=31536000, immutable"


class Headers:
    """ASGI middleware: no content sniffing, and Gradio's hashed assets are cached for good."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every HTTP response."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"x-content-type-options", b"nosniff")]
                path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
                if path.startswith(("/assets/", "/static/")) and message["status"] == 200:
                    extra.append((b"cache-control", FOREVER.encode()))
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)
