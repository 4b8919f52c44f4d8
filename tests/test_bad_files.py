"""Add a folder of many bad files: each is refused with one line or read, and the good ones are added.

A separate process adds them; its time for each file and its memory, with its parser's, are measured.
Besides the largest of each kind, 120 files; 1,000 in the slow run.
"""

import codecs
import encodings.aliases
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from test_formats import BOMB, FEED, HOSTILE, MAIL, MHTML, PAGE, word

from corpus.reading.files import FORMATS, find_files, load_bytes
from corpus.reading.raw import UnreadableFile
from embeddings.ingest import ingest
from embeddings.library import Library

GOOD = "A headline of some words\n\nThe good ferry number {n} sailed at noon with eighty cars on board.\n"
WHOLE = {
    ".html": PAGE.encode(),
    ".mhtml": MHTML.encode(),
    ".eml": MAIL.format(subject="x").encode(),
    ".rss": FEED.encode(),
    ".docx": word(),
}
Make = Callable[[np.random.Generator], tuple[str, bytes]]


def truncated_file(rng: np.random.Generator) -> tuple[str, bytes]:
    ending = str(rng.choice(sorted(WHOLE)))
    return ending, WHOLE[ending][: int(rng.integers(len(WHOLE[ending])))]


def file_with_flipped_bytes(rng: np.random.Generator) -> tuple[str, bytes]:
    ending = str(rng.choice(sorted(WHOLE)))
    data = bytearray(WHOLE[ending])
    for at in rng.integers(0, len(data), 20):
        data[at] = int(rng.integers(256))
    return ending, bytes(data)


def noise(rng: np.random.Generator) -> tuple[str, bytes]:
    return str(rng.choice(FORMATS)), rng.bytes(int(rng.integers(1, 5_000)))


def wrong_suffix(rng: np.random.Generator) -> tuple[str, bytes]:
    return str(rng.choice(FORMATS)), WHOLE[str(rng.choice(sorted(WHOLE)))]


TEXT = "A headline of some words\n\nThe good ferry sailed at noon with eighty cars on board, and it cost 4,000 crowns.\n"


def text_encodings() -> Iterator[tuple[str, bytes]]:
    """Yield the text in each of Python's encodings that can hold it."""
    for name in sorted(set(encodings.aliases.aliases.values())):
        try:
            if codecs.lookup(name)._is_text_encoding:  # type: ignore[attr-defined]
                yield name, TEXT.encode(name)
        except (LookupError, UnicodeError):  # not on this system, or not of this text
            continue


ENCODED = list(text_encodings())


def encoded_text(rng: np.random.Generator) -> tuple[str, bytes]:
    text = (
        "Überschrift hier\n\nЭто предложение стоит здесь. 漢字 stand here too, “quoted” and naïve.\n"
        + "\u202eevil\u200b\U000e0041" * 9
    )
    return ".txt", text.encode(ENCODED[int(rng.integers(len(ENCODED)))][0], "replace")


def long_run(rng: np.random.Generator) -> tuple[str, bytes]:
    return str(rng.choice([".txt", ".md", ".jsonl", ".csv"])), (
        str(rng.choice(list("a \n.<{[(*#漢1"))) * 300_000
    ).encode()


def hostile_file(rng: np.random.Generator) -> tuple[str, bytes]:
    name = str(rng.choice(sorted(set(HOSTILE) - {"bomb.pdf"})))
    return Path(name).suffix, HOSTILE[name]


MAKERS: tuple[Make, ...] = (
    truncated_file,
    file_with_flipped_bytes,
    noise,
    wrong_suffix,
    encoded_text,
    long_run,
    hostile_file,
)


