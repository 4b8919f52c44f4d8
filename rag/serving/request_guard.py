"""ASGI middleware that refuses foreign hosts and origins and adds security headers to every reply."""

import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from rag.serving.content_policy import Message, Send, securing, security_headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refusal = tuple[int, str]  # status and reason

# Open without a login: the parts of the login page, what Gradio requests from itself at the start, and
# `rag.serving.health`.
_PUBLIC_PATHS = re.compile(
    r"/|/login/?|/logout|/(?:assets|static|svelte)/.*|/favicon\.ico|/(?:gradio_api/)?theme\.css|"
    r"/manifest\.json"
    r"|/gradio_api/startup-events|/health/(?:live|ready)|/metrics"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_IPV6_NETWORK_BITS = 64  # limit: one customer's addresses, any of which a client may choose
_FOREIGN_SITE: Refusal = 403, "Requests from other sites are refused."

# The network address of the client whose request is being answered, "" outside of a request.
client_network: ContextVar[str] = ContextVar("client_network", default="")


class RequestGuard:
    """Refuses a foreign Host (400) and what other sites send (403), and adds security headers to every reply.

    Args:
        app: the application to protect.
        loopback_only: accept only loopback names as hosts; otherwise IP addresses and `hosts` too, and an
            origin must equal the host. No other name is accepted, which prevents DNS rebinding: a site can
            let its name lead here, but not an address.
        hosts: the names of this server.
        uploads: accept files; otherwise nobody can fill the disk of a server whose collection they may not
            change.
        is_logged_in: whether a request comes from a logged-in user; others then get only the login page, and
            401 for the rest.
        first_script: a script that belongs before the others of a page.
        framed_by: the origin of the one site that may show the page in a frame.
    """

    def __init__(
        self,
        app: App,
        loopback_only: bool = True,
        hosts: Collection[str] = (),
        uploads: bool = True,
        is_logged_in: Callable[[Scope], bool] | None = None,
        first_script: str = "",
        framed_by: str = "",
    ) -> None:
        self._app = app
        self._loopback_only = loopback_only
        self._hosts = frozenset(host.lower() for host in hosts)
        self._uploads = uploads
        self._is_logged_in = is_logged_in
        self._first_script = first_script
        self._framed_by = framed_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._check_sender(scope) or self._check_path(scope)
        if refusal:
            await _refuse(send, *refusal)
            return

        client_network.set(_network((scope.get("client") or ("",))[0]))
        await self._app(scope, receive, securing(send, self._first_script, self._framed_by))

    def _check_sender(self, scope: Scope) -> Refusal | None:
        """Return why a request is refused for its host or origin, or None."""
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_own_name(_hostname(f"//{host}")):
            if self._loopback_only:
                return 400, "This server answers to 127.0.0.1 and localhost only."
            return 400, "This server does not answer to that name; list its names in DATELINE_HOSTS."
        if origin is not None:
            same = _netloc(origin) == host.lower()
            if not same and not (self._loopback_only and _is_same_loopback(origin, host)):
                return _FOREIGN_SITE
        # A browser that sends no origin still reports a request by another site; a link to us is harmless.
        elif headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return None if headers.get("sec-fetch-mode") == "navigate" else _FOREIGN_SITE
        return None

    def _is_own_name(self, name: str) -> bool:
        return name in _LOOPBACK or (not self._loopback_only and (name in self._hosts or _is_address(name)))

    def _check_path(self, scope: Scope) -> Refusal | None:
        """Return why a request is refused for its path, or None."""
        path = scope.get("path", "")
        if not self._uploads and path.rstrip("/").endswith("/upload"):
            return 403, "Changes are off here, so no files are accepted."
        if self._is_logged_in and not _PUBLIC_PATHS.fullmatch(path) and not self._is_logged_in(scope):
            return 401, "Log in first."
        return None


def _netloc(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:  # as for "http://["
        return ""


def _hostname(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _network(address: str) -> str:
    """Return an IPv4 address, or the network of an IPv6 address.

    >>> _network("192.0.2.7"), _network("2001:db8::1:2:3:4"), _network("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::', '192.0.2.7')
    """
    if not _is_address(address):
        return address
    ip = ip_address(address)
    if not isinstance(ip, IPv6Address):
        return address
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(IPv6Address(int(ip) >> _IPV6_NETWORK_BITS << _IPV6_NETWORK_BITS))


def _is_same_loopback(origin: str, host: str) -> bool:
    """Return True if an origin is a loopback name with the port of the host."""
    try:
        ports = urlsplit(origin).port, urlsplit(f"//{host}").port
    except ValueError:
        return False
    return _hostname(origin) in _LOOPBACK and ports[0] == ports[1]


async def _refuse(send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *security_headers()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
