"""One report in several papers: which found passages and sentences say the same words, with nothing that differs. Knows words and days, no scores.

Strict, since what is called a copy is shown once: a figure, a name, a denial or any other word of content that differs makes two reports.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from corpus.article import Article
from corpus.passages import Passage, sentence_spans
from corpus.words import words

# Words that may be there or not without another meaning; house styles differ in them.
_TRIVIAL = frozenset("a an the that which also said says had has have been on of and".split())
_DAYS = 7  # "on Thursday" is another day in a paper of another week
_ENOUGH = 30  # words; fewer may be the same by chance ("No one was hurt.")


def comparison_text(text: str) -> str:
    """A text's words as they are compared: in lower case, without punctuation, the commas of figures and words that carry nothing.

    >>> comparison_text("The ferry, the mayor said, has cost 4,000 crowns.")
    'ferry mayor cost 4000 crowns'
    """
    return " ".join(word.replace(",", "") for word in words(text.replace("’", "'")) if word not in _TRIVIAL)


def deduplicate_passages(passages: Sequence[Passage], most: int) -> Iterator[tuple[int, tuple[Passage, ...]]]:
    """The places of the first `most` passages that say something of their own, each with those further down that only repeat it.

    A passage repeats another paper's when all its sentences stand there, in passages that came before it.
    """
    kept: list[int] = []
    said: dict[str, set[str]] = {}  # by article, in the passages that are kept
    copies: dict[int, list[Passage]] = {}
    for n, passage in enumerate(passages):
        told = _told(passage.article.body, passage.start, passage.end)
        original = next(
            (m for m in kept if _repeats(passage, told, passages[m], said[passages[m].article.id])), None
        )
        if original is not None:
            copies[original].append(passage)
        elif len(kept) < most:
            kept.append(n)
            copies[n] = []
            said.setdefault(passage.article.id, set()).update(told)
        else:
            break
    return ((n, tuple(copies[n])) for n in kept)


def _repeats(passage: Passage, told: frozenset[str], other: Passage, said: set[str]) -> bool:
    return (
        told <= said
        and _may_share(passage.article, other.article)
        and _long_enough(told)
        and bool(told & _told(other.article.body, other.start, other.end))
    )


@lru_cache(maxsize=512)
def _told(body: str, start: int, end: int) -> frozenset[str]:
    return frozenset(comparison_text(body[a:b]) for a, b in sentence_spans(body, start, end)) - {""}


def _may_share(first: Article, second: Article) -> bool:
    """True for articles of two papers in one week; an unknown date is no obstacle, an unknown paper is a paper of its own."""
    if first.publisher == second.publisher:
        return False
    days = [article.published for article in (first, second) if article.published]
    return (
        len(days) < 2 or (days[0].first - days[1].last).days <= _DAYS >= (days[1].first - days[0].last).days
    )


def also_in(article: Article, sentence: str, others: Sequence[Article]) -> tuple[Article, ...]:
    """Those of `others` that are near-copies of `article` in another paper and hold this sentence of it, in the order given."""
    wanted = comparison_text(sentence)
    return tuple(
        other
        for other in others
        if other.id != article.id
        and _may_share(article, other)
        and wanted in _wording_of(other.body)
        and wanted in _told(other.body, 0, len(other.body))
        and _are_copies(article, other)
    )


@lru_cache(maxsize=64)
def _wording_of(body: str) -> str:
    return comparison_text(body)


def _are_copies(first: Article, second: Article) -> bool:
    """True if at least half of the shorter article's sentences stand in the longer; papers cut agency reports from the end."""
    ours, theirs = (_told(article.body, 0, len(article.body)) for article in (first, second))
    shared = ours & theirs
    return len(shared) >= min(len(ours), len(theirs)) / 2 and _long_enough(shared)


def _long_enough(told: Iterable[str]) -> bool:
    return sum(len(sentence.split()) for sentence in told) >= _ENOUGH
