"""What every part of the benchmark measures with: rounds in turn, seconds of the processor, memory."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

METHOD = (
    "What is compared runs in turn, round by round, in one process or in processes that take turns; ratios are "
    "medians of the ratios within a round. cpu is seconds of the processor over all threads, wall those of the "
    "clock. Where the load was above the number of "
    "cores, other programs had them: the seconds of the clock then say little."
)


def timed(action: Callable[[], object]) -> dict[str, float]:
    """Return the seconds that an action takes, of the clock and of the processor (all threads)."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def alternate(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, dict[str, float]]:
    """Return the median seconds of each action, and its ratio to the first one, over rounds in turn.

    A ratio above 1 says that the action takes longer than the first.
    """
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            taken[name].append(timed(action))
    return with_ratios(taken)


def with_ratios(taken: Mapping[str, Sequence[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Return the medians of what was measured round by round, and of the ratios to the first name."""
    first = next(iter(taken.values()))
    return {
        name: {
            **{key: round(statistics.median(one[key] for one in own), 5) for key in own[0]},
            **{
                f"{clock}_ratio": round(
                    statistics.median(
                        one[clock] / max(base[clock], 1e-9) for one, base in zip(own, first, strict=True)
                    ),
                    3,
                )
                for clock in ("wall", "cpu")
                if clock in own[0]
            },
        }
        for name, own in taken.items()
    }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    return {
        "p50_ms": round(1000 * statistics.median(ordered), 2),
        "p95_ms": round(1000 * ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
    }


def memory(process: int | str = "self") -> dict[str, float]:
    """Return the megabytes that a process holds now, how many of them are no pages of files, and the most it held."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return {
        name: round(int(status[key].split()[0]) / 1024, 1)
        for name, key in (("mb", "VmRSS"), ("anonymous_mb", "RssAnon"), ("peak_mb", "VmHWM"))
    }


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep one core busy with another process during the `with` block."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def child_processes(process: int) -> list[int]:
    """Return the processes that a process started."""
    return [
        int(child)
        for thread in Path(f"/proc/{process}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]


def run_child(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run a command to its end; return its seconds, and what it printed.

    Raises:
        RuntimeError: it failed.
    """
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(environment or {})}, capture_output=True, text=True
    )
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "out": done.stdout}


def child_json(
    module: str, *arguments: str, cwd: Path, python: str = sys.executable, **environment: str
) -> Any:
    """Run a module of this package in a process of its own; return the JSON that it prints last."""
    done = run_child([python, "-m", module, *arguments], cwd, {"PYTHONPATH": str(cwd), **environment})
    return json.loads(done["out"].strip().splitlines()[-1])
