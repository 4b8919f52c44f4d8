"""Run long trials and record them in docs/reliability.json: make torture (PYTHONPATH=tests python -m torture)."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

import numpy as np

from corpus.store.schema import FILE_NAME
from torture.faults import build, can_inject
from torture.trials import Trial

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "docs/reliability.json"
_PRELOADED = "TORTURE_FAULTS"  # holds the library that this process was started with


@dataclass(frozen=True, slots=True)
class Run:
    """A kind of trials: the rows it covers, what one trial is, how many a release tries, and the function."""

    rows: tuple[str, ...]
    what: str
    count: int
    function: str


RUNS = {
    "kills": Run(("D1",), "kills at random moments", 1_500, "kills.random_kills"),
    "steps": Run(("D2",), "kills at each system call of each kind of change", 5_000, "kills.step_kills"),
    "openings": Run(
        ("D3",), "kills at each system call of creating, migrating and recovering", 5_000, "kills.opening_kills"
    ),
    "power": Run(("D4",), "modelled power cuts", 500, "kills.power_cuts"),
    "full": Run(("D5",), "disks that fill up at some system call", 500, "kills.full_disks"),
    "downloads": Run(("D2", "D5"), "kills and full disks while a reader is fetched", 300, "kills.download_kills"),
    "writers": Run(("D7",), "articles added by four processes at once", 1_000, "together.writers"),
    "readers": Run(("D8",), "searches during 500 changes by another process", 2_000, "together.readers"),
    "questions": Run(("D8",), "whole questions while another process makes changes", 200, "together.questions"),
    "collections": Run(("D10",), "damaged databases and WALs", 3_000, "damages.collections"),
    "indexes": Run(
        ("D2", "D11"), "kills, full disks and damage of the file of an index", 300, "indexes.index_files"
    ),
    "shipped": Run(("D10", "G1"), "damaged adapters, weights and readers", 400, "damages.shipped_files"),
    "sequences": Run(("D12",), "sequences of up to 40 changes, restarts and searches", 300, "machine.sequences"),
    "backups": Run(("D14",), "copies made during changes", 200, "together.backups"),
    "crossed": Run(("Q1", "Q5"), "questions of 50 clients to one small worker", 1_000, "clients.crossed_answers"),
    "abandoned": Run(("Q3",), "questions that nobody waited for", 200, "clients.abandoned"),
    "accidents": Run(("Q4",), "accidents of a small worker's process", 200, "clients.accidents"),
    "soak": Run(("Q10",), "questions in a row, a third of them cancelled", 10_000, "clients.soak"),
    "reading": Run(("I1", "I2"), "mutated files of eleven formats", 5_000, "reading.hostile_files"),
    "strings": Run(("I4",), "naughty strings, each in an article's fields, its file's name and a question", 503, "strings.naughty_strings"),
    "requests": Run(("Q7", "W8", "W11"), "malformed requests to every endpoint", 5_000, "fuzzing.malformed_requests"),
    "page": Run(("W1", "S3", "P4"), "hostile texts, each in a place of the page, without its policy", 200, "page.hostile_texts"),
}  # fmt: skip


def trials(name: str, count: int, seed: list[int], folder: Path, sample: Path) -> Iterator[Trial]:
    """Yield the trials of a run; the process must have been started with the library of faults."""
    from torture.kills import Lab

    module, _, function = RUNS[name].function.rpartition(".")
    make: Callable[..., Iterator[Trial]] = getattr(import_module(f"torture.{module}"), function)
    careless = bool(os.environ.get("TORTURE_CARELESS"))
    lab = Lab(folder, sample, os.environ[_PRELOADED], careless)
    yield from make(lab, np.random.default_rng(seed), count)


def run(name: str, count: int, seed: int, first: int, sample: Path) -> dict[str, object]:
    """Make trials, print how far they are, and return what is recorded."""
    began, used, printed = time.monotonic(), sum(os.times()[:4]), 0.0
    steps: Counter[str] = Counter()
    problems: list[str] = []
    slowest, slowest_step = 0.0, ""
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        for trial in trials(name, count, [seed, first], Path(folder), sample):
            steps[trial.step] += 1
            if trial.seconds > slowest:
                slowest, slowest_step = trial.seconds, trial.step
            if trial.problem:
                problems.append(f"{trial.step}: {trial.problem}")
                sys.stderr.write(f"\n{name} {steps.total()}: {problems[-1]}\n")
            if time.monotonic() - printed > 1:
                printed = time.monotonic()
                sys.stderr.write(f"\r{name}: {steps.total():,} of {count:,}, {len(problems)} problems ")
                sys.stderr.flush()
        if problems and os.environ.get("TORTURE_KEEP"):
            shutil.copytree(folder, os.environ["TORTURE_KEEP"], dirs_exist_ok=True)
    sys.stderr.write(
        f"\r{name}: {steps.total():,} trials, {len(problems)} problems, {time.monotonic() - began:.0f} s\n"
    )
    return {
        "n": steps.total(),
        "problems": problems[:20],
        "failed": len(problems),
        "seed": seed,
        "steps": dict(sorted(steps.items())),
        "slowest": round(slowest, 2),
        "slowest step": slowest_step,
        "seconds": round(sum(os.times()[:4]) - used, 1),
    }


def _fast_folder() -> str | None:
    """Return where files are kept in memory: a killed process loses nothing that the system has been given."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def record(name: str, found: dict[str, object], file: Path) -> None:
    """Add a run's figures to the file, those of earlier runs with the same seed included."""
    results = json.loads(file.read_text()) if file.exists() else {}
    before = results.get(name, {})
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if before.get("seed") == found["seed"]:
        steps = Counter(before["steps"]) + Counter(found["steps"])  # type: ignore[call-overload]
        slower = max(before, found, key=lambda made: made["slowest"])
        found = {
            **found,
            **{key: before[key] + found[key] for key in ("n", "failed", "problems")},
            "steps": dict(sorted(steps.items())),
            **{key: slower.get(key, "") for key in ("slowest", "slowest step")},
            "seconds": round(before["seconds"] + found["seconds"], 1),
        }
    what = {"rows": RUNS[name].rows, "what": RUNS[name].what}
    results[name] = {**what, **found, "date": str(date.today()), "commit": commit.stdout.strip()}
    file.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")


