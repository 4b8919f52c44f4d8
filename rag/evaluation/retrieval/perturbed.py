"""Questions typed differently: slips, no capitals, other spelling, other numerals, acronyms written out.

Every change follows from the question's own text, so a perturbed question is the same on every machine.
"""

import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

from rag.evaluation.gold.questions import GoldQuestion
from rag.evaluation.measures import answers as measures
from rag.evaluation.measures import ranking
from rag.query.followups import rewrite_followup
from rag.retrieval.search import Retriever

_BRITISH = {
    "centre": "center", "defence": "defense", "programme": "program", "metre": "meter", "metres": "meters",
    "kilometre": "kilometer", "kilometres": "kilometers", "colour": "color", "labour": "labor",
    "harbour": "harbor", "favour": "favor", "favourable": "favorable", "neighbour": "neighbor",
    "neighbouring": "neighboring", "neighbours": "neighbors", "organisation": "organization",
    "organised": "organized", "authorised": "authorized", "criticised": "criticized",
    "criticise": "criticize", "cancelled": "canceled", "travelled": "traveled", "licence": "license",
    "aluminium": "aluminum",
    "grey": "gray", "tonnes": "tons", "theatre": "theater", "behaviour": "behavior", "catalogue": "catalog",
    "recognise": "recognize", "recognised": "recognized", "realise": "realize",
}  # fmt: skip
_AMERICAN = {american: british for british, american in _BRITISH.items()}
_NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve".split()
_NUMERALS = {word: str(n) for n, word in enumerate(_NUMBER_WORDS, 2)}
_SPELLED_NUMERALS = {numeral: word for word, numeral in _NUMERALS.items()}
_LONG_FORMS = {
    "NATO": "the North Atlantic Treaty Organization", "UN": "the United Nations", "EU": "the European Union",
    "US": "the United States", "UK": "the United Kingdom", "ISIS": "Islamic State",
    "AI": "artificial intelligence", "CEO": "chief executive officer",
    "FAA": "the Federal Aviation Administration", "NASA": "the National Aeronautics and Space Administration",
    "HS2": "High Speed 2", "GERD": "the Grand Ethiopian Renaissance Dam",
    "NFL": "the National Football League", "FBI": "the Federal Bureau of Investigation",
}  # fmt: skip
_WORD = re.compile(r"\b\w+\b")
_MIN_SLIP_LETTERS = 6  # a word of so many letters is still recognisable with two letters swapped


def slip(question: str) -> str:
    """Swap two neighbouring letters inside the longest lower-case word.

    >>> slip("How many soldiers left?")
    'How many slodiers left?'
    """
    candidates = [
        match
        for match in _WORD.finditer(question)
        if len(match[0]) >= _MIN_SLIP_LETTERS and match[0].isalpha() and match[0].islower()
    ]
    if not candidates:
        return question
    word = max(candidates, key=lambda match: len(match[0]))
    places = [n for n in range(1, len(word[0]) - 2) if word[0][n] != word[0][n + 1]]
    at = word.start() + random.Random(question).choice(places or [1])
    return question[:at] + question[at + 1] + question[at] + question[at + 2 :]


def plain(question: str) -> str:
    """Write a question in lower case, without accents and without its question mark.

    >>> plain("Who met Emmanuel Macron in Besançon?")
    'who met emmanuel macron in besancon'
    """
    decomposed = unicodedata.normalize("NFD", question)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare.lower().rstrip("?. ")


def spelling(question: str) -> str:
    """Write British words in American spelling, and American ones in British.

    >>> spelling("Who paid for the programme?")
    'Who paid for the program?'
    """
    return _replace_words(question, _BRITISH | _AMERICAN)


def numerals(question: str) -> str:
    """Write the numbers from two to twelve in digits instead of words, and in words instead of digits.

    >>> numerals("Did two of the 3 ships leave?")
    'Did 2 of the three ships leave?'
    """
    return _replace_words(question, _NUMERALS | _SPELLED_NUMERALS)


def acronyms(question: str) -> str:
    """Write acronyms out.

    >>> acronyms("Did NATO agree?")
    'Did the North Atlantic Treaty Organization agree?'
    """
    return _replace_words(question, _LONG_FORMS).replace("the the ", "the ")


def _replace_words(question: str, replacements: dict[str, str]) -> str:
    return _WORD.sub(lambda match: replacements.get(match[0], match[0]), question)


PERTURBATIONS: tuple[Callable[[str], str], ...] = (slip, plain, spelling, numerals, acronyms)


@dataclass(frozen=True, slots=True)
class PerturbationRow:
    """What one perturbation costs: how many questions it changes, and their means before and after."""

    name: str
    questions: int
    article_3_before: float
    article_3: float
    mrr_before: float
    mrr: float


def measure_perturbations(retriever: Retriever, gold: Iterable[GoldQuestion]) -> list[PerturbationRow]:
    """Return a row for each perturbation: Hits@3 and MRR over the questions that it changes."""
    questions = [item for item in gold if item.evidence]
    rows = []
    for perturb in PERTURBATIONS:
        changed = [item for item in questions if perturb(item.question) != item.question]
        if changed:
            before, after = (
                [_hits_and_rank(retriever, item, typing) for item in changed] for typing in (str, perturb)
            )
            means = [round(mean(pair[n] for pair in pairs), 3) for n in (0, 1) for pairs in (before, after)]
            rows.append(PerturbationRow(perturb.__name__, len(changed), *means))
    return rows


def _hits_and_rank(
    retriever: Retriever, gold: GoldQuestion, typing: Callable[[str], str]
) -> tuple[float, float]:
    """Return Hits@3 and the reciprocal rank of a question after `typing` has changed its text."""
    hits = retriever.search_text(rewrite_followup(typing(gold.question), gold.history))
    relevant = measures.relevance(gold, [hit.passage.article for hit in hits])
    return ranking.hits_at(3, relevant), ranking.reciprocal_rank(relevant)


def perturbation_table(rows: Sequence[PerturbationRow]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| typed | questions | right article in 3, before | after | MRR, before | after |",
        "|---" * 6 + "|",
    ]
    lines += ["| " + " | ".join(str(value) for value in asdict(row).values()) + " |" for row in rows]
    return "\n".join(lines)


def save_perturbations(path: Path, rows: Sequence[PerturbationRow]) -> None:
    """Write the rows as JSON."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
