import asyncio
import re
from typing import Any

import pytest

from rag.serving.request_guard import RequestGuard


def ask(guard: RequestGuard, path: str = "/", **headers: str) -> tuple[int, dict[str, str]]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "path": path,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


async def app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860"])
def test_loopback_hosts_get_replies_with_security_headers(host: str) -> None:
    status, headers = ask(RequestGuard(app), host=host)
    assert (
        status == 200
        and "default-src 'self'; script-src 'self'; " in headers["content-security-policy"]
        and headers["x-content-type-options"] == "nosniff"
    )


def fetch_page(parts: list[bytes], first_script: str = "") -> tuple[str, bytes, dict[str, str]]:
    """Return the nonce, the body and the headers of a page that is sent in some parts."""
    sent: list[Any] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        kind = (b"Content-Type", b"text/html; charset=utf-8"), (b"content-length", b"1")
        await send({"type": "http.response.start", "status": 200, "headers": [*kind]})
        for n, part in enumerate(parts):
            await send({"type": "http.response.body", "body": part, "more_body": n + 1 < len(parts)})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost")]}
    asyncio.run(RequestGuard(page, first_script=first_script)(scope, None, send))
    start, body = sent
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    (nonce,) = re.findall(r"script-src 'self' 'nonce-([\w-]{22})';", headers["content-security-policy"])
    return nonce, body["body"], headers


@pytest.mark.threat("W6")
def test_the_scripts_of_a_page_have_a_nonce_of_this_reply() -> None:
    config = b"<SCRIPT>config = {'title': '\\u003cscript>'} // <script>"
    parts = [config, b"</script><p>text</p><scr", b"ipt type='module' src='a.js'></script>"]
    nonce, body, headers = fetch_page(parts)
    assert body.count(b"nonce=") == 2 and body.count(f'<script nonce="{nonce}"'.encode()) == 2
    assert b"// <script></script>" in body and int(headers["content-length"]) == len(body)
    assert "unsafe" not in headers["content-security-policy"].split("style-src")[0]
    assert fetch_page(parts)[0] != nonce
    _, body, _ = fetch_page([b"<p>a</p><script>b</script>"], "first()")
    assert re.sub(rb' nonce="[^"]+"', b"", body) == b"<p>a</p><script>first()</script><script>b</script>"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1", "[", "localhost@evil.example"]
)
def test_other_hosts_are_refused(host: str) -> None:
    assert ask(RequestGuard(app), host=host)[0] == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:7860", 200),
        ("http://localhost:7860", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1:8000", 403),
        ("http://127.0.0.1:x", 403),
        ("http://[", 403),
        ("http://[::1", 403),
        ("//[x]/", 403),
    ],
)
def test_foreign_origins_are_refused(origin: str, status: int) -> None:
    assert ask(RequestGuard(app), host="127.0.0.1:7860", origin=origin)[0] == status


def test_beyond_loopback_the_origin_must_equal_the_host() -> None:
    public = RequestGuard(app, loopback_only=False, hosts=["news.example"])
    assert ask(public, host="news.example", origin="https://news.example")[0] == 200
    assert ask(public, host="news.example", origin="https://evil.example")[0] == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("news.example", 200),
        ("News.Example:8080", 200),
        ("localhost:7860", 200),
        ("192.0.2.7:7860", 200),  # an address cannot be made to lead elsewhere
        ("[2001:db8::1]:7860", 200),
        ("evil.example", 400),
        ("news.example.evil.example", 400),
        ("192.0.2.7.evil.example", 400),
        ("news.example@evil.example", 400),
        ("", 400),
    ],
)
def test_beyond_loopback_only_own_names_and_addresses_are_hosts(host: str, status: int) -> None:
    public = RequestGuard(app, loopback_only=False, hosts=["news.example"])
    assert ask(public, host=host)[0] == status


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),
        ("cross-site", "no-cors", 403),
        ("same-site", "cors", 403),
    ],
)
def test_cross_site_requests_without_an_origin_are_refused(site: str, mode: str, status: int) -> None:
    assert (
        ask(RequestGuard(app), host="127.0.0.1:7860", sec_fetch_site=site, sec_fetch_mode=mode)[0] == status
    )


def test_uploads_are_refused_if_changes_are_off() -> None:
    for path in ("/gradio_api/upload", "/upload/"):
        assert (
            ask(RequestGuard(app, uploads=False), path, host="localhost")[0] == 403
            and ask(RequestGuard(app), path, host="localhost")[0] == 200
        )
    assert ask(RequestGuard(app, uploads=False), "/gradio_api/queue/join", host="localhost")[0] == 200
