"""Behind a proxy that puts a prefix before every path, all addresses of the page lead there.

Gradio's own page is written for addresses that end in a slash: at /lab, its scripts would be looked
for at the top of the host.
"""

from html import escape
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

RELATIVE = b'<base href="./" />'  # as Gradio writes it: what the address has before its last slash


class BaseAddress:
    """ASGI middleware: relative addresses of the page start at `prefix`, "" for none.

    A redirect from /lab to /lab/ would not do, for a proxy may cut the prefix off, and then both
    arrive as /. One that leaves it on is understood, too.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix
        self.base = f'<base href="{escape(prefix)}/" />'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the base into the page, which is sent in one piece."""
        if scope["type"] != "http" or not self.prefix:
            await self.app(scope, receive, send)
            return
        scope = {**scope, "root_path": self.prefix}
        start: Message | None = None

        async def with_base(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message  # its length is known with the body
                return
            if start is not None:
                body = message.get("body", b"").replace(RELATIVE, self.base, 1)
                others = [pair for pair in start["headers"] if pair[0] != b"content-length"]
                if not message.get("more_body", False):
                    others.append((b"content-length", str(len(body)).encode()))
                await send({**start, "headers": others})
                start, message = None, {**message, "body": body}
            await send(message)

        await self.app(scope, receive, with_base)


def _is_page(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message["headers"]
    )


def prefix_of(root_path: str) -> str:
    """The path of a root path that may be a whole URL, without a slash at its end."""
    return urlsplit(root_path).path.rstrip("/")
