"""Question -> hits: both searches, clause by clause, fused; named publishers and days preferred. Knows the library, not the model.

langchain's `BaseRetriever` is its face to other chains.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from corpus.filters import Filters
from corpus.passages import Passage
from embeddings.library import Library, as_document
from rag import limits
from rag.syndicated import once
from rag.timing import Asked, asked, published_then

# Shares of the two searches in the fused score, both stretched to 0..1. Words carry more than meaning in news questions:
# on 429 MultiHop-RAG questions 0.7/0.3 gave Hits@4 0.725, equal ranks 0.667.
WORDS_SHARE = 0.7
# What a publisher or a day that the question names adds to a fused score of at most 1.
PREFERENCE = 0.15
# What the newest of the passages that fit gains where the question asks for the latest; the oldest gains nothing.
RECENCY = 0.3
_FITTING = 12  # passages among which newness counts
_CLAUSE_BORDER = re.compile(
    r"[;:?]\s+|,\s+(?:and|but|while|whereas|as|which|who|or)\s+|,\s+|\s+(?:and|while|whereas|but)\s+", re.IGNORECASE
)
_CLAUSE_WORDS = 5


@dataclass(frozen=True, slots=True)
class Rank:
    """The place (from 1) and score that one search gave a passage. `by` is "words", "meaning", "preference" or "newness"."""

    by: str
    place: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `score` is comparable only inside one list; higher is better. `ranks` explains it, `also_in` repeats it in other papers."""

    passage: Passage
    score: float
    ranks: tuple[Rank, ...]
    also_in: tuple[Passage, ...] = ()


def clauses(question: str) -> list[str]:
    """The parts of a long question that are searched on their own, each at least five words.

    >>> clauses("What did the council plan in 2016, and what did the auditors say about it in 2021?")
    ['What did the council plan in 2016', 'what did the auditors say about it in 2021?']
    """
    parts = [part.strip() for part in _CLAUSE_BORDER.split(question)]
    parts = [part for part in parts if part and len(part.split()) >= _CLAUSE_WORDS]
    return parts if len(parts) > 1 else []


def stretch(found: list[tuple[int, float]]) -> dict[int, float]:
    """Scores moved to 0..1, the best 1 and the worst 0.

    >>> stretch([(7, 9.0), (8, 6.0), (9, 3.0)])
    {7: 1.0, 8: 0.5, 9: 0.0}
    """
    scores = [score for _, score in found]
    span = max(scores, default=0.0) - min(scores, default=0.0)
    return {number: (score - min(scores)) / span if span else 1.0 for number, score in found}


class Retriever(BaseRetriever):
    """Finds passages for a question in one library."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    library: Library
    k: int = 10

    def hits(self, question: str, k: int | None = None, filters: Filters | None = None) -> list[Hit]:
        """The `k` best passages for a question, best first; `filters` hold before both searches."""
        fused: dict[int, float] = defaultdict(float)
        ranks: dict[int, list[Rank]] = defaultdict(list)
        queries = [question, *clauses(question)]
        for n, (query, vector) in enumerate(zip(queries, self.library.encoder.encode(queries), strict=True)):
            by_words = self.library.by_words(query, limits.CANDIDATES, filters)
            by_meaning = self.library.by_meaning(vector, limits.CANDIDATES, filters)
            if n == 0:
                for by, found in (("words", by_words), ("meaning", by_meaning)):
                    for place, (number, score) in enumerate(found, 1):
                        ranks[number].append(Rank(by, place, round(score, 4)))
            words, meaning = stretch(by_words), stretch(by_meaning)
            for number in words.keys() | meaning.keys():
                score = WORDS_SHARE * words.get(number, 0.0) + (1 - WORDS_SHARE) * meaning.get(number, 0.0)
                fused[number] = max(fused[number], score)
        wanted = asked(question, self.library.coverage().publishers)
        passages = self.library.passages(fused)
        hits = _best_first(_hit(passage, fused[number], ranks[number], wanted) for number, passage in passages.items())
        if wanted.latest:
            hits = _best_first(_newest_raised(hits[:_FITTING])) + hits[_FITTING:]
        return [replace(hits[n], also_in=copies) for n, copies in once([hit.passage for hit in hits], k or self.k)]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **extra: Any) -> list[Document]:
        return [as_document(hit.passage) for hit in self.hits(query, extra.get("k"), extra.get("filters"))]


def _best_first(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.article.id, hit.passage.start))


def _newest_raised(hits: list[Hit]) -> list[Hit]:
    days = [hit.passage.article.published.first.toordinal() for hit in hits if hit.passage.article.published]
    if not days or min(days) == max(days):
        return hits
    raised = []
    for hit in hits:
        published = hit.passage.article.published
        gain = RECENCY * (published.first.toordinal() - min(days)) / (max(days) - min(days)) if published else 0.0
        raised.append(Hit(hit.passage, round(hit.score + gain, 4), (*hit.ranks, Rank("newness", 1, round(gain, 4)))))
    return raised


def _hit(passage: Passage, score: float, ranks: list[Rank], wanted: Asked) -> Hit:
    preferred = PREFERENCE * ((passage.article.publisher in wanted.publishers) + published_then(passage.article, wanted.dates))
    extra = [Rank("preference", 1, preferred)] if preferred else []
    return Hit(passage, round(score + preferred, 4), (*ranks, *extra))
