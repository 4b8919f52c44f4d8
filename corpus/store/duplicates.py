"""Near-copies: articles that say the same in almost the same words, and where they differ. Knows words, not who copied whom."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import blake2b

from corpus.article import Article

_SHINGLE = 5  # words
_SIGNATURE = 32  # smallest shingle hashes of an article
_ALIKE = 0.7  # share of the words in which two articles must agree, in order
_WORD = re.compile(r"\w+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Difference:
    """Words that stand in one article where other words, or none, stand in the other. `telling` where a figure or a name differs."""

    first: str
    second: str

    @property
    def is_material(self) -> bool:
        return any(char.isdigit() for char in self.first + self.second) or any(
            word[:1].isupper() for word in (self.first + " " + self.second).split()
        )


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Two articles that are nearly the same, with all that differs between their bodies."""

    first: Article
    second: Article
    differences: tuple[Difference, ...]


def find_near_duplicates(
    articles: Sequence[Article], step: Callable[[], object] = lambda: None
) -> Iterator[NearDuplicates]:
    """Pairs of articles that are nearly the same, whichever publishers they are of.

    Articles that share one of their 32 smallest hashes of five-word runs are compared word by word; unrelated ones share none. `step` is called after each.
    """
    seen: dict[int, list[int]] = {}
    for n, article in enumerate(articles):
        candidates: set[int] = set()
        for value in _signature(article.body):
            candidates.update(seen.get(value, ()))
            seen.setdefault(value, []).append(n)
        for other in sorted(candidates):
            yield from _compared(articles[other], article)
        step()


def _signature(text: str) -> list[int]:
    words = [word.lower() for word in _WORD.findall(text)]
    runs = {" ".join(words[n : n + _SHINGLE]) for n in range(max(1, len(words) - _SHINGLE + 1))}
    return sorted(int.from_bytes(blake2b(run.encode(), digest_size=8).digest()) for run in runs)[:_SIGNATURE]


def _compared(first: Article, second: Article) -> Iterable[NearDuplicates]:
    ours, theirs = _WORD.findall(first.body), _WORD.findall(second.body)
    matcher = SequenceMatcher(
        None, [word.lower() for word in ours], [word.lower() for word in theirs], autojunk=False
    )
    if matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return
    differences = [
        Difference(" ".join(ours[a:b]), " ".join(theirs[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    ]
    yield NearDuplicates(first, second, tuple(differences))
