"""A question that asks for several things -> a question for each, and the sentence that answers each best. Knows words and sentences, no model.

"Which yard lost, and what had it asked for?" asks two things; the best sentence for the whole often tells only one of them. Where papers are
named, "does the Gull say that ..., while the Harbour Times ...", each is asked on its own.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.words import content_stems
from embeddings.reranker import Reranker
from rag.query.sources import NamedSources, QuestionPart, split_question
from rag.retrieval.evidence import Evidence, find_conflict, rank_sentences
from rag.retrieval.search import SearchHit

_ASKS = r"(?:(?:for|of|in|by|on|at|to|from|with|under|since|until) )?(?:who|whom|whose|what|which|when|where|why|how)\b"
# A comma alone parts questions only before what can be no relative clause.
_NEXT = re.compile(
    rf"(?:,|;|\?)? and (?={_ASKS})|[?;] (?={_ASKS})|, (?=(?:for|of|in|by|on|at|to|from) (?:what|how)\b)",
    re.IGNORECASE,
)
_ASKED = re.compile(rf"^(?:.*[ ,])?{_ASKS}", re.IGNORECASE)
# The subject of the first question is that of the next, which says "it" or nothing; what the first asks for is not.
_ASKING = re.compile(
    rf"\b{_ASKS} ?(?:(?:many|much|long|large|big|high|old|far) )?(?:(?:did|does|do|was|were|is|are|has|have|had)\b ?)?",
    re.IGNORECASE,
)
# Whom a question for several accounts asks: "what do A and B say about C", "how did A and B differ about C".
_SIDES = re.compile(
    r"^(?P<before>.*?\b(?:what|how|why|when|who)\b.*? (?:did|do|does|had|have|would)) (?P<sides>[^,;:?]+? and [^,;:?]+?) "
    r"(?:(?:each|both) )?(?P<after>(?:say|said|give|gave|put|claim|want|think|thought|argue|expect|estimate|report|state)\b.*)$",
    re.IGNORECASE,
)
_DIFFER = re.compile(
    r"^(?P<before>.*?)\bhow (?:did|do|does) (?P<sides>[^,;:?]+? and [^,;:?]+?) (?:differ|disagree|diverge)\b (?:about|over|on|in|as to)?(?P<after>.*)$",
    re.IGNORECASE,
)
_SENTENCES = 12  # that are compared for each thing; the search has brought the best to the front
_MOST, _MOST_NAMED = 3, 4
_SUBJECT_WORDS = 2


def subquestions(question: str, publishers: Sequence[str] = ()) -> tuple[QuestionPart, ...]:
    """What a question asks, a part for each thing or for each of several publishers; the question itself where that is one thing.

    >>> def texts(question, publishers=()): return [part.text for part in subquestions(question, publishers)]
    >>> texts("Which yard lost the order, and what had it asked for?")
    ['Which yard lost the order?', 'what had it asked for? (yard lost the order)']
    >>> texts("What do the Gull and the council say about the fare?")
    ['What do the Gull say about the fare?', 'What do the council say about the fare?']
    >>> texts("Who owns the ferry and the pier?")
    ['Who owns the ferry and the pier?']
    """
    named = _named(question, publishers)
    return named if len(named) > 1 else tuple(map(QuestionPart, _things(question)))


def _named(question: str, publishers: Sequence[str]) -> tuple[QuestionPart, ...]:
    """For each publisher that a question names what it is asked: a clause that names it, or the whole."""
    whole, *clauses = split_question(question, publishers)
    everyone = whole.source.publishers
    found = []
    for publisher in everyone if len(everyone) <= _MOST_NAMED else ():
        own = [
            part
            for part in clauses
            if publisher in part.source.publishers and len(part.source.publishers) < len(everyone)
        ]
        part = (own or [whole])[0]
        found.append(QuestionPart(part.text, NamedSources((publisher,), part.source.dates)))
    return tuple(found)


def _things(question: str) -> tuple[str, ...]:
    for pattern, told in (
        (_SIDES, "{before} {side} {after}"),
        (_DIFFER, "{before}what did {side} say about{after}"),
    ):
        found = pattern.match(question)
        if found:
            one, other = found["sides"].rsplit(" and ", 1)
            return tuple(
                told.format(before=found["before"], side=side.rstrip(","), after=found["after"])
                for side in (one, other)
            )
    first, *others = (part.strip(" ?") for part in _NEXT.split(question))
    subject = " ".join(_ASKING.sub(" ", first).split())
    # "On what day and by which rocket was it launched" has one subject behind both.
    if not others or not _ASKED.match(first) or len(content_stems(subject)) < _SUBJECT_WORDS:
        return (question,)
    return tuple([f"{first}?", *(f"{other}? ({subject})" for other in others)][:_MOST])


def leading(asked: Sequence[QuestionPart], hits: Sequence[SearchHit], ranker: Reranker) -> list[Evidence]:
    """The best sentence for each of several parts of a question, in their order, each once; none where there is but one.

    Who is asked for by name is heard in the articles that fit best, of the day that is named if there are any, or not at all.
    """
    if len(asked) < 2:
        return []
    best: dict[tuple[str, int], Evidence] = {}
    for part in asked:
        own = [
            hit
            for hit in hits
            if not part.source.publishers or hit.passage.article.publisher in part.source.publishers
        ]
        fits = max((part.source.fits(hit.passage.article) for hit in own), default=0)
        own = [hit for hit in own if part.source.fits(hit.passage.article) == fits]
        for item in rank_sentences(part.text, own, ranker, _SENTENCES):
            if find_conflict(item, best.values()):
                continue  # a copy of what is told already, with another figure, stands beside it anyway
            if best.setdefault((item.article.id, item.start), item) is item:
                break
    return list(best.values())


def preferred(first: Sequence[Evidence], ranked: Sequence[Evidence]) -> list[Evidence]:
    """The ranked sentences with some of them first, which keep the scores that they have for the whole question, and the words for their own."""
    scored = {(item.article.id, item.start): item for item in ranked}
    lowest = min((item.score for item in ranked), default=0.0)
    best = [
        replace(scored.get((item.article.id, item.start), replace(item, score=lowest)), words=item.words)
        for item in first
    ]
    places = {(item.article.id, item.start) for item in best}
    return [*best, *(item for item in ranked if (item.article.id, item.start) not in places)]
