"""Select the values that answer a question for an amount or a date over time, or for the latest one.

All thresholds of this module, unless they are limits, are hand-set on the sample questions; issue J replaces
them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from corpus.passages import Passage
from rag.query.parse import ParsedQuestion
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import SearchHit
from rag.retrieval.values import DatedValue, rank_values

_ARTICLES = 12  # limit: whose sentences are read
_WHOLE_CHARS = 20_000  # limit: up to which an article is read whole, not only the passages that were found
_ENTRIES = 8  # limit: dates in one answer
_MIN_SCORE = 17.0  # of the best value; below it no value fits and the best sentences are the answer
# How much worse than the best value may fit: one of another date, and the newest if the latest is asked for.
MAX_SCORE_GAP, _MAX_LATEST_GAP = 8.5, 6.0
SIMILAR_SIZE_BONUS = 2.0  # for a value of about the size of another article's


def whole_articles(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return the articles of the best hits, whole: a value is often in another passage than the topic."""
    best: dict[str, SearchHit] = {}
    long = []
    for hit in hits:
        article = hit.passage.article
        if len(article.body) > _WHOLE_CHARS:
            long.append(hit)
        else:
            best.setdefault(article.id, replace(hit, passage=Passage(article, 0, len(article.body))))
    return sorted([*best.values(), *long], key=lambda hit: -hit.score)[:_ARTICLES]


def select_values(question: ParsedQuestion, ranked: Sequence[Evidence]) -> list[DatedValue]:
    """Return the values that answer a question: one for each article, newest first, or only the latest.

    Returns none if no value fits the question well enough.
    """
    values = rank_values(question.topic, ranked)
    if not values or values[0].score < _MIN_SCORE:
        return []
    best = _best_of_each_article(values)
    if question.intent.latest:
        return _latest(best, values[0])
    near = _within_years(question, _near(best, values[0].score - MAX_SCORE_GAP))
    return sorted(near[:_ENTRIES], key=_day, reverse=True)


def _latest(best: Sequence[DatedValue], top: DatedValue) -> list[DatedValue]:
    """Return the newest value that fits; dates must fit better, since every article has some."""
    gap = _MAX_LATEST_GAP / 2 if top.quantity.unit == "date" else _MAX_LATEST_GAP
    return sorted((value for value in best if value.score >= top.score - gap), key=_published, reverse=True)[
        :1
    ]


def _near(best: Sequence[DatedValue], least: float) -> list[DatedValue]:
    """Return the values that fit well enough, less well if another article's has about the same size.

    What one thing measures at several dates mostly has one order of magnitude.
    """
    near = [value for value in best if value.score >= least]
    return [
        value
        for value in best
        if value.score + SIMILAR_SIZE_BONUS * any(_similar_size(value, other) for other in near) >= least
    ]


def _within_years(question: ParsedQuestion, values: list[DatedValue]) -> list[DatedValue]:
    """Return the values of the years that a question names, if it names a span; all if that leaves none."""
    if len(question.dates) < 2:
        return values
    years = [date.year for date in question.dates]
    within = [value for value in values if not value.day or min(years) <= value.day.year <= max(years)]
    return within or values


def _best_of_each_article(values: Iterable[DatedValue]) -> list[DatedValue]:
    best: dict[str, DatedValue] = {}
    for value in values:
        best.setdefault(value.evidence.article.id, value)
    return list(best.values())


def _similar_size(one: DatedValue, other: DatedValue) -> bool:
    """Return True if neither of the values of two articles is more than half as large again as the other."""
    low, high = sorted((one.quantity.high, other.quantity.high))
    return one.evidence.article.id != other.evidence.article.id and low * 3 >= high * 2


def _day(value: DatedValue) -> int:
    return value.day.first.toordinal() if value.day else 0


def _published(value: DatedValue) -> int:
    published = value.evidence.article.published
    return published.first.toordinal() if published else 0


def values_disagree(values: Sequence[DatedValue]) -> bool:
    """Return True if two articles give incompatible values for one day, both as facts or both as plans."""
    return any(_disagree(one, other) for n, one in enumerate(values) for other in values[n + 1 :])


def _disagree(one: DatedValue, other: DatedValue) -> bool:
    return (
        one.day is not None
        and one.day == other.day
        and one.evidence.article.id != other.evidence.article.id
        and one.quantity.stage == other.quantity.stage
        and not one.quantity.compatible_with(other.quantity)
    )
