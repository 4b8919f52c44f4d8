"""Question -> hits: both searches, part by part, fused; named publishers and days preferred. Knows the library, not the model.

langchain's `BaseRetriever` is its face to other chains.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import fsum
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import ConfigDict

from corpus.passages import Passage, sentence_stems
from corpus.store.filters import Filters
from corpus.words import content_words, stem
from embeddings.library import Library, as_document
from rag import limits
from rag.query.parts import QuestionPart, SearchQuery
from rag.retrieval.deduplication import deduplicate_passages

_FITTING = 12  # passages among which newness counts
_READ = 40  # best passages whose sentences are compared with the question


@dataclass(frozen=True, slots=True)
class Scoring:
    """What each signal counts in a passage's score. The defaults were swept: rag/evaluation/results/retrieval.json holds every row.

    A search's scores are stretched to 0..1 before they are added, so the weights do not depend on the question.
    """

    words: float = 0.8  # share of the search by words; the search by meaning has the rest
    pairs: bool = True  # words that stand side by side count again where they do so in an article
    wordings: bool = True  # other spellings, numerals, acronyms and slips are searched for too
    sources: bool = True  # phrases that name whom to ask are not searched for
    clauses: bool = (
        True  # each clause is searched on its own too, and a passage has the mean of its best two scores
    )
    preference: float = 0.6  # for a publisher that the question or clause names, and again for a day
    sentence: float = 0.4  # for one sentence that holds all words of a part
    newness: float = 0.3  # for the newest of the passages that fit, where the question asks for the latest


@dataclass(frozen=True, slots=True)
class Rank:
    """The place (from 1) and score that one signal gave a passage. `by` is "words", "meaning", "preference", "sentence" or "newness"."""

    by: str
    place: int
    score: float


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A passage that was found. `score` is comparable only inside one list; higher is better. `ranks` explains it, `also_in` repeats it in other papers."""

    passage: Passage
    score: float
    ranks: tuple[Rank, ...]
    also_in: tuple[Passage, ...] = ()


ScoredIds = list[tuple[int, float]]  # (passage id, score), best first


def min_max_normalise(found: ScoredIds, scale: ScoredIds | None = None) -> dict[int, float]:
    """Scores moved to 0..1, the best of `scale` (of `found` itself) to 1 and its worst to 0; what lies outside goes to the nearer end.

    >>> min_max_normalise([(7, 9.0), (8, 6.0), (9, 3.0)])
    {7: 1.0, 8: 0.5, 9: 0.0}
    """
    scores = [score for _, score in (scale or found)]
    lowest, span = min(scores, default=0.0), max(scores, default=0.0) - min(scores, default=0.0)
    return {number: min(1.0, max(0.0, (score - lowest) / span)) if span else 1.0 for number, score in found}


