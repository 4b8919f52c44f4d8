"""The collections and questions that whole answers are measured on. Knows files; asks nothing."""

import gzip
import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.reading.files import find_files
from corpus.reading.text import EXPORT_FORMAT
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.evaluation.gold import UNANSWERABLE, GoldQuestion, GoldQuote, read_gold
from rag.evaluation.multihop import METADATA_FIELDS, QUESTIONS_FILE, load_articles
from rag.settings import ROOT
from training.holdout import held_out

DATA = ROOT.parent / "shared/data"
_SQUAD = ("new_wiki", "amazon_reviews", "reddit")
_EACH = 60  # questions from each part of squadshifts
_NOBODY = 4  # one paragraph in so many is left out of the collection, so that its questions have no answer
_OTHERS = 3  # one in so many of the paragraphs that nothing is asked about stands in the collection

Set = tuple[Library, list[GoldQuestion]]


def gold(work: Path, encoder: Encoder) -> Set:
    """The sample collection and its questions."""
    return _library(work / "sample", encoder, find_files([ROOT / "corpus/articles"])), read_gold(
        ROOT / "corpus/gold.jsonl"
    )


def multihop(work: Path, encoder: Encoder) -> Set:
    """MultiHop-RAG's articles whose publisher and date are known, and the development questions over them; "null" ones have no answer."""
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
    asked = []
    for entry in _lines(folder / QUESTIONS_FILE):
        null = not entry["evidence_list"]
        kind = UNANSWERABLE if null else "fact"
        asked.append(
            GoldQuestion(
                f"{entry['question_type']}-{entry['id']}",
                entry["query"],
                kind,
                () if null else ((entry["answer"],),),
            )
        )
    return _library(work / "multihop", encoder, [_written(work / "multihop.jsonl", entries)]), asked


def squad(work: Path, encoder: Encoder) -> Set:
    """Paragraphs of squadshifts that no training saw, as articles without publisher and date, and people's questions on them.

    Every fourth paragraph is kept out of the collection: its questions have no answer there, though others of its subject stay.
    """
    entries, asked = [], []
    for part in _SQUAD:
        questions = []
        for n, entry in enumerate(_lines(DATA / f"squadshifts/{part}.jsonl.gz")):
            body = entry["context"].strip()
            digest = sha256(body.encode()).digest()
            nobody = digest[0] % _NOBODY == 0
            if not nobody and (held_out(body) or digest[1] % _OTHERS == 0):
                entries.append(
                    {"format": EXPORT_FORMAT, "title": entry["title"].replace("_", " "), "body": body}
                )
            if held_out(body):
                questions += [
                    GoldQuestion(
                        f"{part}-{n}-{qa['id']}",
                        qa["question"],
                        UNANSWERABLE if nobody else "fact",
                        () if nobody else (tuple(dict.fromkeys(answer["text"] for answer in qa["answers"])),),
                        ()
                        if nobody
                        else (GoldQuote(sha256(body.encode()).hexdigest()[:12], qa["answers"][0]["text"]),),
                    )
                    for qa in entry["qas"]
                ]
        asked += sorted(questions, key=lambda question: sha256(question.id.encode()).digest())[:_EACH]
    return _library(work / "squad", encoder, [_written(work / "squad.jsonl", entries)]), asked


SETS = {"gold": gold, "squad": squad, "multihop": multihop}


def _library(folder: Path, encoder: Encoder, files: Iterable[Path]) -> Library:
    """The files' articles, added where an earlier run has not done so."""
    library = Library(Store(folder), encoder)
    for file in files:
        for _ in ingest(library, file):
            pass
    return library


def _written(file: Path, entries: Iterable[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(entry) for entry in entries)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return file


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)
