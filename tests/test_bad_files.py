"""Many bad files in one folder: each is refused or read with a line, none crashes or hangs, and the good ones among them are added.

120 files by default; DATELINE_TEST_FILES=1000 for the long run.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_formats import FEED, HOSTILE, MAIL, MHTML, PAGE, word

from corpus.readers import FORMATS, find
from corpus.report import Report
from embeddings.intake import take_in
from embeddings.library import Library

COUNT = int(os.environ.get("DATELINE_TEST_FILES", "120"))
GOOD = "A headline of some words\n\nThe good ferry number {n} sailed at noon with eighty cars on board.\n"
WHOLE = {
    ".html": PAGE.encode(),
    ".mhtml": MHTML.encode(),
    ".eml": MAIL.format(subject="x").encode(),
    ".rss": FEED.encode(),
    ".docx": word(),
}
Make = Callable[[np.random.Generator], tuple[str, bytes]]


def truncated(rng: np.random.Generator) -> tuple[str, bytes]:
    ending = str(rng.choice(sorted(WHOLE)))
    return ending, WHOLE[ending][: int(rng.integers(len(WHOLE[ending])))]


def flipped(rng: np.random.Generator) -> tuple[str, bytes]:
    ending = str(rng.choice(sorted(WHOLE)))
    data = bytearray(WHOLE[ending])
    for at in rng.integers(0, len(data), 20):
        data[at] = int(rng.integers(256))
    return ending, bytes(data)


def noise(rng: np.random.Generator) -> tuple[str, bytes]:
    return str(rng.choice(FORMATS)), rng.bytes(int(rng.integers(1, 5_000)))


def wrong_ending(rng: np.random.Generator) -> tuple[str, bytes]:
    return str(rng.choice(FORMATS)), WHOLE[str(rng.choice(sorted(WHOLE)))]


def encoded(rng: np.random.Generator) -> tuple[str, bytes]:
    text = "Überschrift hier\n\nЭто предложение стоит здесь. 漢字 stand here too, “quoted” and naïve.\n" + "\u202eevil\u200b\U000e0041" * 9
    return ".txt", text.encode(
        str(rng.choice(["utf-8", "utf-16", "utf-32", "cp1252", "latin-1", "shift_jis", "koi8-r", "utf-7"])), "replace"
    )


def run(rng: np.random.Generator) -> tuple[str, bytes]:
    return str(rng.choice([".txt", ".md", ".jsonl", ".csv"])), (str(rng.choice(list("a \n.<{[(*#漢1"))) * 300_000).encode()


def hostile(rng: np.random.Generator) -> tuple[str, bytes]:
    name = str(rng.choice(sorted(set(HOSTILE) - {"bomb.pdf"})))
    return Path(name).suffix, HOSTILE[name]


MAKERS: tuple[Make, ...] = (truncated, flipped, noise, wrong_ending, encoded, run, hostile)


@pytest.mark.timeout(3_000)
def test_a_folder_of_bad_files(library: Library, tmp_path: Path) -> None:
    rng = np.random.default_rng(20261120)
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(COUNT):
        ending, data = MAKERS[n % len(MAKERS)](rng)
        (folder / f"{n:04} a\nb'\"{ending}").write_bytes(data)
        if n % 20 == 0:
            (folder / f"{n:04} good.txt").write_text(GOOD.format(n=n))
    (folder / "line.txt").write_bytes(b"a" * 21_000_000)
    (folder / "out.txt").symlink_to("/etc/passwd")
    reports: list[Report] = []
    slowest = 0.0
    for file in find([folder]):
        began = time.monotonic()
        reports += take_in(library, file)
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 60  # ten seconds for the parser, and some for a loaded machine
    assert all(report.problem and "\n" not in report.problem.replace("a\nb", "") for report in reports if report.status == "refused")
    good = [report for report in reports if "good.txt" in report.origin]
    assert good and all(report.status == "added" for report in good)
    assert not any("passwd" in report.origin or "root:" in (report.article.body if report.article else "") for report in reports)
    assert sum(report.status == "refused" for report in reports) > COUNT / 5
