"""The security headers of every reply, and the nonce by which a page's own scripts are known.

Scripts run from this server's files and, in a page, with the nonce of that one reply; text never becomes a
script. Gradio's page sets styles inline, which cannot be known beforehand, so styles alone are not bounded.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from secrets import token_urlsafe
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_NONCE_BYTES = 16  # limit: enough that nobody guesses one
_POLICY = (
    "default-src 'self'; script-src 'self'{nonce}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "media-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {frame}"
)
# Up to its end, so that what a script's text spells is not taken for another one.
_SCRIPT = re.compile(rb"<script\b(.*?</script\s*>)", re.IGNORECASE | re.DOTALL)


def security_headers(nonce: str = "", framed_by: str = "") -> Headers:
    """Return the headers of a reply.

    Args:
        nonce: that of its scripts, if it is a page.
        framed_by: the origin of the one site that may show it in a frame.
    """
    policy = _POLICY.format(nonce=f" 'nonce-{nonce}'" if nonce else "", frame=framed_by or "'none'")
    headers = [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    # This header can name no site; browsers that read the policy need it not.
    return headers if framed_by else [*headers, (b"x-frame-options", b"DENY")]


def with_nonce(page: bytes, nonce: str, first_script: str = "") -> bytes:
    """Return a page whose scripts have a nonce, with `first_script` before them.

    >>> with_nonce(b"<p>a</p><script>b = '<script>'</script>", "x", "c")
    b'<p>a</p><script nonce="x">c</script><script nonce="x">b = \\'<script>\\'</script>'
    """
    if first_script:
        page = page.replace(b"<script", b"<script>" + first_script.encode() + b"</script><script", 1)
    return _SCRIPT.sub(lambda found: b'<script nonce="' + nonce.encode() + b'"' + found[1], page)


def securing(send: Send, first_script: str = "", framed_by: str = "") -> Send:
    """Return a `send` of ASGI that adds the headers to a reply and, where it is a page, the nonce."""
    start: list[Message] = []  # that of a page, until its body is whole
    body = bytearray()

    async def send_secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            if _content_type(message).startswith(b"text/html"):
                start.append(message)
                return
            message["headers"] = [*message.get("headers", ()), *security_headers(framed_by=framed_by)]
        elif start and message["type"] == "http.response.body":
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            nonce = token_urlsafe(_NONCE_BYTES)
            page = with_nonce(bytes(body), nonce, first_script)
            head = start.pop()
            kept = [header for header in head["headers"] if header[0].lower() != b"content-length"]
            length = (b"content-length", str(len(page)).encode())
            await send({**head, "headers": [*kept, length, *security_headers(nonce, framed_by)]})
            message = {"type": "http.response.body", "body": page}
        await send(message)

    return send_secured


def _content_type(message: Message) -> bytes:
    return next((value for name, value in message.get("headers", ()) if name.lower() == b"content-type"), b"")
