"""What other systems lack has another way, what starts Dateline elsewhere agrees with it, and no file has an odd name.

Windows is not here: a process starts with its modules hidden, and with a lock of the kind that Windows has.
"""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from conftest import ROOT, copy_collection
from serving import run_server

from corpus.store.lock import LOCK_FILE_NAME

FILES = [
    ROOT / "app.py",
    *sorted(
        file for name in ("corpus", "embeddings", "rag", "tools") for file in (ROOT / name).rglob("*.py")
    ),
]
POSIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "readline", "syslog"}
POSIX_NAMES = {
    "os": set(
        "chown fchmod fork getloadavg getpgid getuid geteuid kill killpg mkfifo nice sched_getaffinity setsid sysconf "
        "uname wait3 O_DIRECTORY O_NOFOLLOW O_NONBLOCK".split()
    ),
    "signal": set(
        "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 alarm pause pthread_kill setitimer sigwait".split()
    ),
}
# Run before anything else in each process whose path has the folder that holds it.
HIDE = """
import fcntl, os, signal, subprocess, sys, types  # Python takes a system with msvcrt for Windows
def locking(file, mode, size):
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
sys.modules["fcntl"] = sys.modules["resource"] = None
del os.sched_getaffinity, os.sysconf, os.O_NONBLOCK, signal.setitimer, signal.SIGALRM
"""
PIN = re.compile(r"^([\w.-]+)(?:\[\w+\])?==(\S+)$", re.MULTILINE)


