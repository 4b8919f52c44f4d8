"""Decompose a question that asks for several things, or asks several publishers, into one question for each.

"Which yard built the ferry, and what did it cost?" asks two things; the best sentence for the whole often
answers only one of them. "Does the Gull say that ..., while the Harbour Times ...?" asks each paper something
else.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.words import content_stems
from rag.query.parts import QuestionPart
from rag.query.sources import NamedSources

_QUESTION_WORD = (
    r"(?:(?:for|of|in|by|on|at|to|from|with|under|since|until) )?"
    r"(?:who|whom|whose|what|which|when|where|why|how)\b"
)
# A comma alone separates questions only before what cannot be a relative clause.
_NEXT_QUESTION = re.compile(
    rf"(?:,|;|\?)? and (?={_QUESTION_WORD})|[?;] (?={_QUESTION_WORD})|"
    r", (?=(?:for|of|in|by|on|at|to|from) (?:what|how)\b)",
    re.IGNORECASE,
)
_IS_QUESTION = re.compile(rf"^(?:.*[ ,])?{_QUESTION_WORD}", re.IGNORECASE)
# The next question is about the subject of the first, but does not ask for the same thing.
_QUESTION_WORDS = re.compile(
    rf"\b{_QUESTION_WORD} ?(?:(?:many|much|long|large|big|high|old|far) )?"
    r"(?:(?:did|does|do|was|were|is|are|has|have|had)\b ?)?",
    re.IGNORECASE,
)
# "What do A and B say about C?" hand-set on the sample questions; issue J replaces it
_ASKS = re.compile(r"\b(?:what|how|why|when|who)\b", re.IGNORECASE)
_BEFORE_SIDES = re.compile(r" (?:did|do|does|had|have|would) ", re.IGNORECASE)
_AFTER_SIDES = re.compile(
    r" (?:(?:each|both) )?(?P<rest>(?:say|said|give|gave|put|claim|want|think|thought|argue|expect|estimate|"
    r"report|state)\b)",
    re.IGNORECASE,
)
# "How did A and B differ about C?" hand-set on the sample questions; issue J replaces it
_BEFORE_DIFFERING = re.compile(r"\bhow (?:did|do|does) ", re.IGNORECASE)
_AFTER_DIFFERING = re.compile(
    r" (?:differ|disagree|diverge)\b (?:about|over|on|in|as to)?(?P<rest>)", re.IGNORECASE
)
# Two sides are named without any of these marks between them.
_PHRASE = re.compile(r"[^,;:?]+")
_AND = re.compile(r" and ", re.IGNORECASE)
_MAX_QUESTIONS, _MAX_PUBLISHERS = 3, 4  # limit: each is ranked on its own
# A shorter subject says nothing about what the next question is about.
# hand-set on the sample questions; issue J replaces it
_SUBJECT_WORDS = 2


def decompose(question: str, parts: Sequence[QuestionPart]) -> tuple[QuestionPart, ...]:
    """Return a part for each publisher or thing that a question asks; the question itself if that is one.

    `parts` are those that `split_question` returns for the question.

    >>> def texts(question):
    ...     return [part.text for part in decompose(question, [QuestionPart.parse(question)])]
    >>> texts("Which yard built the ferry, and what did it cost?")
    ['Which yard built the ferry?', 'what did it cost? (yard built the ferry)']
    >>> texts("What do the Gull and the council say about the fare?")
    ['What do the Gull say about the fare?', 'What do the council say about the fare?']
    >>> texts("Who owns the ferry and the pier?")
    ['Who owns the ferry and the pier?']
    """
    by_publisher = _by_publisher(parts)
    if len(by_publisher) > 1:
        return by_publisher
    return tuple(map(QuestionPart.parse, _by_side(question) or _by_thing(question)))


def _by_publisher(parts: Sequence[QuestionPart]) -> tuple[QuestionPart, ...]:
    """Return what each publisher is asked: a clause that names it but not all of them, or the whole."""
    whole, *clauses = parts
    publishers = whole.sources.publishers
    if len(publishers) > _MAX_PUBLISHERS:
        return ()
    found = []
    for publisher in publishers:
        own = (
            part
            for part in clauses
            if publisher in part.sources.publishers and len(part.sources.publishers) < len(publishers)
        )
        part = next(own, whole)
        found.append(replace(part, sources=NamedSources((publisher,), part.sources.dates)))
    return tuple(found)


def _by_side(question: str) -> tuple[str, ...]:
    """Return a question for each of two sides, none for a question that does not name two."""
    asks = _ASKS.search(question)
    if asks and (found := _find_sides(question, asks.end(), _BEFORE_SIDES, _AFTER_SIDES)):
        opening, sides, rest = found
        return tuple(f"{question[: opening.end()]}{side} {rest}" for side in sides)
    if found := _find_sides(question, 0, _BEFORE_DIFFERING, _AFTER_DIFFERING):
        opening, sides, rest = found
        return tuple(f"{question[: opening.start()]}what did {side} say about{rest}" for side in sides)
    return ()


def _find_sides(
    question: str, start: int, before: re.Pattern[str], after: re.Pattern[str]
) -> tuple[re.Match[str], list[str], str] | None:
    """Return the match of `before`, the sides "A and B" that follow it, and the rest from `after` on.

    Only the first match of each pattern in a phrase is tried, as no later one can succeed where the first
    fails; so the time grows with the length of the question, where one pattern for the whole would backtrack.
    """
    for phrase in _PHRASE.finditer(question, start):
        end = phrase.end()
        opening = before.search(question, phrase.start(), end)
        joint = _AND.search(question, opening.end() + 1, end) if opening else None
        closing = after.search(question, joint.end() + 1, end) if joint else None
        if opening and closing:
            sides = question[opening.end() : closing.start()].rsplit(" and ", 1)
            return opening, [side.rstrip(",") for side in sides], question[closing.start("rest") :]
    return None


def _by_thing(question: str) -> tuple[str, ...]:
    """Return a question for each thing that is asked, the later ones with the subject of the first."""
    first, *others = (piece.strip(" ?") for piece in _NEXT_QUESTION.split(question))
    subject = " ".join(_QUESTION_WORDS.sub(" ", first).split())
    # "In which year and by whom was it founded?" has one subject, behind both question words.
    if not others or not _IS_QUESTION.match(first) or len(content_stems(subject)) < _SUBJECT_WORDS:
        return (question,)
    return (f"{first}?", *(f"{other}? ({subject})" for other in others))[:_MAX_QUESTIONS]
