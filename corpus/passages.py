"""`Passage`, a window on an article's body, and the sentence-aware split. Knows sentences and a token counter; knows no encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sentencex

from corpus.article import Article
from corpus.words import content_stems


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters `start` to `end` of an article's body. Its text is stored nowhere, so it cannot hold a word that the article does not."""

    article: Article
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.article.body[self.start : self.end]


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Offsets of the sentences between `start` and `end` of `text`, without the white space around them.

    >>> sentence_spans("The U.S. agreed. Mr. Trump left.")
    [(0, 16), (17, 32)]
    """
    spans: list[tuple[int, int]] = []
    position = start
    for piece in sentencex.segment("en", text[start:end]):
        bare = piece.strip()
        if bare:
            # The pieces of a long text do not add up to it: sentencex leaves some line breaks out. The words are all there.
            first = text.index(bare, position)
            position = first + len(bare)
            spans.append((first, position))
    return spans


@lru_cache(maxsize=4096)
def sentence_stems(body: str, start: int, end: int) -> tuple[frozenset[str], ...]:
    """The content stems of each sentence between `start` and `end`; kept, since every question of a conversation reads the same passages."""
    return tuple(frozenset(content_stems(body[a:b])) for a, b in sentence_spans(body, start, end))


def split_passages(
    article: Article, budget: int, count_tokens: Callable[[Sequence[str]], list[int]]
) -> list[Passage]:
    """Cut the body into passages of whole sentences with at most `budget` tokens each, without overlap.

    `count_tokens` gives the tokens of each of several texts. A sentence longer than the budget is cut at words.
    """
    spans = sentence_spans(article.body)
    sizes = count_tokens([article.body[a:b] for a, b in spans])
    pieces: list[tuple[int, int, int]] = []
    for (start, end), size in zip(spans, sizes, strict=True):
        pieces += [(start, end, size)] if size <= budget else _cut(article.body, start, end, size, budget)
    passages: list[Passage] = []
    first, used = 0, 0
    for n, (_, _, size) in enumerate(pieces):
        if used + size > budget:
            passages.append(Passage(article, pieces[first][0], pieces[n - 1][1]))
            first, used = n, 0
        used += size
    if pieces:
        passages.append(Passage(article, pieces[first][0], pieces[-1][1]))
    return passages


def _cut(text: str, start: int, end: int, size: int, budget: int) -> list[tuple[int, int, int]]:
    """Equal parts of an overlong sentence, moved to the next space where one is near."""
    step = max(1, (end - start) * budget // (size + budget // 4))
    parts: list[tuple[int, int, int]] = []
    while start < end:
        stop = min(start + step, end)
        if stop < end:
            near = min(start + 4 * step, end)
            before, after = text.rfind(" ", start + 1, stop + 1), text.find(" ", stop, near)
            # A single word is only cut where it is as long as several passages.
            stop = before if before > 0 else after if after > 0 else near if near == end else stop
        parts.append((start, stop, budget))
        start = stop + (1 if stop < end and text[stop] == " " else 0)
    return parts
