"""The training examples of the packaged model, made by the documented command from small invented sets."""

import gzip
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from embeddings.encoder import Encoder
from training.holdout import CHOOSING, REPORTED, TRAINED, held_out, part
from training.judge import least_log_odds
from training.judge_data import exchanged, label

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
            "passages": [
                {
                    "title": town,
                    "text": f"The pier at {town} is long . It is white .",
                    "sentences": [f"The pier at {town} is long .", "It is white ."],
                }
            ],
        }
        for town in TOWNS
    ]
    (folder / "clapnq/clapnq_dev_unanswerable.jsonl.gz").write_bytes(
        gzip.compress("\n".join(map(json.dumps, unanswered)).encode())
    )
    return folder


def make_examples(shared: Path, out: Path, seed: str) -> dict[str, list[dict[str, Any]]]:
    options = f"--shared {shared} --out {out} --examples 60 --held 12 --choose 12".split()
    subprocess.run(
        [sys.executable, ROOT / "training/data.py", *options],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
    )
    return {
        name: [json.loads(line) for line in (out / f"{name}.jsonl").read_text().splitlines()]
        for name in ("train", "choose", "held")
    }


def test_examples_name_the_answering_sentence_and_are_reproducible(shared: Path, tmp_path: Path) -> None:
    made = make_examples(shared, tmp_path / "one", "1")
    assert made == make_examples(shared, tmp_path / "two", "2")
    examples = [example for of_file in made.values() for example in of_file]
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
    paragraphs = {name: {example["paragraph"] for example in of_file} for name, of_file in made.items()}
    assert all(paragraphs.values())
    assert not paragraphs["train"] & (paragraphs["choose"] | paragraphs["held"])
    assert not paragraphs["choose"] & paragraphs["held"]  # what chooses a checkpoint is not reported


def test_the_cross_encoders_choose_and_report_by_other_paragraphs(shared: Path, encoder: Encoder) -> None:
    pytest.importorskip("scipy", reason="scipy is not installed; pip install -r training/requirements.txt")
    from training.reranker_data import read_questions

    (shared / "clapnq/clapnq_dev_answerable.jsonl.gz").write_bytes(gzip.compress(b""))
    questions = read_questions(shared, encoder)
    numbers = {name: questions.numbers(name) for name in (TRAINED, CHOOSING, REPORTED)}
    assert sum(map(len, numbers.values())) == len(questions.asked) and all(numbers.values())
    for name, own in numbers.items():
        texts = {" ".join(questions.paragraphs[questions.asked[n].paragraph].texts) for n in own}
        assert {part(text) for text in texts} == {name}
    for n in numbers[TRAINED]:  # rivals of training come from training's side alone
        assert not any(questions.paragraphs[rival].unseen for rival, _ in questions.asked[n].rivals)


def test_a_text_is_in_one_part_whatever_stands_around_it() -> None:
    texts = [f"Paragraph {n} of the archive says that the ferry took {n} cars." for n in range(4000)]
    parts = [part(text) for text in texts]
    assert parts == [part(f"\n{text}  ") for text in texts]
    shares = {name: parts.count(name) / len(parts) for name in (TRAINED, CHOOSING, REPORTED)}
    assert shares == pytest.approx({TRAINED: 0.9, CHOOSING: 0.05, REPORTED: 0.05}, abs=0.015)
    assert [held_out(text) for text in texts] == [own != TRAINED for own in parts]


FERRY = "The Marisol takes 420 passengers across the strait."


@pytest.mark.parametrize(
    ("kind", "source", "written", "words", "right"),
    [
        ("answered", FERRY, "The ferry takes 420 passengers.", "420", True),
        ("answered", FERRY, "The ferry takes 60 cars.", "60 cars", False),
        ("answered", FERRY, "The ferry takes some passengers.", "some passengers", None),  # in part
        ("answered", "It had 420 passengers.", "The ferry takes 420 passengers.", "420", None),  # elsewhere
        ("removed", "It had 400 guests.", "The ferry takes 400.", "400", False),
        ("elsewhere", "It had 420 passengers.", "The ferry takes 420 passengers.", "420", None),
        ("renamed", FERRY, "The bus takes 420 passengers.", "420", False),
    ],
)
def test_a_written_sentence_is_labelled_only_where_that_is_certain(
    kind: str, source: str, written: str, words: str, right: bool | None
) -> None:
    line = {"kind": kind, "source": source, "gold": FERRY, "golds": ["420 passengers"]}
    assert label({**line, "written": written, "words": words}) is right


def test_a_name_is_exchanged_for_one_of_its_kind() -> None:
    text = "In 1912 the Marisol left Port Esker. In 1930 she sank near Kestrel Bay with 80 people."
    asked = "Which ship left Port Esker in 1912?"
    found = {exchanged(asked, text, random.Random(seed)) for seed in range(30)}
    assert found >= {"Which ship left Kestrel Bay in 1912?", "Which ship left Port Esker in 1930?"}
    assert not any("80" in question for question in found)


def test_the_threshold_lets_the_tolerated_share_of_wrong_sentences_pass() -> None:
    chances = np.array([0.99, 0.99, 0.9, 0.5, 0.1])
    log_odds = np.log(chances / (1 - chances))
    for tolerated, least in ((0.01, 0.99), (0.05, 0.9), (0.2, 0.5)):
        assert least_log_odds(log_odds, tolerated) == pytest.approx(np.log(least / (1 - least)))