def _sample(folder: Path) -> Path:
    """Return the sample collection, which the real encoder makes once."""
    if not (folder / FILE_NAME).exists():
        code = "from pathlib import Path; from conftest import _index_sample; from embeddings.encoder import Encoder; "
        code += f"_index_sample(Path({str(folder)!r}), Encoder(threads=1))"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="RUN", help=f"by default all: {', '.join(RUNS)}")
    parser.add_argument("--n", type=int, help="trials of each run; by default as many as a release tries")
    parser.add_argument(
        "--seed", type=int, default=20261121, help="with the seed recorded, a run is continued"
    )
    parser.add_argument("--sample", type=Path, help="folder of the sample collection, kept for the next time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are recorded")
    options = parser.parse_args()
    unknown = set(options.names) - set(RUNS)
    if unknown or not can_inject():
        parser.error(f"{', '.join(unknown)} is no run" if unknown else "a C compiler on Linux is needed")
    with tempfile.TemporaryDirectory() as folder:
        sample = _sample(options.sample or Path(folder) / "sample")
        failed = 0
        for name in options.names or RUNS:
            before = json.loads(options.results.read_text()).get(name, {}) if options.results.exists() else {}
            first = before["n"] if before.get("seed") == options.seed else 0
            found = run(name, options.n or RUNS[name].count, options.seed, first, sample)
            record(name, found, options.results)
            failed += bool(found["failed"])
    return 1 if failed else 0


def _start_again() -> None:
    """Start this process anew with the library of faults, and with few threads."""
    folder = Path(tempfile.mkdtemp())
    library = str(build(folder))
    paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    silent = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": paths}
    environment = {**os.environ, **silent, "LD_PRELOAD": library, _PRELOADED: library}
    os.execve(sys.executable, [sys.executable, "-m", "torture", *sys.argv[1:]], environment)


if __name__ == "__main__":
    if can_inject() and _PRELOADED not in os.environ:
        _start_again()
    sys.exit(main())
