"""Where a request comes from."""

from collections.abc import Mapping
from typing import Any

FORWARDED = "x-forwarded-for"


def address_of(host: str, headers: Mapping[str, str], proxies: int) -> str:
    """The address of a visitor, whose word only the proxies of the host are taken for.

    host: what is connected. Each proxy appends where its request came from, so that with `proxies`
    of them in front the visitor's is that many from the end; what stands before it, the visitor may
    have written. Where fewer stand there, the request came round the proxies.
    """
    told = [part.strip() for part in headers.get(FORWARDED, "").split(",") if part.strip()]
    return told[-proxies] if 0 < proxies <= len(told) else host


def address_of_scope(scope: Mapping[str, Any], proxies: int) -> str:
    """The same of an ASGI scope."""
    host = (scope.get("client") or ("",))[0]
    lines = [value.decode("latin-1") for name, value in scope["headers"]
             if name == FORWARDED.encode()]  # fmt: skip
    return address_of(host, {FORWARDED: ",".join(lines)}, proxies)