def docx_of(document: bytes) -> bytes:
    """Return a Word file whose text is `document`, compressed to about a thousandth of it."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(word())) as whole,
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in whole.namelist():
            packed.writestr(name, document if name == "word/document.xml" else whole.read(name))
    return data.getvalue()


def pdf_of(contents: bytes, extra: bytes = b"") -> bytes:
    return (
        BOMB
        + b"4 0 obj<<"
        + extra
        + b"/Length %d>>stream\n" % len(contents)
        + contents
        + b"\nendstream endobj\n"
    )


def largest_files() -> Iterator[tuple[str, bytes]]:
    """Yield the largest file of each kind, with its name."""
    space = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    yield "line.txt", b"a" * 200_000_000
    yield "line within the limit.txt", b"a" * 19_000_000
    yield "sentences.txt", b"The ferry sailed at noon with eighty cars. " * 440_000
    yield "deep.html", b"<div>" * 1_000_000
    yield "deep with words.html", b"<html><body>" + b"<div><p>word " * 200_000
    yield (
        "attributes.html",
        b"<p " + b" ".join(b'a%d="1"' % n for n in range(1_000_000)) + b">The ferry sailed.</p>",
    )
    yield (
        "many.docx",
        docx_of(
            space
            + b"<w:p><w:r><w:t>words stand here </w:t></w:r></w:p>" * 4_000_000
            + b"</w:body></w:document>"
        ),
    )
    yield "blank.docx", docx_of(b" " * 500_000_000)
    stream = zlib.compress(zlib.compress(b"0" * 300_000_000, 9), 9)
    yield "stream.pdf", pdf_of(stream, b"/Filter[/FlateDecode/FlateDecode]") + b"trailer<</Root 1 0 R>>"
    form = b"5 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>/Length 11>>stream\n/X Do /X Do\nendstream endobj\n"
    recursive = BOMB.replace(b"/Contents", b"/Resources<</XObject<</X 5 0 R>>>>/Contents").replace(
        b"/Kids[3 0 R]", b"/Kids[3 0 R 2 0 R]"
    )
    yield "recursive.pdf", pdf_of(b"/X Do").replace(BOMB, recursive) + form + b"trailer<</Root 1 0 R>>"
    for name, data in ENCODED:
        yield f"in {name}.txt", data


def peak_memory(process: int) -> int:
    """Return the most bytes that a process ever had in memory; 0 if it has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def parser_processes(process: int) -> list[int]:
    """Return the children that parse files.

    A child that is only being started is left out, since it still has its parent's memory.
    """
    try:
        below = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [
            int(child)
            for child in below
            if b"corpus.reading.sandbox" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
    except OSError:
        return []


def add_folder(folder: Path, data: Path, log: Path) -> tuple[list[dict], int]:
    """Return what became of each file, and the most memory of the adding process and one parser together."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/ingest_process.py"), str(folder), str(data)],
            cwd=ROOT,
            stdout=out,
        )
    own = parser = 0
    while process.poll() is None:
        own = max(own, peak_memory(process.pid))
        parser = max([parser, *map(peak_memory, parser_processes(process.pid))])
        time.sleep(0.02)
    assert process.returncode == 0
    return [json.loads(line) for line in log.read_text().splitlines()], own + parser


@pytest.mark.threat("I7")
def test_odd_names_are_added_and_what_is_no_file_is_refused(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = [
        b"\xff\xfe.txt",
        b"a\nb\t.txt",
        "\u202e😀.txt".encode(),
        b"x" * 250 + b".txt",
        b"-n.txt",
        b"'; --.txt",
    ]
    for n, name in enumerate(names):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text(GOOD.format(n=n))
    (folder / "folder.txt").mkdir()
    os.mkfifo(folder / "pipe.txt")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "empty.txt").touch()
    (folder / "loop.txt").symlink_to(folder)
    reports = [report for file in find_files([folder]) for report in ingest(library, file)]
    assert sorted(report.status for report in reports) == ["added"] * 6 + ["refused"]
    assert {report.origin.encode().rpartition(b"/")[2] for report in reports} >= {b"\\udcff\\udcfe.txt"}
    for odd in ("pipe.txt", "/dev/zero", "folder.txt"):
        (refused,) = ingest(library, folder / odd)
        assert refused.status == "refused" and odd in refused.problem and "\n" not in refused.problem


@pytest.mark.threat("I7", n="a file that grows while it is read, until it is refused")
def test_a_growing_file_is_read_as_it_was_at_a_moment_until_it_is_too_large(tmp_path: Path) -> None:
    growing, read = tmp_path / "growing.txt", []
    growing.write_text(GOOD.format(n=0))

    def grow() -> None:
        with growing.open("ab", buffering=0) as file:
            for n in range(250):
                file.write(b"The ferry number %6d sailed again at noon.\n" % n * 2_000)

    writer = threading.Thread(target=grow)
    writer.start()
    with pytest.raises(UnreadableFile, match="larger than 20 MB"):
        while True:
            data = load_bytes(growing)
            read.append((len(data), sha256(data).digest()))
    writer.join()
    whole = growing.read_bytes()
    assert read and all(sha256(whole[:size]).digest() == digest for size, digest in read)


@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("count", [120, pytest.param(1_000, marks=pytest.mark.slow)])
@pytest.mark.threat(
    "I1",
    "I7",
    n="120 files, 1,000 with make test-slow; seed 20261120",
)
def test_adding_a_folder_of_bad_files(tmp_path: Path, count: int) -> None:
    rng = np.random.default_rng(20261120)
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(count):
        ending, data = MAKERS[n % len(MAKERS)](rng)
        (folder / f"{n:04} a\nb'\"{ending}").write_bytes(data)
        if n % 20 == 0:
            (folder / f"{n:04} good.txt").write_text(GOOD.format(n=n))
    for name, data in largest_files():
        (folder / name).write_bytes(data)
    (folder / "out.txt").symlink_to("/etc/passwd")
    entries, memory = add_folder(folder, tmp_path / "data", tmp_path / "log")
    assert 200e6 < memory < 1.12e9
    reports = [report for entry in entries for report in entry["reports"]]
    assert all(
        problem and "\n" not in problem.replace("a\nb", "")
        for status, problem, _, _ in reports
        if status == "refused"
    )
    good = [status for status, _, origin, _ in reports if "good.txt" in origin]
    assert len(good) == (count + 19) // 20 and set(good) == {"added"}
    assert not any("passwd" in origin or "root:" in body for _, _, origin, body in reports)
    assert sum(status == "refused" for status, *_ in reports) > count / 5
    utf8 = [
        report for report in reports if report[2].endswith(("in utf_8.txt", "in utf_16.txt", "in cp1252.txt"))
    ]
    assert len(utf8) == 3 and all("sailed at noon" in body for _, _, _, body in utf8)
