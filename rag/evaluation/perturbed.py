"""The same question as other people would type it: slips, no capitals, other spelling, other numerals, long forms for acronyms.

Knows words, and how to measure what their change costs. Every change is decided by the question's own text, so a copy is the same on every machine.
"""

import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

from rag.evaluation import measures, ranking
from rag.evaluation.gold import GoldQuestion
from rag.query.followups import rewrite_followup
from rag.retrieval.search import Retriever

_BRITISH = {
    "centre": "center", "defence": "defense", "programme": "program", "metre": "meter", "metres": "meters", "kilometre": "kilometer",
    "kilometres": "kilometers", "colour": "color", "labour": "labor", "harbour": "harbor", "favour": "favor", "favourable": "favorable",
    "neighbour": "neighbor", "neighbouring": "neighboring", "neighbours": "neighbors", "organisation": "organization",
    "organised": "organized", "authorised": "authorized", "criticised": "criticized", "criticise": "criticize", "cancelled": "canceled",
    "travelled": "traveled", "licence": "license", "aluminium": "aluminum", "grey": "gray", "tonnes": "tons", "theatre": "theater",
    "behaviour": "behavior", "catalogue": "catalog", "recognise": "recognize", "recognised": "recognized", "realise": "realize",
}  # fmt: skip
_AMERICAN = {american: british for british, american in _BRITISH.items()}
_NUMBERS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve".split(),
        map(str, range(2, 13)),
        strict=True,
    )
)
_FIGURES = {figure: word for word, figure in _NUMBERS.items()}
_LONG = {
    "NATO": "the North Atlantic Treaty Organization", "UN": "the United Nations", "EU": "the European Union", "US": "the United States",
    "UK": "the United Kingdom", "ISIS": "Islamic State", "AI": "artificial intelligence", "CEO": "chief executive officer",
    "FAA": "the Federal Aviation Administration", "NASA": "the National Aeronautics and Space Administration", "HS2": "High Speed 2",
    "GERD": "the Grand Ethiopian Renaissance Dam", "NFL": "the National Football League", "FBI": "the Federal Bureau of Investigation",
}  # fmt: skip
_WORD = re.compile(r"\b\w+\b")
_SLIP_LETTERS = 6  # a word that long is still known with two letters swapped


def slip(question: str) -> str:
    """Two neighbouring letters swapped inside the longest lower-case word.

    >>> slip("How many soldiers left?")
    'How many slodiers left?'
    """
    words = [
        match
        for match in _WORD.finditer(question)
        if len(match[0]) >= _SLIP_LETTERS and match[0].isalpha() and match[0].islower()
    ]
    if not words:
        return question
    word = max(words, key=lambda match: len(match[0]))
    places = [n for n in range(1, len(word[0]) - 2) if word[0][n] != word[0][n + 1]]
    at = word.start() + random.Random(question).choice(places or [1])
    return question[:at] + question[at + 1] + question[at] + question[at + 2 :]


def plain(question: str) -> str:
    """In small letters, without accents and without a question mark.

    >>> plain("Who met Emmanuel Macron in Besançon?")
    'who met emmanuel macron in besancon'
    """
    bare = "".join(char for char in unicodedata.normalize("NFD", question) if not unicodedata.combining(char))
    return bare.lower().rstrip("?. ")


def spelling(question: str) -> str:
    """British words in American spelling, and the other way round.

    >>> spelling("Who paid for the programme?")
    'Who paid for the program?'
    """
    return _replaced(question, _BRITISH | _AMERICAN)


def numerals(question: str) -> str:
    """Small numbers in figures instead of words, and the other way round; years and longer figures stay.

    >>> numerals("Did two of the 3 ships leave?")
    'Did 2 of the three ships leave?'
    """
    return _replaced(question, _NUMBERS | _FIGURES)


def acronyms(question: str) -> str:
    """Acronyms written out.

    >>> acronyms("Did NATO agree?")
    'Did the North Atlantic Treaty Organization agree?'
    """
    return _replaced(question, _LONG).replace("the the ", "the ")


def _replaced(question: str, words: dict[str, str]) -> str:
    return _WORD.sub(lambda match: words.get(match[0], match[0]), question)


PERTURBATIONS: tuple[Callable[[str], str], ...] = (slip, plain, spelling, numerals, acronyms)


@dataclass(frozen=True, slots=True)
class PerturbationRow:
    """What one way of typing costs: the questions that it changes, and their means before and after."""

    name: str
    questions: int
    article_3_before: float
    article_3: float
    mrr_before: float
    mrr: float


def measure_perturbations(retriever: Retriever, gold: Iterable[GoldQuestion]) -> list[PerturbationRow]:
    """A row for each perturbation: how often a right article is among the first three, and MRR, over the questions that it changes."""
    asked = [item for item in gold if item.evidence]
    rows = []
    for perturb in PERTURBATIONS:
        changed = [item for item in asked if perturb(item.question) != item.question]
        if changed:
            before, after = ([_found(retriever, item, way) for item in changed] for way in (str, perturb))
            means = [round(mean(pair[n] for pair in pairs), 3) for n in (0, 1) for pairs in (before, after)]
            rows.append(PerturbationRow(perturb.__name__, len(changed), *means))
    return rows


def _found(retriever: Retriever, gold: GoldQuestion, typed: Callable[[str], str]) -> tuple[float, float]:
    found = [
        hit.passage.article
        for hit in retriever.search_text(rewrite_followup(typed(gold.question), gold.history))
    ]
    places = measures.relevance(gold, found)
    return ranking.hits_at(3, places), ranking.reciprocal_rank(places)


def perturbation_table(rows: Sequence[PerturbationRow]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| typed | questions | right article in 3, before | after | MRR, before | after |",
        "|---" * 6 + "|",
    ]
    lines += ["| " + " | ".join(str(value) for value in asdict(row).values()) + " |" for row in rows]
    return "\n".join(lines)


def save_perturbations(path: Path, rows: Sequence[PerturbationRow]) -> None:
    """Write the rows as JSON."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
