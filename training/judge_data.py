"""Put held-out questions, with and without an answer, to the product's own reading; label what is written.

Only questions that neither reranker nor model of support was trained on are used, as both are signals. Those
of Wikipedia stand alone; those on forum posts and reviews mean one post, so that nothing tells a wrong post.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from corpus.passages import Passage, sentence_spans
from corpus.words import content_stems
from embeddings.reranker import Reranker
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence, rank_sentences
from rag.retrieval.search import SearchHit
from rag.verification.judgement import read_source
from training.examples import NEAREST, ParagraphIndex
from training.holdout import held_out
from training.questions import Question

# What is done with a question: asked as it is; its paragraph, or only the answering sentence, left out; or a
# name or number of it exchanged.
KINDS = {"answered": 0.45, "elsewhere": 0.15, "removed": 0.15, "renamed": 0.25}
NAMED = re.compile(r"(?<!^)(?<![.!?] )\b(?:[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*|\d[\d,.]*\d|\d)(?![\w’'])")


@dataclass
class Case:
    """A question, what was done with it, and the sentences that may answer it with the readings of two."""

    id: str
    kind: str
    question: str
    gold: Question
    ranked: list[Evidence]
    readings: list[float]


def cases(
    questions: Sequence[Question], reranker: Reranker, done: set[str], *, whole: bool = False
) -> Iterator[Case]:
    """Yield each held-out question as each kind that it allows, kinds mixed; none whose id is in `done`.

    With `whole` also those for a reason or a yes or no.
    """
    index = ParagraphIndex([question.article for question in questions])
    held = [question for question in questions if held_out(question.article.body) and whole >= question.whole]
    held.sort(key=lambda question: sha256(question.text.encode()).hexdigest())
    chance = random.Random(1)
    planned = [
        (kind, question)
        for _ in range(4)
        for question in held
        for kind in chance.choices(list(KINDS), list(KINDS.values()))
    ]
    for kind, question in planned:
        key = sha256(f"{kind}\n{question.article.id}\n{question.text}".encode()).hexdigest()[:16]
        found = None if key in done else make_case(key, kind, question, index, reranker)
        done.add(key)
        if found:
            yield found


def make_case(
    key: str, kind: str, question: Question, index: ParagraphIndex, reranker: Reranker
) -> Case | None:
    own, text = question.article, question.text
    span = next(((a, b) for a, b in sentence_spans(own.body) if a <= question.start < b), None)
    if span is None:
        return None
    if kind == "renamed":
        text = exchanged(text, own.body, random.Random(key))
        if not text:
            return None
    near = [article for article in index.near(question) if article.id != own.id][: NEAREST - 1]
    if kind in ("elsewhere", "removed"):
        near = [a for a in near if not any(_holds(a.body, answer) for answer in question.answers)]
    if kind == "removed":
        body = (own.body[: span[0]] + own.body[span[1] :].lstrip()).strip()
        if not body or any(_holds(body, answer) for answer in question.answers):
            return None
        near.insert(0, replace(own, body=body))
    elif kind != "elsewhere":
        near.insert(0, own)
    hits = [SearchHit(Passage(article, 0, len(article.body)), 1.0, ()) for article in near]
    ranked = rank_sentences(QuestionPart.parse(text), hits, reranker)
    if not ranked:
        return None
    readings = [read_source(text, item, reranker) for item in ranked[:2]]
    return Case(key, kind, text, question, ranked, readings)


def _holds(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words.lower())}(?!\w)", text.lower()) is not None


def exchanged(question: str, text: str, chance: random.Random) -> str:
    """Return a question with a whole name or number exchanged for another of the same paragraph, or ""."""
    named = [match for match in NAMED.finditer(question) if _holds(text, match[0])]
    if not named:
        return ""
    match = chance.choice(named)
    others = [
        name
        for name in dict.fromkeys(NAMED.findall(text))
        if _shape(name) == _shape(match[0]) and name.lower() not in question.lower()
    ]
    return question[: match.start()] + chance.choice(others) + question[match.end() :] if others else ""


def _shape(name: str) -> str:
    """Return what another name should be too: a year, a figure or a name."""
    return "year" if re.fullmatch(r"1\d{3}|20\d\d", name) else "figure" if name[0].isdigit() else "name"


def label(line: dict[str, Any]) -> bool | None:
    """Return whether a written sentence is right, or None where that cannot be told without reading it.

    It is right if it has all content words of an answer and is from the sentence where people found it. An
    answer that is found elsewhere, or in part, may be right or wrong.
    """
    written, words = set(content_stems(line["written"])), set(content_stems(line["words"]))
    golds = [stems for text in line["golds"] if (stems := set(content_stems(text)))]
    whole, partly = any(gold <= written for gold in golds), any(gold & words for gold in golds)
    if line["kind"] == "renamed":
        return False
    if line["kind"] in ("elsewhere", "removed"):
        return None if whole else False
    if line["source"] != line["gold"]:
        return None if whole else False
    return True if whole else None if partly else False
