"""The collections and questions on which whole answers are measured."""

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.public_sets import DATA, read_lines
from corpus.reading.files import find_files
from corpus.reading.text import EXPORT_FORMAT
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion, GoldQuote, read_gold
from rag.evaluation.retrieval.multihop import METADATA_FIELDS, QUESTIONS_FILE, load_articles
from rag.settings import ROOT
from training.holdout import held_out

_SQUAD = ("new_wiki", "amazon_reviews", "reddit")
_QUESTIONS_PER_PART = 60  # questions of each part of SQuADShifts
_LEFT_OUT = 4  # one paragraph in so many is not in the collection, so that its questions are unanswerable
_DISTRACTORS = 3  # one in so many of the paragraphs without questions is in the collection

BenchmarkSet = tuple[Library, list[GoldQuestion]]


def gold_set(work: Path, encoder: Encoder) -> BenchmarkSet:
    """Return the sample collection and its questions."""
    return _open_library(work / "sample", encoder, find_files([ROOT / "corpus/articles"])), read_gold(
        ROOT / "corpus/gold.jsonl"
    )


def multihop_set(work: Path, encoder: Encoder) -> BenchmarkSet:
    """Return MultiHop-RAG's articles with a known publisher and date, and the development questions.

    "Null" questions are unanswerable.
    """
    folder = DATA / "multihop_rag"
    entries = (
        {
            "title": entry["title"],
            "body": entry["body"],
            "publisher": entry["source"],
            "date": entry["published_at"][:10],
        }
        for entry in load_articles(folder)
        if entry[METADATA_FIELDS[0]]
    )
    questions = []
    for entry in read_lines(folder / QUESTIONS_FILE):
        null = not entry["evidence_list"]
        kind = UNANSWERABLE if null else "fact"
        questions.append(
            GoldQuestion(
                f"{entry['question_type']}-{entry['id']}",
                entry["query"],
                kind,
                () if null else ((entry["answer"],),),
            )
        )
    return _open_library(
        work / "multihop", encoder, [_write_lines(work / "multihop.jsonl", entries)]
    ), questions


def squad_set(work: Path, encoder: Encoder) -> BenchmarkSet:
    """Return paragraphs of SQuADShifts held out from training as articles, and people's questions on them.

    The articles have no publisher and date. Every fourth paragraph is left out of the collection: its
    questions are unanswerable, though other paragraphs on its subject stay.
    """
    entries, chosen = [], []
    for part in _SQUAD:
        questions = []
        for n, entry in enumerate(read_lines(DATA / f"squadshifts/{part}.jsonl.gz")):
            body = entry["context"].strip()
            digest = sha256(body.encode()).digest()
            left_out = digest[0] % _LEFT_OUT == 0
            if not left_out and (held_out(body) or digest[1] % _DISTRACTORS == 0):
                entries.append(
                    {"format": EXPORT_FORMAT, "title": entry["title"].replace("_", " "), "body": body}
                )
            if held_out(body):
                questions += [
                    GoldQuestion(
                        f"{part}-{n}-{qa['id']}",
                        qa["question"],
                        UNANSWERABLE if left_out else "fact",
                        ()
                        if left_out
                        else (tuple(dict.fromkeys(answer["text"] for answer in qa["answers"])),),
                        ()
                        if left_out
                        else (GoldQuote(sha256(body.encode()).hexdigest()[:12], qa["answers"][0]["text"]),),
                    )
                    for qa in entry["qas"]
                ]
        chosen += sorted(questions, key=lambda question: sha256(question.id.encode()).digest())[
            :_QUESTIONS_PER_PART
        ]
    return _open_library(work / "squad", encoder, [_write_lines(work / "squad.jsonl", entries)]), chosen


SETS = {"gold": gold_set, "squad": squad_set, "multihop": multihop_set}


def _open_library(folder: Path, encoder: Encoder, files: Iterable[Path]) -> Library:
    """Return a library of the files' articles, adding those that an earlier run has not added."""
    library = Library(Store(folder), encoder)
    for file in files:
        for _ in ingest(library, file):
            pass
    return library


def _write_lines(file: Path, entries: Iterable[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(entry) for entry in entries)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return file