class Retriever(BaseRetriever):
    """Finds passages for a question in one library."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    library: Library
    k: int = 10
    scoring: Scoring = Scoring()

    def hits(self, question: str, k: int | None = None, filters: Filters | None = None) -> list[SearchHit]:
        """Return the `k` best passages for a text that nobody has parsed yet, best first."""
        return self.search(SearchQuery.parse(question, self.library.coverage().publishers), k, filters)

    def search(
        self, query: SearchQuery, k: int | None = None, filters: Filters | None = None
    ) -> list[SearchHit]:
        """Return the `k` best passages for a query, best first; `filters` apply before both searches."""
        asking = query.parts if self.scoring.clauses else query.parts[:1]
        if not self.scoring.sources:
            asking = tuple(replace(part, text=part.full_text) for part in asking)
        vectors = self.library.encoder.encode([part.text for part in asking])
        found = [self._searched(part, vector, filters) for part, vector in zip(asking, vectors, strict=True)]
        fused = {
            number: _best_two([scores.get(number, 0.0) for scores, _ in found])
            for scores, _ in found
            for number in scores
        }
        best = heapq.nlargest(limits.CANDIDATES, fused, key=lambda number: (fused[number], -number))
        hits = [
            SearchHit(passage, fused[number], _explained(number, [ranks for _, ranks in found]))
            for number, passage in self.library.passages(best).items()
        ]
        hits = _best_first(hits)
        hits = _best_first(self._read(hits[:_READ], asking)) + hits[_READ:]
        if query.latest:
            hits = _best_first(_newest_raised(hits[:_FITTING], self.scoring.newness)) + hits[_FITTING:]
        hits = [replace(hit, score=round(hit.score, 4)) for hit in hits]
        return [
            replace(hits[n], also_in=copies)
            for n, copies in deduplicate_passages([hit.passage for hit in hits], k or self.k)
        ]

    def _searched(
        self, part: QuestionPart, vector: NDArray[np.float32], filters: Filters | None
    ) -> tuple[dict[int, float], dict[int, list[Rank]]]:
        """The fused score of each passage that one part of a question finds, and the ranks behind it."""
        fused: dict[int, float] = defaultdict(float)
        ranks: dict[int, list[Rank]] = defaultdict(list)
        weigh = self.scoring.preference and bool(part.sources)
        searches: tuple[tuple[str, float, Callable[[int, Filters | None], ScoredIds]], ...] = (
            (
                "words",
                self.scoring.words,
                partial(
                    self.library.search_by_words,
                    part.text,
                    pairs=self.scoring.pairs,
                    others=self.scoring.wordings,
                ),
            ),
            ("meaning", 1 - self.scoring.words, partial(self.library.search_by_vector, vector)),
        )
        for by, weight, search in searches:
            best = search(limits.CANDIDATES, filters)
            # Who is named may have nothing among the best of all; what they wrote is weighed on the same scale.
            named = search(limits.CANDIDATES, part.sources.filters) if weigh and not filters else []
            for number, score in min_max_normalise([*best, *named], best).items():
                fused[number] += weight * score
            for place, (number, score) in enumerate(best, 1):
                ranks[number].append(Rank(by, place, round(score, 4)))
        for number, passage in self.library.passages(fused).items() if weigh else ():
            preferred = self.scoring.preference * part.sources.match_count(passage.article)
            if preferred:
                fused[number] += preferred
                ranks[number].append(Rank("preference", 1, round(preferred, 4)))
        return fused, ranks

    def _read(self, hits: Iterable[SearchHit], asking: Sequence[QuestionPart]) -> Iterator[SearchHit]:
        """The hits, each raised by the share of a part's words, weighted by rarity, that its best sentence holds; the mean of the best two parts."""
        wanted = [
            {stem(word): self.library.idf(word) for word in content_words(part.text)} for part in asking
        ]
        for hit in hits:
            held = sentence_stems(hit.passage.article.body, hit.passage.start, hit.passage.end)
            gain = self.scoring.sentence * _best_two([_share(words, held) for words in wanted])
            yield replace(
                hit, score=hit.score + gain, ranks=(*hit.ranks, Rank("sentence", 1, round(gain, 4)))
            )

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **extra: Any
    ) -> list[Document]:
        return [as_document(hit.passage) for hit in self.hits(query, extra.get("k"), extra.get("filters"))]


def _best_two(scores: Sequence[float]) -> float:
    """The mean of the best two scores: who answers a clause, and the question or another clause besides, comes before who answers one."""
    best = heapq.nlargest(2, scores)
    return sum(best) / len(best)


def _share(rarities: dict[str, float], sentences: Iterable[frozenset[str]]) -> float:
    total = fsum(rarities.values()) or 1.0  # exact, whatever the order of a set
    return (
        max((fsum(rarities[word] for word in rarities.keys() & held) for held in sentences), default=0.0)
        / total
    )


def _explained(number: int, ranks: Sequence[dict[int, list[Rank]]]) -> tuple[Rank, ...]:
    """The ranks that the whole question gave a passage, or those of the clause that found it."""
    return tuple(next((found[number] for found in ranks if number in found), ()))


def _best_first(hits: Iterable[SearchHit]) -> list[SearchHit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.article.id, hit.passage.start))


def _newest_raised(hits: list[SearchHit], newness: float) -> list[SearchHit]:
    days = [hit.passage.article.published.first.toordinal() for hit in hits if hit.passage.article.published]
    if not days or min(days) == max(days):
        return hits
    raised = []
    for hit in hits:
        published = hit.passage.article.published
        gain = (
            newness * (published.first.toordinal() - min(days)) / (max(days) - min(days))
            if published
            else 0.0
        )
        raised.append(
            replace(hit, score=hit.score + gain, ranks=(*hit.ranks, Rank("newness", 1, round(gain, 4))))
        )
    return raised
