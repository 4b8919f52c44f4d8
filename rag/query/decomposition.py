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
_SIDES = re.compile(
    r"^(?P<before>.*?\b(?:what|how|why|when|who)\b.*? (?:did|do|does|had|have|would)) "
    r"(?P<sides>[^,;:?]+? and [^,;:?]+?) (?:(?:each|both) )?"
    r"(?P<after>(?:say|said|give|gave|put|claim|want|think|thought|argue|expect|estimate|report|state)\b.*)$",
    re.IGNORECASE,
)
# "How did A and B differ about C?" hand-set on the sample questions; issue J replaces it
_DIFFER = re.compile(
    r"^(?P<before>.*?)\bhow (?:did|do|does) (?P<sides>[^,;:?]+? and [^,;:?]+?) "
    r"(?:differ|disagree|diverge)\b (?:about|over|on|in|as to)?(?P<after>.*)$",
    re.IGNORECASE,
)
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
    """Return a question for each of two sides, "" for a question that does not name two."""
    for pattern, template in (
        (_SIDES, "{before} {side} {after}"),
        (_DIFFER, "{before}what did {side} say about{after}"),
    ):
        found = pattern.match(question)
        if found:
            sides = found["sides"].rsplit(" and ", 1)
            return tuple(
                template.format(before=found["before"], side=side.rstrip(","), after=found["after"])
                for side in sides
            )
    return ()


def _by_thing(question: str) -> tuple[str, ...]:
    """Return a question for each thing that is asked, the later ones with the subject of the first."""
    first, *others = (piece.strip(" ?") for piece in _NEXT_QUESTION.split(question))
    subject = " ".join(_QUESTION_WORDS.sub(" ", first).split())
    # "In which year and by whom was it founded?" has one subject, behind both question words.
    if not others or not _IS_QUESTION.match(first) or len(content_stems(subject)) < _SUBJECT_WORDS:
        return (question,)
    return (f"{first}?", *(f"{other}? ({subject})" for other in others))[:_MAX_QUESTIONS]
