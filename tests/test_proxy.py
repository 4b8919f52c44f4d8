"""The proxies of docs/proxy.md, checked by the programs themselves."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from serving import free_port

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