def guarded(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes inside of `try` blocks that catch ImportError."""
    blocks = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        and any(getattr(handler.type, "id", "") == "ImportError" for handler in node.handlers)
    ]
    return {node for block in blocks for statement in block.body for node in ast.walk(statement)}


def unguarded_names(tree: ast.AST) -> set[str]:
    """Return what a function uses that other systems lack, unless it asks `hasattr` for it.

    >>> unguarded_names(ast.parse("import os\\nos.sysconf(1)"))
    {'os.sysconf'}
    >>> unguarded_names(ast.parse("import os\\nif hasattr(os, 'sysconf'): os.sysconf(1)"))
    set()
    """
    asked = {
        f"{call.args[0].id}.{call.args[1].value}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "hasattr"
        and isinstance(call.args[0], ast.Name) and isinstance(call.args[1], ast.Constant)
    }  # fmt: skip
    used = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        and node.attr in POSIX_NAMES.get(node.value.id, ())
    }  # fmt: skip
    # Asking for one of the names of a kind is enough: a system that has setitimer has SIGALRM.
    return set() if used and asked & used else used


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_other_systems_lack_has_another_way(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    safe = guarded(tree)
    for node in ast.walk(tree):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert not (POSIX_MODULES & set(names)) or node in safe, f"line {node.lineno}"  # type: ignore[attr-defined]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not set().union(*map(unguarded_names, functions))


def test_files_have_names_that_every_system_allows() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(tracked) > 400 and not [name for name in tracked if re.search(r'[:*?"<>|\\]|[ .]$', name)]
    assert len({name.lower() for name in tracked}) == len(tracked)  # macOS and Windows tell no capitals apart


@pytest.fixture
def hidden(tmp_path: Path) -> dict[str, str]:
    """An environment in which the modules of POSIX are hidden from each process."""
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide/sitecustomize.py").write_text(HIDE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    return kept | {
        "PYTHONPATH": str(tmp_path / "hide"), "DATELINE_DATA": str(tmp_path / "data"), "DATELINE_THREADS": "1",
        "DATELINE_MODEL": "none",
    }  # fmt: skip


def run(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "rag", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_files_are_added_and_asked_about_without_the_modules_of_posix(
    hidden: dict[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "otters.html"
    page.write_text(
        "<html><body><article><h1>Otters</h1><p>Seventeen otters were counted in Corrin.</p></article></body></html>"
    )
    added = run(hidden, "add", str(page))
    assert added.returncode == 0, added.stderr
    asked = run(hidden, "ask", "How many otters were counted in Corrin?")
    assert "Seventeen" in asked.stdout, asked.stderr
    lines = run(hidden, "doctor", "--json").stdout.splitlines()
    found = {finding["about"]: finding for finding in map(json.loads, lines)}
    assert found["memory"]["state"] == "ok"
    assert found["parser"]["state"] == "warning" and "does not limit writing files" in found["parser"]["what"]


def test_one_process_writes_with_the_lock_of_windows_too(hidden: dict[str, str], tmp_path: Path) -> None:
    code = "from pathlib import Path; from corpus.store.lock import *; folder = Path({!r})\n"
    code = code.format(str(tmp_path / "data"))
    hold = f"{code}with write_lock(folder): print('held', flush=True); input()"
    command = [sys.executable, "-c", hold]
    with subprocess.Popen(command, cwd=ROOT, env=hidden, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        second = f"{code}print(lock_holder(folder))\nwith write_lock(folder): pass"
        refused = subprocess.run(
            [sys.executable, "-c", second], cwd=ROOT, env=hidden, capture_output=True, text=True
        )
        assert refused.stdout.startswith(f"process {holder.pid} since") and refused.returncode == 1
        assert "is being written by process" in refused.stderr and "wait until it is done" in refused.stderr
        holder.kill()
    free = f"{code}print(lock_holder(folder))\nwith write_lock(folder): print('mine')"
    freed = subprocess.run([sys.executable, "-c", free], cwd=ROOT, env=hidden, capture_output=True, text=True)
    assert freed.stdout == "None\nmine\n", freed.stderr
    assert (
        tmp_path / "data" / LOCK_FILE_NAME
    ).stat().st_size < 1000  # a byte far behind the text is locked, not written


def front_matter() -> dict[str, Any]:
    _, text, _ = (ROOT / "README.md").read_text().split("---\n", 2)
    return dict(yaml.safe_load(text))


def test_the_space_runs_what_is_tested() -> None:
    space, pinned = front_matter(), dict(PIN.findall((ROOT / "requirements.txt").read_text()))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (space["sdk"], space["sdk_version"]) == ("gradio", pinned["gradio"])
    assert space["app_file"] == "app.py" and (ROOT / "app.py").is_file()
    assert space["license"] == project["license"].lower() and len(space["short_description"]) <= 60
    assert project["requires-python"] == f">={space['python_version']}"


def test_a_space_shows_the_collection_and_lets_nobody_change_it(sample_folder: Path, tmp_path: Path) -> None:
    folder = copy_collection(sample_folder, tmp_path / "data")
    space = {"SPACE_ID": "ada/dateline", "SPACE_HOST": "ada-dateline.hf.space"}
    with run_server(folder, tmp_path / "log", DATELINE_MODEL="none", **space) as (address, _):
        names = {"host": space["SPACE_HOST"], "origin": f"https://{space['SPACE_HOST']}"}
        page = httpx.get(address, headers=names)
        assert page.status_code == 200 and "x-frame-options" not in page.headers
        assert "frame-ancestors https://huggingface.co" in page.headers["content-security-policy"]
        assert httpx.get(address, headers={"host": "evil.example"}).status_code == 400
        upload = httpx.post(f"{address}/gradio_api/upload", headers=names, files={"files": b"x"})
        assert upload.status_code == 403
        event = httpx.post(
            f"{address}/gradio_api/call/add", headers=names, json={"data": ["A text.", "", "", "", "", None]}
        ).json()
        reply = httpx.get(f"{address}/gradio_api/call/add/{event['event_id']}", headers=names).text
        assert "event: error" in reply and "changes_off" in reply


def test_the_public_ci_runs_on_three_systems_what_is_here() -> None:
    text = (ROOT / ".github/workflows/test.yml").read_text()
    jobs = yaml.safe_load(text)["jobs"]
    matrix = jobs["elsewhere"]["strategy"]["matrix"]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert front_matter()["python_version"] in matrix["python"]
    for path in re.findall(r"\b(?:tools|\.github|rag)/[\w./]+", text):
        assert (ROOT / path).exists(), path
    steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {word for step in steps for word in re.findall(r"^make (\w+)", step)} <= {*targets}
    wanted = re.search(r"'\^\(([\w|-]+)\)==' requirements-dev", text)
    assert wanted and set(wanted[1].split("|")) <= set(
        dict(PIN.findall((ROOT / "requirements-dev.txt").read_text()))
    )
