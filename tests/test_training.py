"""The training examples of the packaged model, made by the documented command from small invented sets."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

TOWNS = (
    "Alder",
    "Brome",
    "Corwen",
    "Dunmore",
    "Elsing",
    "Farley",
    "Garth",
    "Holme",
    "Ilford",
    "Jarrow",
    "Kelso",
    "Lorne",
)


def paragraph(n: int, town: str, source: str) -> dict[str, Any]:
    """One paragraph in SQuAD's format with questions for a figure, a name, a reason and a yes or no."""
    price = f"{(n + 3) * 1100:,}"
    body = (
        f"The {source} bridge at {town} cost {price} crowns to build. It was opened by Anna Holm of {town} on a wet morning. "
        f"The old ferry at {town} was sold since nobody paid the fare of {n + 2} crowns. Trams have crossed it twice an hour ever since."
    )
    asked = (
        (f"How many crowns did the bridge at {town} cost?", price),
        (f"Who opened the bridge at {town}?", "Anna Holm"),
        (f"Why was the old ferry at {town} sold?", "nobody paid the fare"),
        (f"Have trams crossed the bridge at {town}?", "twice an hour"),
    )
    return {
        "title": f"{source}_{n}",
        "context": body,
        "qas": [
            {"id": f"{n}", "question": text, "answers": [{"text": words, "answer_start": body.index(words)}]}
            for text, words in asked
        ],
    }


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    for name in ("squadshifts", "clapnq"):
        (folder / name).mkdir()
    for source in ("new_wiki", "reddit", "amazon_reviews"):
        lines = [json.dumps(paragraph(n, town, source)) for n, town in enumerate(TOWNS * 3)]
        (folder / f"squadshifts/{source}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    unanswered = [
        {
            "input": f"who painted the pier at {town}",
            "passages": [{"title": town, "text": f"The pier at {town} is long . It is white ."}],
        }
        for town in TOWNS
    ]
    (folder / "clapnq/clapnq_dev_unanswerable.jsonl.gz").write_bytes(
        gzip.compress("\n".join(map(json.dumps, unanswered)).encode())
    )
    return folder


def make_examples(shared: Path, out: Path, seed: str) -> list[dict[str, Any]]:
    command = [
        sys.executable,
        ROOT / "training/data.py",
        "--shared",
        shared,
        "--out",
        out,
        "--examples",
        "60",
        "--held",
        "12",
    ]
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
    )
    return [
        json.loads(line)
        for name in ("train", "held")
        for line in (out / f"{name}.jsonl").read_text().splitlines()
    ]


def test_examples_name_the_answering_sentence_and_are_reproducible(shared: Path, tmp_path: Path) -> None:
    examples = make_examples(shared, tmp_path / "one", "1")
    assert examples == make_examples(shared, tmp_path / "two", "2")
    assert {example["kind"] for example in examples} >= {"answered", "removed", "changed"}
    for example in examples:
        lines = {
            int(n): text
            for n, text in re.findall(
                r"^\[(\d+)\] (.*) \([^()]*\)$", example["messages"][1]["content"], re.MULTILINE
            )
        }
        asked = example["messages"][1]["content"].rpartition("Question: ")[2]
        assert len(lines) >= 2 and example["messages"][0]["content"].endswith("[0]")
        if example["kind"] in ("removed", "renamed", "unanswered"):
            assert example["target"] == "[0]" and not example["answers"]
        for target in example["target"].splitlines() if example["target"] != "[0]" else ():
            number, _, words = target.partition("] ")
            assert words in lines[int(number.strip("[]"))], example
            assert bool(words) != bool(re.search(r"\b(why|have)\b", asked, re.IGNORECASE)), example
        assert len(example["ranker"]) in (0, len(lines))
