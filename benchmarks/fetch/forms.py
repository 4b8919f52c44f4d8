"""The forms in which public sets are published, each converted to the entries that benchmarks and training read.

The questions of some sets are cut: only those whose text has a SHA-256 with a last bit of 0 are used, so that
the others stay unseen.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from benchmarks.fetch.sources import MULTIHOP_ARTICLES, MULTIHOP_QUESTIONS

Entry = dict[str, Any]
_METADATA = ("source", "published_at", "author", "category", "url")


def squad(text: str) -> list[Entry]:
    """Return the paragraphs of a file in SQuAD's form, each with its title and questions."""
    return [
        {
            "title": article["title"],
            "context": paragraph["context"],
            "qas": [_question(qa) for qa in paragraph["qas"]],
        }
        for article in json.loads(text)["data"]
        for paragraph in article["paragraphs"]
    ]


def _question(qa: Entry) -> Entry:
    return {name: qa[name] for name in ("id", "question", "answers")}


def multihop_articles(text: str) -> list[Entry]:
    """Return MultiHop-RAG's articles, numbered in their order.

    Publisher and date are kept for those 326 that answer a question: they were known for no others when the
    collections were first measured.
    """
    return [
        {
            "id": number,
            **{name: entry[name] for name in ("title", "body")},
            **{name: entry.get(name) if number in MULTIHOP_ARTICLES else None for name in _METADATA},
        }
        for number, entry in enumerate(json.loads(text))
    ]


def multihop_questions(text: str) -> list[Entry]:
    """Return the 262 of MultiHop-RAG's questions that are measured, numbered by their place in the file."""
    entries = json.loads(text)
    names = ("query", "question_type", "answer", "evidence_list")
    return [
        {"id": number, **{name: entries[number][name] for name in names}} for number in MULTIHOP_QUESTIONS
    ]


def attributionbench(text: str) -> list[Entry]:
    """Return the claims of AttributionBench whose cut allows them."""
    return [entry for entry in lines(text) if sha256(entry["claim"].encode()).digest()[-1] % 2 == 0]


def lines(text: str) -> list[Entry]:
    """Return the entries of JSON lines."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


FORMS: dict[str, Callable[[str], list[Entry]]] = {
    "squad": squad,
    "multihop-articles": multihop_articles,
    "multihop-questions": multihop_questions,
    "attributionbench": attributionbench,
    "lines": lines,
}
