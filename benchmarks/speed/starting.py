"""How long commands and the server take to start, beside importing the libraries alone."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.speed.measuring import child_processes, run_child, with_ratios
from rag.settings import ROOT

_PYTHON = (sys.executable, "-c")
COMMANDS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "python alone": ((*_PYTHON, "pass"), {}),
    "dateline --help": ((sys.executable, "-m", "rag", "--help"), {}),
    "dateline list": ((sys.executable, "-m", "rag", "list"), {}),
    "completion": (
        (*_PYTHON, "import sys; sys.argv[0] = 'dateline'; from rag.cli.main import main; main()"),
        {"_DATELINE_COMPLETE": "bash_complete", "COMP_WORDS": "dateline l", "COMP_CWORD": "1"},
    ),
}


def measure(data: Path, rounds: int = 5) -> dict[str, Any]:
    """Run each command in turn."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, (command, environment) in COMMANDS.items():
            done = run_child(command, ROOT, {"DATELINE_DATA": str(data), **environment})
            taken[name].append({"wall": done["wall"], "cpu": done["cpu"]})
    return {"rounds": rounds, "rows": with_ratios(taken)}


def measure_serving(data: Path, rounds: int = 3) -> dict[str, Any]:
    """Start the server until the page answers, in turn with importing what it is built on."""
    bare = (*_PYTHON, "import gradio, torch, llama_cpp, sentence_transformers")
    taken: dict[str, list[dict[str, float]]] = {"imports alone": [], "dateline serve": []}
    for n in range(rounds):
        done = run_child(bare, ROOT)
        taken["imports alone"].append({"wall": done["wall"], "cpu": done["cpu"]})
        taken["dateline serve"].append(_serve(data, 7900 + n))
    return {"rounds": rounds, "rows": with_ratios(taken)}


@contextmanager
def served(data: Path, port: int, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Start the server over a collection; yield its process when it is ready, and end it afterwards."""
    command = [sys.executable, "app.py", "--port", str(port)]
    environment = {**os.environ, "DATELINE_DATA": str(data), **environment}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            next(line for line in process.stdout if "ready at" in line)
            yield process
        finally:
            process.terminate()
            process.wait(60)


def _serve(data: Path, port: int) -> dict[str, float]:
    """Return the seconds from the start of the server to its first page."""
    began = time.perf_counter()
    with served(data, port) as process:
        with urlopen(f"http://127.0.0.1:{port}/") as page:
            page.read()
        return {"wall": time.perf_counter() - began, "cpu": cpu_seconds(process.pid)}


def cpu_seconds(pid: int) -> float:
    """Return the seconds that a process and its children took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(
        map(cpu_seconds, child_processes(pid))
    )
