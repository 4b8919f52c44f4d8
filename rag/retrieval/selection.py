"""A question -> what bears on it: passages, their sentences, its dated figures, and what each thing, side or clause that it asks has of its own.

Knows the order of the search's steps, not how each is done; it judges nothing and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from corpus.store.filters import Filters
from embeddings.library import Library
from rag.answers.answer import Turn
from rag.query.answer_type import amount_filter, asks_amount, asks_date
from rag.query.followups import previous_exchange, recalled, together
from rag.query.sources import split_question
from rag.query.timing import Intent, extract_topic
from rag.retrieval.evidence import SHORTLIST_SIZE, Evidence, deduplicate, rank_sentences
from rag.retrieval.search import Retriever, SearchHit
from rag.retrieval.series import Figure, told, whole
from rag.retrieval.subquestions import leading, preferred, subquestions

_COMPARED = 12  # of the best sentences are looked for in near-copies; what is shown is among them
_WIDER = 3  # times as many hits are looked at where earlier articles are preferred
_WIDE = 5  # times as many passages are looked through for the figure that each article holds
_CLAUSE_SENTENCES = 8  # that are ranked for each clause of a long question


@dataclass(frozen=True, slots=True)
class SelectedEvidence:
    """What bears on a question. `ranked` are sentences, best first; the first `things` of them answer one thing each, where several are asked.

    `wanted` is what it says about time and sources, `subject` the rest, its acronyms spelled out. `dated` are the figures where it asks for
    an amount over time or for the latest one.
    """

    wanted: Intent
    subject: str
    hits: list[SearchHit]
    ranked: list[Evidence]
    dated: list[Figure] = field(default_factory=list)
    things: int = 1


def hits(
    retriever: Retriever,
    subject: str,
    k: int,
    filters: Filters | None = None,
    question: str = "",
    history: Sequence[Turn] = (),
) -> list[SearchHit]:
    """The passages for a subject; where the question may be about the articles of the exchange before it, those are preferred."""
    exchange = previous_exchange(question, history)
    if not exchange:
        return retriever.hits(subject, k, filters)
    return recalled(retriever.hits(subject, _WIDER * k, filters), retriever.hits(exchange, k, filters), k)


def select_evidence(
    retriever: Retriever,
    searched: str,
    wanted: Intent,
    filters: Filters,
    question: str,
    history: Sequence[Turn],
) -> SelectedEvidence:
    """What bears on a question, as it is `searched` and as it was typed.

    An account over time needs several articles, so it looks wider and takes longer; a figure is looked for in whole articles.
    """
    subject, ranker = extract_topic(searched), retriever.library.reranker
    asked = retriever.library.expand_acronyms(subject)
    figure = (asks_amount(subject) or asks_date(subject)) and (wanted.change or wanted.latest)
    breadth = 2 if wanted.change or wanted.overview else 1
    found = hits(retriever, subject, (_WIDE if figure else breadth) * retriever.k, filters, question, history)
    if figure:
        articles = whole(found)
        ranked = deduplicate(
            rank_sentences(asked, articles, ranker, 2 * SHORTLIST_SIZE, amount_filter(subject)),
            articles,
            2 * _COMPARED,
        )
        dated = told(asked, ranked, wanted)
        if dated:
            return SelectedEvidence(wanted, asked, articles, ranked, dated)
        found = found[: breadth * retriever.k]
    ranked = rank_sentences(asked, found, ranker, breadth * SHORTLIST_SIZE)
    if subject != extract_topic(question):
        ranked = together(ranked, rank_sentences(question, found, ranker, breadth * SHORTLIST_SIZE))
    publishers = retriever.library.coverage().publishers
    best = (
        leading(subquestions(question, publishers), found, ranker)
        if subject == extract_topic(question)
        else []
    )
    ranked = deduplicate(preferred(best, ranked), found, breadth * _COMPARED)
    return SelectedEvidence(wanted, asked, found, ranked, things=max(1, len(best)))


def by_clause(found: SelectedEvidence, library: Library) -> list[tuple[str, list[Evidence]]]:
    """The question and each clause of a long one, with the sentences that bear on it."""
    clauses = split_question(found.subject, library.coverage().publishers)[1:] if not found.dated else []
    return [
        (found.subject, found.ranked),
        *(
            (part.text, rank_sentences(part.text, found.hits, library.reranker, _CLAUSE_SENTENCES))
            for part in clauses
        ),
    ]
