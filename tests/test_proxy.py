"""The proxies of docs/proxy.md: their own checks of the files, and a real server behind nginx."""

import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from conftest import ROOT
from serving import free_port, run_server, wait_until

from rag.serving.authentication import set_login

DOCS = ROOT / "docs"
needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
needs_caddy = pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed")


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def configure(folder: Path, server: int = 7860, port: int = 8443) -> Path:
    """Write docs/nginx.conf with other ports and a certificate made here, as part of a whole configuration."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=news.example"),
        *("-keyout", str(key), "-out", str(certificate), "-addext", "subjectAltName=DNS:news.example,IP:127.0.0.1"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    text = (DOCS / "nginx.conf").read_text()
    for old, new in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "/etc/ssl/certs/news.example.pem": str(certificate),
        "/etc/ssl/private/news.example.key": str(key),
        "127.0.0.1:7860": f"127.0.0.1:{server}",
    }.items():
        assert old in text
        text = text.replace(old, new)
    places = "".join(
        f"{name}_temp_path {folder / name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'};\n"
        f"events {{}}\nhttp {{ access_log off;\n{places}{text}}}\n"
    )
    return file


@needs_nginx
def test_nginx_accepts_its_example(tmp_path: Path) -> None:
    checked = run("nginx", "-t", "-p", str(tmp_path), "-c", str(configure(tmp_path)))
    assert checked.returncode == 0 and "test is successful" in checked.stderr, checked.stderr


@needs_caddy
def test_caddy_accepts_its_example(tmp_path: Path) -> None:
    file = DOCS / "Caddyfile"
    checked = run("caddy", "validate", "--config", str(file), "--adapter", "caddyfile")
    assert checked.returncode == 0 and "Valid configuration" in checked.stdout + checked.stderr
    routes = run("caddy", "adapt", "--config", str(file)).stdout
    assert '"127.0.0.1:7860"' in routes and '"news.example"' in routes
    assert json.loads(routes)["apps"]["http"]["servers"]["srv0"]["listen"] == [":443"]


@pytest.fixture(scope="module")
def proxied(
    sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, str]]:
    """A client of nginx over TLS, before a real server with one login and no articles; and the server's own address."""
    folder = tmp_path_factory.mktemp("proxy")
    logins, port = folder / "logins", free_port()
    set_login(logins, "ada", "kestrel bay ferry")
    settings = {"DATELINE_LOGINS": str(logins), "DATELINE_HOSTS": "news.example", "DATELINE_MODEL": "none"}
    with (
        run_server(folder / "data", folder / "log", **settings) as (address, _),
        run_nginx(folder, int(address.rpartition(":")[2]), port),
        httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            verify=ssl.create_default_context(cafile=folder / "certificate.pem"),
            headers={"host": "news.example", "origin": "https://news.example"},
            timeout=60,
        ) as client,
    ):
        yield client, address


@contextmanager
def run_nginx(folder: Path, server: int, port: int) -> Iterator[None]:
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(configure(folder, server, port))])
    try:
        wait_until(lambda: process.poll() is not None or (folder / "pid").exists())
        assert process.poll() is None, (folder / "error.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(60)


@needs_nginx
def test_people_log_in_and_ask_through_nginx(proxied: tuple[httpx.Client, str]) -> None:
    client, _ = proxied
    page = client.get("/")
    assert page.status_code == 200 and "max-age" in page.headers["strict-transport-security"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert (
        client.post("/gradio_api/call/ask", json={"data": ["What does HS2 cost?", None, None]}).status_code
        == 401
    )
    reply = client.post("/login", data={"username": "ada", "password": "kestrel bay ferry"})
    assert reply.status_code == 200 and "secure" in reply.headers["set-cookie"].lower()
    event = client.post("/gradio_api/call/ask", json={"data": ["What does HS2 cost?", None, None]}).json()[
        "event_id"
    ]
    answer = client.get(f"/gradio_api/call/ask/{event}").text
    assert "event: complete" in answer and "collection_empty" in answer
    client.cookies.clear()


@needs_nginx
@pytest.mark.threat("W5", n="through nginx")
def test_what_is_refused_without_a_proxy_is_refused_behind_one(proxied: tuple[httpx.Client, str]) -> None:
    client, address = proxied
    login = {"username": "ada", "password": "kestrel bay ferry"}
    assert client.post("/login", data=login, headers={"origin": "https://evil.example"}).status_code == 403
    assert httpx.get(address, headers={"host": "evil.example"}).status_code == 400
    assert client.post("/login", data=login).status_code == 200
    files = {"files": ("a.txt", b"The ferry sails.")}
    assert client.post("/gradio_api/upload", files=files).status_code == 403  # others reach it: read-only
    client.cookies.clear()


@needs_nginx
def test_a_client_cannot_choose_its_network_behind_nginx(proxied: tuple[httpx.Client, str]) -> None:
    """Attempts that claim to come from many networks are delayed as those of one."""
    client, _ = proxied

    def guess(n: int) -> int:
        wrong, sender = {"username": "ada", "password": f"guess number {n}"}, f"203.0.113.{n}"
        return client.post("/login", data=wrong, headers={"x-forwarded-for": sender}).status_code

    began = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(guess, range(6))) == {400}
    assert (
        time.monotonic() - began >= 5
    )  # five in turn, the sixth refused; six networks would wait side by side
