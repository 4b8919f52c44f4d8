"""Public sets are fetched from a real HTTP server, converted, compared with what was measured on, and read."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, needs_shared

from benchmarks.fetch.__main__ import FetchError, fetch
from benchmarks.fetch.sources import COPY, MULTIHOP_ARTICLES, MULTIHOP_QUESTIONS, SETS, PublicFile
from benchmarks.public_sets import DATA, SetMissing, read_lines

FACT = {
    "fact": "The dam held.",
    "title": "Dam 7",
    "source": "Gull",
    "author": "A",
    "category": "c",
    "url": "u",
    "published_at": "2023-10-01T00:00:00+00:00",
}
PUBLISHED: dict[str, Any] = {
    "corpus.json": [
        {
            "title": f"Dam {n}",
            "body": f"Body {n}.",
            "source": "Gull",
            "published_at": "2023-10-01",
            "author": "A",
            "category": "c",
            "url": f"u{n}",
        }
        for n in range(609)
    ],
    "MultiHopRAG.json": [
        {
            "query": f"Did dam {n} hold?",
            "answer": "Yes",
            "question_type": "inference_query",
            "evidence_list": [FACT],
        }
        for n in range(2556)
    ],
    "new_wiki_v1.0.json": {
        "data": [
            {
                "title": "Alder_Bay",
                "paragraphs": [
                    {
                        "context": "It – held.",
                        "qas": [
                            {
                                "question": "Did it?",
                                "id": "q1",
                                "answers": [{"text": "held", "answer_start": 5}],
                            }
                        ],
                    }
                ],
            }
        ]
    },
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *given: object) -> None: ...


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server's address and the folder that it serves, with made-up files under the sets' real addresses."""
    served = tmp_path / "served"
    for file in (file for found in SETS.values() for file in found.files):
        path = served / file.url.removeprefix("https://")
        path.parent.mkdir(parents=True, exist_ok=True)
        content = PUBLISHED.get(path.name, PUBLISHED["new_wiki_v1.0.json"] if file.form == "squad" else None)
        lines = [{"claim": f"Claim {n}"} for n in range(40)]
        path.write_text(
            json.dumps(content) if content else "\n".join(map(json.dumps, lines)), encoding="utf-8"
        )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", served
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.fetch", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_all_sets_are_fetched_converted_and_read(mirror: tuple[str, Path], tmp_path: Path) -> None:
    address, _ = mirror
    out = tmp_path / "data"
    done = run("--mirror", address, "--to", out)
    assert done.returncode == 0, done.stderr
    assert f"32 of 32 files fetched to {out}" in done.stdout
    # made-up files are not what was measured on, and the command says so
    assert "multihop_rag/corpus.jsonl.gz is not what the committed figures were measured on" in done.stdout
    articles = list(read_lines(out / "multihop_rag/corpus.jsonl.gz"))
    assert len(articles) == 609 and sum(bool(entry["source"]) for entry in articles) == len(MULTIHOP_ARTICLES)
    questions = list(read_lines(out / "multihop_rag/queries_dev_with_evidence.jsonl.gz"))
    assert [entry["id"] for entry in questions] == MULTIHOP_QUESTIONS and len(questions) == 262
    assert questions[0]["query"] == f"Did dam {MULTIHOP_QUESTIONS[0]} hold?"
    (paragraph,) = read_lines(out / "squadshifts/reddit.jsonl.gz")
    assert paragraph == {
        "title": "Alder_Bay",
        "context": "It – held.",
        "qas": [{"id": "q1", "question": "Did it?", "answers": [{"text": "held", "answer_start": 5}]}],
    }
    claims = [entry["claim"] for entry in read_lines(out / "attributionbench/dev.jsonl.gz")]
    assert 10 < len(claims) < 30  # about half of the forty are cut away, by their text
    again = run("--mirror", address, "--to", out)
    assert "0 of 32 files fetched" in again.stdout


def test_a_file_is_what_was_measured_on_or_not(mirror: tuple[str, Path], tmp_path: Path) -> None:
    address, served = mirror
    (served / "x").mkdir()
    (served / "x/a.tsv").write_text("a\tb\n")
    right = sha256(b"a\tb\n").hexdigest()
    assert not fetch(PublicFile("a.tsv.gz", "https://x/a.tsv", COPY, "0" * 64), tmp_path, address)
    assert fetch(PublicFile("a.tsv.gz", "https://x/a.tsv", COPY, right), tmp_path, address)
    assert gzip.decompress((tmp_path / "a.tsv.gz").read_bytes()) == b"a\tb\n"


def test_another_form_is_refused_and_nothing_is_left(mirror: tuple[str, Path], tmp_path: Path) -> None:
    address, served = mirror
    file = SETS["squadshifts"].files[0]
    (served / file.url.removeprefix("https://")).write_text("<html>Moved</html>")
    with pytest.raises(FetchError, match="is not in the form 'squad'"):
        fetch(file, tmp_path / "out", address)
    assert not (tmp_path / "out").exists()


def test_without_a_network_it_fails_in_one_sentence(tmp_path: Path) -> None:
    done = run("clapnq", "--mirror", "http://127.0.0.1:9", "--to", tmp_path / "data")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("cannot fetch http://127.0.0.1:9/raw.githubusercontent.com/primeqa/clapnq/")
    assert "run this where there is a network" in line


def test_an_unknown_set_and_a_missing_one_name_the_remedy(tmp_path: Path) -> None:
    done = run("squad")
    assert done.returncode == 2 and "no set is called squad; the sets are multihop_rag," in done.stderr
    with pytest.raises(SetMissing, match=r"fetch it: python -m benchmarks\.fetch"):
        list(read_lines(tmp_path / "squadshifts/new_wiki.jsonl.gz"))


@needs_shared
@pytest.mark.parametrize("name", ["multihop_rag", "squadshifts", "clapnq", "attributionbench"])
def test_the_recorded_digests_are_those_of_the_sets_that_were_measured(name: str) -> None:
    for file in SETS[name].files:
        entries = list(read_lines(DATA / file.file))
        text = "\n".join(json.dumps(entry, sort_keys=True) for entry in entries)
        assert (len(entries), sha256(text.encode()).hexdigest()) == (file.rows, file.sha256), file.file


def test_the_table_of_sets_names_each_with_licence_address_and_version() -> None:
    table = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    for found in SETS.values():
        (row,) = [line for line in table.splitlines() if line.startswith(f"| `{found.name}` ")]
        for stated in (found.about, found.licence, found.address, found.version[:10]):
            assert stated in row, (found.name, stated)
