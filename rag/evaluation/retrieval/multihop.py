"""The files of MultiHop-RAG (Tang and Yang 2024, arXiv 2401.15391), and its measures as its code has them.

A passage contains a fact when the fact's text is in the passage's text once spaces and newlines are removed
from both. Questions without facts ("null") have no measures; `ranking.roc_auc` measures how well they are
recognised.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

ARTICLES_FILE = "corpus.jsonl.gz"
QUESTIONS_FILE = "queries_dev_with_evidence.jsonl.gz"
CUTOFF = 10
# What an article of the set states beside its title and text.
METADATA_FIELDS = ("source", "published_at", "author", "category", "url")


class DatasetError(ValueError):
    """A folder that does not hold the set; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class MultiHopQuestion:
    """One question with the verbatim facts that answer it; a null question has none."""

    id: str
    text: str
    facts: tuple[str, ...]

    @property
    def swept(self) -> bool:
        """True for the half that the weights were swept on: the last bit of the id's SHA-256 is 0."""
        return sha256(self.id.encode()).digest()[-1] % 2 == 0


def load_articles(folder: Path) -> list[dict[str, Any]]:
    """Return the set's articles: title, body and, for those that are evidence, `METADATA_FIELDS`."""
    return list(_lines(folder / ARTICLES_FILE))


def load_questions(folder: Path) -> list[MultiHopQuestion]:
    """Return the set's questions, in order."""
    return [
        MultiHopQuestion(
            str(entry["id"]), entry["query"], tuple(evidence["fact"] for evidence in entry["evidence_list"])
        )
        for entry in _lines(folder / QUESTIONS_FILE)
    ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)
    except OSError as error:
        raise DatasetError(
            f"{path}: {error.strerror or error}; "
            f"give the folder that holds {ARTICLES_FILE} and {QUESTIONS_FILE}"
        ) from error


def contains_fact(fact: str, passage: str) -> bool:
    """Return True if a passage contains a fact, spaces and newlines aside.

    >>> contains_fact("5,200 troops", "Some 5,200\\ntroops left.")
    True
    """
    return _without_spaces(fact) in _without_spaces(passage)


def _without_spaces(text: str) -> str:
    return text.replace(" ", "").replace("\n", "")


@dataclass(frozen=True, slots=True)
class RetrievalMeasures:
    """One question's measures, or the means of several: shares from 0 to 1."""

    hits_10: float
    hits_4: float
    map_10: float
    mrr_10: float


def measure_retrieval(facts: Sequence[str], passages: Sequence[str]) -> RetrievalMeasures:
    """Return Hits@10, Hits@4, MAP@10 and MRR@10 of one question's passages, best first.

    Hits@k is 1 where one of the first k passages contains any fact. MAP@10 adds, at each rank, the facts
    first met there / the rank, and divides by the number of facts. MRR@10 is 1 / the rank of the first
    passage with a fact.

    >>> measure_retrieval(("a",), ["x", "a", "a b"])
    RetrievalMeasures(hits_10=1.0, hits_4=1.0, map_10=0.5, mrr_10=0.5)
    """
    missing = set(facts)
    first, gained = 0, 0.0
    for rank, passage in enumerate(passages[:CUTOFF], 1):
        held = {fact for fact in facts if contains_fact(fact, passage)}
        first = first or (rank if held else 0)
        gained += len(held & missing) / rank
        missing -= held
    reciprocal = 1 / first if first else 0.0
    return RetrievalMeasures(float(first > 0), float(0 < first <= 4), gained / len(facts), reciprocal)
