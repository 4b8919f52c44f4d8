"""Find near-duplicates: articles that say the same in almost the same words, and where they differ."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import blake2b

from corpus.article import Article

_SHINGLE_WORDS = 5  # a limit
_SIGNATURE_SIZE = 32  # a limit: the smallest shingle hashes of an article
# The share of words in which two articles must agree, in order; decides which are listed as near-duplicates.
_MIN_SIMILARITY = 0.7  # hand-set on the sample articles, which hold one such pair
_WORD = re.compile(r"\w+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Difference:
    """Words of one article where the other has other words, or none."""

    first: str
    second: str

    @property
    def is_material(self) -> bool:
        """True if a number or a name differs."""
        words = f"{self.first} {self.second}".split()
        return any(word[0].isupper() or any(char.isdigit() for char in word) for word in words)


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Two articles that are nearly the same, with all differences between their bodies."""

    first: Article
    second: Article
    differences: tuple[Difference, ...]


def find_near_duplicates(
    articles: Sequence[Article], on_article: Callable[[], object] = lambda: None
) -> Iterator[NearDuplicates]:
    """Yield pairs of articles that are nearly the same; `on_article` is called after each article.

    Only articles that share one of their 32 smallest hashes of five-word runs are compared word by word;
    unrelated ones share none.
    """
    seen: dict[int, list[int]] = {}
    for n, article in enumerate(articles):
        candidates: set[int] = set()
        for value in _signature(article.body):
            candidates.update(seen.get(value, ()))
            seen.setdefault(value, []).append(n)
        for other in sorted(candidates):
            pair = _compare(articles[other], article)
            if pair:
                yield pair
        on_article()


def _signature(text: str) -> list[int]:
    """Return the smallest hashes of the runs of five words in a text."""
    words = [word.lower() for word in _WORD.findall(text)]
    runs = {" ".join(words[n : n + _SHINGLE_WORDS]) for n in range(max(1, len(words) - _SHINGLE_WORDS + 1))}
    hashes = (int.from_bytes(blake2b(run.encode(), digest_size=8).digest()) for run in runs)
    return sorted(hashes)[:_SIGNATURE_SIZE]


def _compare(first: Article, second: Article) -> NearDuplicates | None:
    """Return two articles with their differences; None if they are not nearly the same."""
    ours, theirs = _WORD.findall(first.body), _WORD.findall(second.body)
    matcher = SequenceMatcher(
        None, [word.lower() for word in ours], [word.lower() for word in theirs], autojunk=False
    )
    if matcher.quick_ratio() < _MIN_SIMILARITY or matcher.ratio() < _MIN_SIMILARITY:
        return None
    differences = (
        Difference(" ".join(ours[a:b]), " ".join(theirs[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )
    return NearDuplicates(first, second, tuple(differences))
