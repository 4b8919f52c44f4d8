"""Recognise one report that several publishers printed, so that it is shown once.

Two texts count as copies only if no figure, name, negation or other content word differs.
"""

from collections.abc import Iterable, Sequence

from corpus.article import Article
from corpus.caching import TextCache
from corpus.passages import Passage, sentence_spans
from corpus.words import words

# Words that house styles add or leave out without a change of meaning.
_TRIVIAL = frozenset("a an the that which also said says had has have been on of and".split())
_MAX_DAYS_APART = 7  # limit: in a paper of another week, "on Thursday" is another day
_MIN_SHARED_WORDS = 30  # limit: fewer may be equal by chance ("No one was hurt.")
_CACHED_CHARS = 1_000_000  # limit, of each cache: some 200 articles
_MIN_SHARED_SENTENCES = 0.5  # limit: of the shorter article; papers cut agency reports from the end


def comparison_text(text: str) -> str:
    """Return a text's words in the form that copies are compared in.

    In lower case, without punctuation, the commas of figures and trivial words.

    >>> comparison_text("The ferry, the mayor said, has cost 4,000 crowns.")
    'ferry mayor cost 4000 crowns'
    """
    return " ".join(word.replace(",", "") for word in words(text.replace("’", "'")) if word not in _TRIVIAL)


def deduplicate_passages(passages: Sequence[Passage], limit: int) -> list[tuple[int, tuple[Passage, ...]]]:
    """Return the indices of the first `limit` distinct passages, each with the later passages that repeat it.

    A passage repeats another publisher's if all its sentences occur there, in passages that came before it.
    """
    kept: list[int] = []
    kept_sentences: dict[str, set[str]] = {}  # by article id
    copies: dict[int, list[Passage]] = {}
    for n, passage in enumerate(passages):
        own = _sentences(passage.text)
        original = next(
            (m for m in kept if _repeats(passage, own, passages[m], kept_sentences[passages[m].article.id])),
            None,
        )
        if original is not None:
            copies[original].append(passage)
        elif len(kept) < limit:
            kept.append(n)
            copies[n] = []
            kept_sentences.setdefault(passage.article.id, set()).update(own)
        else:
            break
    return [(n, tuple(copies[n])) for n in kept]


def find_copies(article: Article, sentence: str, others: Sequence[Article]) -> tuple[Article, ...]:
    """Return the copies of `article` by other publishers that contain this sentence of it."""
    wanted = comparison_text(sentence)
    return tuple(
        other
        for other in others
        if other.id != article.id
        and _may_be_copies(article, other)
        and wanted in _article_text(other.body)  # much faster than to split the article into sentences
        and wanted in _sentences(other.body)
        and _are_copies(article, other)
    )


def _repeats(passage: Passage, own: frozenset[str], other: Passage, kept_sentences: set[str]) -> bool:
    return (
        own <= kept_sentences
        and _may_be_copies(passage.article, other.article)
        and _are_long_enough(own)
        and bool(own & _sentences(other.text))
    )


def _compared_sentences(text: str) -> frozenset[str]:
    return frozenset(comparison_text(text[start:end]) for start, end in sentence_spans(text)) - {""}


_sentences = TextCache(_compared_sentences, _CACHED_CHARS)
_article_text = TextCache(comparison_text, _CACHED_CHARS)


def _may_be_copies(first: Article, second: Article) -> bool:
    """Return whether two publishers may have printed both articles within a week.

    An unknown date may be any day; an unknown publisher is one of its own.
    """
    if first.publisher == second.publisher:
        return False
    days = [article.published for article in (first, second) if article.published]
    if len(days) < 2:
        return True
    one, other = days
    return (one.first - other.last).days <= _MAX_DAYS_APART >= (other.first - one.last).days


def _are_copies(first: Article, second: Article) -> bool:
    """Return whether enough of the shorter article's sentences occur in the longer one."""
    one, other = (_sentences(article.body) for article in (first, second))
    shared = one & other
    return len(shared) >= _MIN_SHARED_SENTENCES * min(len(one), len(other)) and _are_long_enough(shared)


def _are_long_enough(sentences: Iterable[str]) -> bool:
    return sum(len(sentence.split()) for sentence in sentences) >= _MIN_SHARED_WORDS
