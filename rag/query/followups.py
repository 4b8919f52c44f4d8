"""A question that leans on earlier turns -> one that can be searched on its own, and what to prefer. Knows turns and words, no model.

A question that stands alone is left as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.article import MONTHS, PartialDate
from corpus.words import content_stems, words
from rag.answers.answer import Turn
from rag.quantities.dates import parse_dates
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Rank, SearchHit

_LEANS = re.compile(
    r"^(?:so|then|why|why not|when|where|who|how|how many|how much|really|since when|by whom|until when)\W*$"
    r"|^(and|but|what about|how about|what else|anything else)\b"
    r"|\b(he|she|they|him|her|them|it|its|their|his|this|these|those|that|there|then|one|ones)\b",
    re.IGNORECASE,
)
# "that" and "there" that only join a clause lean on nothing.
_INNOCENT = re.compile(
    r"\b(?:(?:is|are|was|were|will) there|(?:said|say|says|think|so|such|than|now) that|"
    r"it (?:is|was) (?:that|true|possible|likely)|each other|one of)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(rf"\b(?:in |by |of |since )?(?:(?:{'|'.join(MONTHS)}) )?(?:19|20)\d\d\b")
_NAME = re.compile(r"(?<!^)\b(?:[A-Z][\w-]+|\w*\d\w*)")
_NAME_BEFORE_PRONOUN = re.compile(r"(?<!^)\b[A-Z]\w+\b.*\b(?:he|she|they|him|her|them|it|its|their|his)\b")
_POINTS_BACK = re.compile(r"\b(?:this|these|those|that|there|then|ones?)\b", re.IGNORECASE)
_THEN = re.compile(
    r"\b(?:(?:back )?then|at (?:the|that) time|(?:that|the same) (?:year|month|day|week))\b", re.IGNORECASE
)
# "The plan", "which of the steps": some plan, some steps were spoken of.
_DEFINITE = re.compile(r"\b(?:of the|the (?:others?|same|former|latter|rest)|the \w+)\b", re.IGNORECASE)
# "And in 2020?" has no word of asking of its own.
_ELLIPTIC = re.compile(
    r"^(?:what about|how about|(?:and|but|so)\b(?!.*\b(?:who|when|where|why|what|which|how|did|does|was|is)\b))",
    re.IGNORECASE,
)
_SHORT = re.compile(r"^(?:who|said|that|why|not|really|so|is|was|it|true|how|and)$", re.IGNORECASE)
_ASKING = re.compile(
    r"^(?:(?:and|but|so),? )?(?:(?:who|whom|whose|when|where|why|what|which|how(?: (?:many|much|large|big|long|high|old|far|often))?)\b ?)?"
    r"(?:(?:did|does|do|was|were|is|are|has|have|had|will|would|can|could)\b ?)?",
    re.IGNORECASE,
)
_OWN_SUBJECT_WORDS = 3
_STAND_ALONE_WORDS = 5
_UNNAMED_WORDS = 3  # a question of so few words of content that names nothing lacks its subject
_UNNAMED_DEFINITE_WORDS = 4
_BRIEF_WORDS = 3  # what has no more may be about the articles of the turn before, although it names something
_TAKEN_BACK = 300  # characters of an earlier answer
_RECALLED = 2  # articles that an earlier exchange is taken to be about
_PREFERRED = 0.5  # for their passages, on the scale of a hit's score


def is_followup(question: str) -> bool:
    """True if a question cannot be understood without the turns before it.

    >>> is_followup("And in 2020?"), leans("Who said that?"), leans("Was anyone hurt?"), leans("How much did the Kestrel Bay ferry cost in 2021?")
    (True, True, True, False)
    """
    bare = _INNOCENT.sub(" ", question.strip())
    own = len(content_stems(question))
    named = bool(_NAME.search(question.strip()))
    if not _LEANS.search(bare):
        # Who types no capitals at all may have named something all the same.
        most = _UNNAMED_DEFINITE_WORDS if _DEFINITE.search(bare) else _UNNAMED_WORDS
        return not named and own <= most and question != question.lower()
    # In a question that names its subject ("Why did Boeing say that it would pay a penalty?") a pronoun points inside the question.
    inside = _NAME_BEFORE_PRONOUN.search(bare) and not _POINTS_BACK.search(bare)
    return not (named and own >= (_OWN_SUBJECT_WORDS if inside else _STAND_ALONE_WORDS))


def rewrite_followup(question: str, history: Sequence[Turn]) -> str:
    """The question to search for: the same, or with the subject of the last questions behind it where it leans on them.

    >>> rewrite_followup("Who opened it?", [Turn("user", "When did the Halden bridge open?"), Turn("assistant", "In May.")])
    'Who opened it? (the Halden bridge open)'
    """
    asked = [turn.text.strip() for turn in history if turn.role == "user"]
    if not asked or not is_followup(question):
        return question
    chain: list[str] = []  # the last question that stands alone, and those after it
    for earlier in reversed(asked):
        chain.insert(0, earlier)
        if not is_followup(earlier):
            break
    subject, last = _ASKING.sub("", chain[0]), chain[-1]
    # It asks what was asked before, so those words of asking come along; a question of its own kind takes the subject only.
    if not _ELLIPTIC.search(question):
        last = _ASKING.sub("", last)
    carried = [text.rstrip(" ?") for text in ([last] if len(chain) == 1 else [subject, last])]
    if _YEAR.search(question):
        carried = [
            _YEAR.sub("", text).strip() for text in carried
        ]  # a new date takes the place of the old one
    said = next((turn.text for turn in reversed(history) if turn.role == "assistant"), "")
    if _THEN.search(question) and not parse_dates(f"{question} {' '.join(carried)}"):
        carried.append(_last_month(history))
    if said and all(_SHORT.match(word) for word in words(question)):
        carried.append(said.strip()[:_TAKEN_BACK])
    return f"{question.strip()} ({'; '.join(text for text in carried if text)})"


def _last_month(history: Sequence[Turn]) -> str:
    """The month, or the year, that was spoken of last; "" where no turn names any."""
    day = next((day for turn in reversed(history) for day in parse_dates(turn.text)), None)
    return PartialDate(day.year, day.month).spoken if day else ""


def previous_exchange(question: str, history: Sequence[Turn]) -> str:
    """The words of the last question and its answer, where this one may be about the same articles; else nothing."""
    if not history or not (is_followup(question) or len(content_stems(question)) <= _BRIEF_WORDS):
        return ""
    said = next((turn.text for turn in reversed(history) if turn.role == "assistant"), "")
    earlier = [turn for n, turn in enumerate(history) if turn.role == "user"]
    before = (
        rewrite_followup(earlier[-1].text, history[: list(history).index(earlier[-1])]) if earlier else ""
    )
    return f"{before} {said[:_TAKEN_BACK]}".strip()


def together(ranked: Sequence[Evidence], own: Sequence[Evidence]) -> list[Evidence]:
    """Sentences ranked for a question with its carried subject, put in order by that and by their score for the question as it was typed.

    What is carried finds the articles; among their sentences the question's own words should decide.
    """
    scores = {(item.article.id, item.start): item.score for item in own}
    lowest = min(scores.values(), default=0.0)

    def both(item: Evidence) -> float:
        return item.score + scores.get((item.article.id, item.start), lowest)

    return sorted(
        (replace(item, score=round(both(item) / 2, 3)) for item in ranked), key=lambda item: -item.score
    )


def recalled(hits: Sequence[SearchHit], earlier: Sequence[SearchHit], k: int) -> list[SearchHit]:
    """The best `k` hits when passages of the articles that the earlier exchange found first are preferred."""
    articles = list(dict.fromkeys(hit.passage.article.id for hit in earlier))[:_RECALLED]
    raised = [
        replace(
            hit, score=round(hit.score + _PREFERRED, 4), ranks=(*hit.ranks, Rank("earlier", 1, _PREFERRED))
        )
        if hit.passage.article.id in articles
        else hit
        for hit in hits
    ]
    return sorted(raised, key=lambda hit: (-hit.score, hit.passage.article.id, hit.passage.start))[:k]
