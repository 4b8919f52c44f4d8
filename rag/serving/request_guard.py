"""The door of the server: which hosts and origins may speak to it, and the headers of every reply. Pure ASGI; knows no Gradio."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# What the login page is made of, and what Gradio asks itself at the start.
_OPEN = re.compile(
    r"/|/login/?|/logout|/(?:assets|static|svelte)/.*|/favicon\.ico|/(?:gradio_api/)?theme\.css|/manifest\.json|/gradio_api/startup-events"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Gradio's own page needs inline scripts and styles; nothing may come from, or go to, another host.
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        b"worker-src 'self' blob:; media-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


class RequestGuard:
    """Refuses a foreign Host (400) and what other sites send (403), and adds security headers to every reply.

    On loopback only loopback names are hosts, which stops DNS rebinding. Where the server listens for others, an origin must equal the host.
    Without `uploads` no file is taken either, so that nobody fills the disk of a server whose collection they may not change.
    With `known`, which tells whether who asks has logged in, others get what the login page is made of (401 for the rest).
    """

    def __init__(
        self,
        app: App,
        loopback_only: bool = True,
        uploads: bool = True,
        known: Callable[[Scope], bool] | None = None,
    ) -> None:
        self._app = app
        self._loopback_only = loopback_only
        self._uploads = uploads
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = self._refusal(headers)
        if not refusal and not self._uploads and scope.get("path", "").rstrip("/").endswith("/upload"):
            refusal = 403, "Changes are off here, so no files are taken."
        if (
            not refusal
            and self._known
            and not _OPEN.fullmatch(scope.get("path", ""))
            and not self._known(scope)
        ):
            refusal = 401, "Log in first."
        if refusal:
            await _refuse(send, *refusal)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refusal(self, headers: dict[str, str]) -> tuple[int, str] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._loopback_only and _name(f"//{host}") not in _LOOPBACK:
            return 400, "This server answers to 127.0.0.1 and localhost only."
        if (
            origin is not None
            and urlsplit(origin).netloc.lower() != host.lower()
            and not (self._loopback_only and _same_loopback(origin, host))
        ):
            return 403, "Requests from other sites are refused."
        # A browser that leaves the origin out still tells that another site's page asks; following a link to ours is no harm.
        if (
            origin is None
            and headers.get("sec-fetch-site") in ("cross-site", "same-site")
            and headers.get("sec-fetch-mode") != "navigate"
        ):
            return 403, "Requests from other sites are refused."
        return None


def _name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _same_loopback(origin: str, host: str) -> bool:
    try:
        ports = urlsplit(origin).port, urlsplit(f"//{host}").port
    except ValueError:
        return False
    return _name(origin) in _LOOPBACK and ports[0] == ports[1]


async def _refuse(send: Send, status: int, why: str) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS],
        }
    )
    await send({"type": "http.response.body", "body": why.encode()})
