"""Ctrl-C and SIGTERM, sent to real processes: what was finished is kept, and nothing else is left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, copy_collection
from serving import cpu_seconds, wait_until
from test_cli import run

from corpus.signals import GracefulStop
from corpus.store.database import Store
from corpus.store.integrity import check_integrity
from corpus.store.lock import write_lock
from corpus.store.schema import FILE_NAME

# A page that the parser would read for longer than the ten seconds that it has.
SLOW = "<html><body><article>" + "".join(
    f"<p>{'<b>' * 50}The ferry number {n} sailed.{'</b>' * 50}</p>" for n in range(9_000)
)


_started: "list[subprocess.Popen[str]]" = []


@pytest.fixture(autouse=True)
def _end_what_a_failed_test_leaves() -> Iterator[None]:
    yield
    while _started:
        with _started.pop() as process:
            process.kill()


def start(data: Path, *words: str) -> "subprocess.Popen[str]":
    # As a shell without job control starts what runs in the background: with Ctrl-C ignored.
    process = subprocess.Popen(
        [sys.executable, "-m", "corpus", *words],
        cwd=ROOT,
        env={**os.environ, "DATELINE_DATA": str(data), "DATELINE_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    _started.append(process)
    return process


def children(process: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def stop(process: "subprocess.Popen[str]", with_signal: int) -> tuple[str, str]:
    """Send the signal; return the standard output and error. Work that was left undone shows a prompt stop."""
    child_processes = children(process.pid)
    process.send_signal(with_signal)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in errors + out and "Exception" not in errors, (
        process.returncode,
        errors,
    )
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in child_processes))
    return out, errors


def article_count(data: Path) -> int:
    """Return how many articles a stopped process left; assert that the collection is whole and writable."""
    if not (data / FILE_NAME).exists():
        return 0
    with write_lock(data):
        store = Store(data)
    count = store.coverage().articles
    assert list(check_integrity(store)) == []
    store.close()
    return count


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.3, 1.0, 2.5, 4.0])
def test_a_stop_before_anything_is_added(tmp_path: Path, after: float, ending: int) -> None:
    """While libraries are imported and the encoder is loaded; on a fast machine the first articles are there already."""
    process = start(tmp_path, "add", "corpus/articles")
    time.sleep(after)
    _, errors = stop(process, ending)
    assert len(errors.strip().splitlines()) == 1 and "topped" in errors and article_count(tmp_path) <= 48


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_articles_are_added_keeps_and_reports_what_is_finished(
    tmp_path: Path, ending: int
) -> None:
    files = [str(file) for file in sorted((ROOT / "corpus/articles").glob("*.md"))[:16]]
    process = start(tmp_path, "add", *files, "--json")
    wait_until(lambda: (tmp_path / FILE_NAME).exists())
    reader = Store(tmp_path)
    wait_until(lambda: reader.coverage().articles >= 3)
    out, errors = stop(process, ending)
    reader.close()
    found = re.fullmatch(
        r"stopped: (\d+) of 16 files added; run the same command again for the rest\n", errors
    )
    assert found and 3 <= int(found[1]) < 16
    assert int(found[1]) == len(out.splitlines()) == article_count(tmp_path)
    rest = run("-m", "corpus", "add", *files, data=tmp_path)
    assert rest.returncode == 0 and f"{found[1]} unchanged" in rest.stdout and article_count(tmp_path) == 16


def test_a_stop_while_a_file_is_parsed_ends_its_parser_too(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("A headline here\n\nThe ferry sailed at noon.\n")
    (folder / "b.html").write_text(SLOW)
    process = start(tmp_path / "data", "add", str(folder))
    wait_until(lambda: children(process.pid))
    (child,) = children(process.pid)
    wait_until(lambda: cpu_seconds(child) > 1.5)  # it has eight seconds for the file
    out, errors = stop(process, signal.SIGINT)
    assert (
        "1 added" in out
        and errors == "stopped: 1 of 2 files added; run the same command again for the rest\n"
    )
    assert article_count(tmp_path / "data") == 1


def test_a_stopped_rebuild_says_what_opens_the_collection_again(tmp_path: Path, sample_folder: Path) -> None:
    copy_collection(sample_folder, tmp_path)
    process = start(tmp_path, "rebuild")
    reader = Store(tmp_path)
    wait_until(lambda: reader.get_property("encoder") == "rebuilding")
    reader.close()
    _, errors = stop(process, signal.SIGTERM)
    assert re.fullmatch(r"stopped: \d+ of 48 articles encoded again; .*dateline rebuild\n", errors), errors
    assert article_count(tmp_path) == 48
    assert run("-m", "corpus", "rebuild", data=tmp_path).returncode == 0
    assert (
        run("-m", "rag", "ask", "What does HS2 cost?", data=tmp_path, DATELINE_MODEL="none").returncode == 0
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_during_an_import_waits_for_its_end(tmp_path: Path, number: int) -> None:
    """An exception while a C++ extension is initialised would end the process with SIGABRT."""
    (tmp_path / "half.py").write_text(
        f"import os, sys, time; os.kill(os.getpid(), {number}); time.sleep(0.2); print('whole')"
    )
    code = (
        f"import sys, time; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from corpus.signals import Interrupted, raise_on_stop_signals\nraise_on_stop_signals()\n"
        "try:\n    import half\n    time.sleep(60)\nexcept Interrupted:\n    print('interrupted')"
    )
    assert run("-c", code).stdout.split() == ["whole", "interrupted"]


def test_a_second_signal_interrupts_the_work_in_progress() -> None:
    before = signal.getsignal(signal.SIGINT)
    with GracefulStop(lambda: True) as graceful:
        signal.raise_signal(signal.SIGINT)
        assert graceful.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    with GracefulStop(lambda: False), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
