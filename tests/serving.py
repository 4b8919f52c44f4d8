"""Helpers for tests that run `python app.py` as a real server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).parent.parent


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition; fail after `seconds`, which are for a hang alone."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def cpu_seconds(process: int) -> float:
    """Return the processor time that a running process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def model_processes(server: "subprocess.Popen[bytes]") -> list[int]:
    command = ["pgrep", "-f", "-P", str(server.pid), "rag.generation.worker"]
    return [int(n) for n in subprocess.run(command, capture_output=True, text=True).stdout.split()]


@contextmanager
def run_server(
    data: Path,
    log: Path,
    port: int | None = None,
    options: tuple[str, ...] = (),
    program: str = "app.py",
    **settings: str,
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run `python app.py` (or another `program`) over a data folder; yield its address and its process, and end it afterwards."""
    port = port or free_port()
    environment = {**os.environ, "DATELINE_DATA": str(data), "DATELINE_THREADS": "1", **settings}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, program, "--port", str(port), *options],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(60)  # a loaded machine takes its time


def wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no answer from {address}: {log.read_text()}")
