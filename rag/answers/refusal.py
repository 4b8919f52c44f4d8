"""Refuse to answer: say what is missing, what comes nearest, and what the collection holds."""

import re

from corpus.store.filters import Coverage, Filters
from rag.answers.answer import Answer
from rag.answers.schema import AnswerCode
from rag.verification.answerability import describe_date_range, describe_missing

_REFUSAL = re.compile(
    r"\b(?:articles?|sentences?|sources?|texts?|passages?)\b.{0,30}"
    r"\b(?:do|does|did) not (?:say|mention|state|tell|specify|contain)",
    re.IGNORECASE,
)

_EMPTY = "The collection is empty. Add articles with: dateline add FOLDER"
# What a kept refusal says of the collection as it was, which cannot be computed again.
_ALL_ARTICLES = re.compile(r" Remove it to search all (\d{1,9}) articles\.\Z")
_COUNTS = re.compile(
    r"(?<= )The collection holds [\d,]{1,12} articles of \d{1,9} publishers"
    r"(?: from \d{4} to \d{4}| of \d{4})?(?:, \d{1,9} of them undated)?\.\Z"
)


def is_refusal(text: str, prompted: str) -> bool:
    """Return True if a model writes that nothing answers; `prompted` is how its prompt asks it to say so."""
    return bool(_REFUSAL.search(text)) or text.startswith(prompted)


def refuse(answer: Answer, coverage: Coverage) -> Answer:
    """Return the answer as a refusal with its reason."""
    code, message = _reason(answer, coverage)
    return answer.replace(status="unanswerable", codes=(*answer.codes, code), message=message)


def _reason(answer: Answer, coverage: Coverage) -> tuple[AnswerCode, str]:
    if not coverage.articles:
        return (
            "collection_empty",
            _EMPTY,
        )
    if not answer.evidence and answer.filters:
        return (
            "nothing_in_filter",
            _passes_no_filter(answer.filters, str(coverage.articles)),
        )
    sentences = (
        describe_missing(answer.question, answer.evidence),
        describe_date_range(answer.evidence),
        describe_coverage(coverage),
    )
    return "not_said", " ".join(filter(None, sentences))


def restore_message(answer: Answer, kept: str) -> str:
    """Return the message of a refusal that was kept: computed again, but for the counts of the collection."""
    counts = _COUNTS.search(kept)
    if "collection_empty" in answer.codes:
        return _EMPTY
    if "nothing_in_filter" in answer.codes:
        all_articles = _ALL_ARTICLES.search(kept)
        return _passes_no_filter(answer.filters, all_articles[1] if all_articles else "")
    if "not_said" not in answer.codes:
        return ""
    nearest = describe_missing(answer.question, answer.evidence), describe_date_range(answer.evidence)
    return " ".join(filter(None, (*nearest, counts[0] if counts else "")))


def _passes_no_filter(filters: Filters, articles: str) -> str:
    all_articles = f"all {articles} articles" if articles else "all articles"
    return f"No article passes the filter ({describe_filters(filters)}). Remove it to search {all_articles}."


def describe_coverage(coverage: Coverage) -> str:
    """Return a sentence about what a collection holds."""
    years = list(dict.fromkeys(day.year for day in (coverage.earliest, coverage.latest) if day))
    span = f" from {years[0]} to {years[-1]}" if len(years) > 1 else f" of {years[0]}" if years else ""
    undated = f", {coverage.undated} of them undated" if coverage.undated else ""
    publishers = len(coverage.publishers)
    return f"The collection holds {coverage.articles:,} articles of {publishers} publishers{span}{undated}."


def describe_filters(filters: Filters) -> str:
    """Return filters in words: "since 2018-01-01, publisher Meridian Wire"."""
    parts = (
        f"since {filters.since}" if filters.since else "",
        f"until {filters.until}" if filters.until else "",
        f"publisher {' or '.join(filters.publishers)}" if filters.publishers else "",
        f"article {' or '.join(filters.articles)}" if filters.articles else "",
    )
    return ", ".join(filter(None, parts))
