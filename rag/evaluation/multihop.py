"""MultiHop-RAG (Tang and Yang 2024, arXiv 2401.15391) as it lies on disk, and its measures as its released code computes them.

Knows that set's files and definitions, not how passages are found. A passage holds a fact when the fact's text stands in the
passage's text once spaces and newlines are taken out of both; questions without facts ("null") are left to `roc_auc`.
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
# What an article of the set says of itself beside its title and text.
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
    """The set's articles: title, body and, for those that are evidence for some question, `METADATA_FIELDS`."""
    return list(_lines(folder / ARTICLES_FILE))


def load_questions(folder: Path) -> list[MultiHopQuestion]:
    """The set's questions, in order."""
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
            f"{path}: {error.strerror or error}; give the folder that holds {ARTICLES_FILE} and {QUESTIONS_FILE}"
        ) from error


def contains_fact(fact: str, passage: str) -> bool:
    """True if a passage holds a fact, spaces and newlines aside.

    >>> contains_fact("5,200 troops", "Some 5,200\\ntroops left.")
    True
    """
    return _squeezed(fact) in _squeezed(passage)


def _squeezed(text: str) -> str:
    return text.replace(" ", "").replace("\n", "")


@dataclass(frozen=True, slots=True)
class RetrievalMeasures:
    """One question's figures, or the means of several: shares from 0 to 1."""

    hits_10: float
    hits_4: float
    map_10: float
    mrr_10: float


def measure_retrieval(facts: Sequence[str], passages: Sequence[str]) -> RetrievalMeasures:
    """Hits@10, Hits@4, MAP@10 and MRR@10 of one question's passages, best first.

    Hits@k is 1 where one of the first k passages holds any fact. MAP@10 adds, at each rank, the facts first met there over the rank,
    and divides by the number of facts. MRR@10 is one over the rank of the first passage that holds a fact.

    >>> measure_retrieval(("a",), ["x", "a", "a b"])
    Measures(hits_10=1.0, hits_4=1.0, map_10=0.5, mrr_10=0.5)
    """
    left = set(facts)
    first, gained = 0, 0.0
    for rank, passage in enumerate(passages[:CUTOFF], 1):
        held = {fact for fact in facts if contains_fact(fact, passage)}
        first = first or (rank if held else 0)
        gained += len(held & left) / rank
        left -= held
    return RetrievalMeasures(
        float(first > 0), float(0 < first <= 4), gained / len(facts), 1 / first if first else 0.0
    )


def roc_auc(relevant: Sequence[float], others: Sequence[float]) -> float:
    """The area under the ROC curve: how often a score of `relevant` exceeds one of `others`, ties counting half.

    >>> roc_auc([0.9, 0.8], [0.8, 0.1])
    0.875
    """
    wins = sum((a > b) + (a == b) / 2 for a in relevant for b in others)
    return wins / (len(relevant) * len(others))
