import multiprocessing
import os
import time
from pathlib import Path

import pytest
import torch

from embeddings import threads
from embeddings.encoder import Encoder
from rag.settings import Settings


def busy() -> None:
    while True:
        pass


def test_busy_processes_leave_fewer_cores_free() -> None:
    children = [multiprocessing.get_context("fork").Process(target=busy) for _ in range(os.cpu_count() or 1)]
    for child in children:
        child.start()
    try:
        deadline = time.monotonic() + 20
        while threads.free_cores() > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert threads.free_cores() == 1
    finally:
        for child in children:
            child.kill()
            child.join()


@pytest.mark.parametrize(
    ("running", "free"),
    [("0.00 0.00 0.00 1/99 5", 4), ("9 9 9 3/99 5", 2), ("9 9 9 40/99 5", 1), ("", 2), ("no numbers", 2)],
)
def test_the_number_follows_what_runs_now(
    running: str, free: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "loadavg"
    file.write_text(running)
    monkeypatch.setattr(threads, "_RUNNING", file)
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 4)
    assert threads.free_cores() == free


def test_a_quota_and_the_affinity_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cpu.max"
    file.write_text("100000 100000\n")
    monkeypatch.setattr(threads, "_QUOTA", file)
    assert threads.usable_cores.__wrapped__() == 1
    monkeypatch.setattr(threads, "_QUOTA", tmp_path / "none")
    assert threads.usable_cores.__wrapped__() == len(os.sched_getaffinity(0))


def test_each_batch_takes_what_is_free_unless_a_number_is_set(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.encoder.free_cores", lambda: 2)
    monkeypatch.setattr(encoder, "_threads", 0)
    encoder.encode(["a batch on two cores"])
    assert torch.get_num_threads() == 2
    monkeypatch.setattr(encoder, "_threads", 1)
    encoder.encode(["a batch on one core"])
    assert torch.get_num_threads() == 1
    assert Settings(threads=3).model_threads == 3 and Settings().model_threads >= 1
