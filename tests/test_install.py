"""The installer: wheels from an index that has them, and no delay where there is none."""

import http.server
import os
import socket
import subprocess
import sys
import threading
import venv
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools import install

WHEEL = "lighthouse_lamp-1.2-py3-none-any.whl"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh virtual environment."""
    environment = tmp_path_factory.mktemp("install") / "env"
    venv.create(environment, with_pip=True)
    return install.python_of(environment)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """A package index, served over HTTP, that has one wheel."""
    folder = tmp_path / "simple/lighthouse-lamp"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        info = "lighthouse_lamp-1.2.dist-info"
        wheel.writestr("lighthouse_lamp.py", "LIT = True\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: lighthouse-lamp\nVersion: 1.2\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a>')
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def test_a_finished_wheel_is_installed_from_an_index_that_has_it(python: Path, index: str) -> None:
    assert not install.installed(python, "lighthouse-lamp==1.2")
    assert install.install_wheel(python, "lighthouse-lamp==1.2", index)
    assert install.installed(python, "lighthouse-lamp==1.2")
    assert not install.installed(python, "lighthouse-lamp==1.3")
    assert not install.install_wheel(python, "lighthouse-lamp==1.3", index)


def test_an_index_that_never_answers_is_given_up(python: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts in its queue, and says nothing
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        assert not install.install_wheel(python, "lighthouse-keeper==1.2", index)


def test_what_pip_said_is_shown_when_it_fails(python: Path, tmp_path: Path) -> None:
    with pytest.raises(install.InstallError, match=r"(?s)could not install the lamp:\n.*nowhere"):
        install.run_pip(python, "the lamp", ["--editable", str(tmp_path / "nowhere")])


def test_the_versions_are_those_of_the_requirements(tmp_path: Path) -> None:
    assert install.pinned("torch", ROOT / "requirements.txt").startswith("torch==")
    assert install.pinned("llama-cpp-python", ROOT / "requirements.txt").startswith("llama-cpp-python==")
    empty = tmp_path / "requirements.txt"
    empty.write_text("faiss-cpu==1\n")
    with pytest.raises(install.InstallError, match=r"requirements.txt pins no version of torch"):
        install.pinned("torch", empty)


def test_it_starts_with_pythons_own_library_alone() -> None:
    command = [sys.executable, "-S", str(ROOT / "tools/install.py"), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert shown.returncode == 0, shown.stderr
    assert "virtual environment" in shown.stdout
