"""A short form of each long run; make torture makes them, and docs/reliability.json has what they found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from browsing import CHROMIUM
from conftest import ROOT
from torture.faults import can_inject
from torture.machine import run_sequences

from embeddings.encoder import Encoder

pytestmark = pytest.mark.skipif(not can_inject(), reason="faults are injected on Linux, with a C compiler")


def torture(sample: Path, results: Path, name: str, count: int, **environment: str) -> dict:
    """Make a few trials of a run, and return what it recorded."""
    command = [sys.executable, "-m", "torture", name, "--n", str(count)]
    command += ["--sample", str(sample), "--results", str(results)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}", **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert results.exists(), done.stderr
    found: dict = json.loads(results.read_text())[name]
    assert done.returncode == bool(found["failed"]), done.stderr
    return found


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("kills", 15),
        ("steps", 40),
        ("openings", 40),
        ("power", 15),
        ("full", 15),
        ("downloads", 20),
        ("writers", 40),
        ("collections", 40),
        ("indexes", 24),
        ("backups", 10),
        ("crossed", 100),
        ("abandoned", 4),
        ("accidents", 9),
        ("soak", 60),
        ("requests", 90),
        ("questions", 5),
        ("reading", 33),
        ("strings", 10),
        pytest.param("page", 8, marks=pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")),
    ],
)
@pytest.mark.threat("D1", "D2", "D3", "D4", "D5", "D7", "D8", "D10", "D11", "D14")
@pytest.mark.threat("Q1", "Q3", "Q4", "Q5", "Q7", "W1", "W8", "W11", "I2", "I4")
@pytest.mark.threat("Q10", open="a day")
def test_a_short_run_finds_nothing_wrong(sample_folder: Path, tmp_path: Path, name: str, count: int) -> None:
    found = torture(sample_folder, tmp_path / "results.json", name, count)
    assert found["failed"] == 0 and found["n"] >= count, found["problems"]


def test_a_careless_store_is_caught(sample_folder: Path, tmp_path: Path) -> None:
    """A store that acknowledges too early and synchronises nothing fails the same trials."""
    assert torture(sample_folder, tmp_path / "results.json", "power", 8, TORTURE_CARELESS="1")["failed"] > 3


def test_writers_that_do_not_wait_are_caught_and_quoted(sample_folder: Path, tmp_path: Path) -> None:
    found = torture(sample_folder, tmp_path / "results.json", "writers", 60, TORTURE_CARELESS="1")
    assert "database is locked" in found["problems"][0], found["problems"]


@pytest.mark.threat("D12")
def test_changes_in_any_order_leave_what_a_dict_holds(encoder: Encoder, tmp_path: Path) -> None:
    assert len(list(run_sequences(encoder, tmp_path, seed=7, count=10, steps=25))) >= 10
