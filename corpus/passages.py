"""Split articles into sentences and into passages of whole sentences."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sentencex

from corpus.article import Article
from corpus.caching import TextCache
from corpus.scripts import MARKS, UNSPACED_LETTER, count_unspaced_letters
from corpus.words import content_stems

_PAUSE = re.compile(rf"[^\w{MARKS}]")


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters `start` to `end` of an article's body.

    A passage stores no text of its own, so it cannot hold a word that the article does not.
    """

    article: Article
    start: int
    end: int

    @property
    def text(self) -> str:
        """The passage's characters of the body."""
        return self.article.body[self.start : self.end]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of an overlong one: its characters of the body, and its tokens."""

    start: int
    end: int
    tokens: int


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the (start, end) offsets of the sentences between `start` and `end`, without white space.

    >>> sentence_spans("The U.S. agreed. Mr. Trump left.")
    [(0, 16), (17, 32)]
    """
    spans: list[tuple[int, int]] = []
    position = start
    for piece in sentencex.segment("en", text[start:end]):
        sentence = piece.strip()
        if sentence:
            # sentencex leaves out some line breaks of a long text, so offsets cannot be summed up.
            first = text.index(sentence, position)
            position = first + len(sentence)
            spans.append((first, position))
    return spans


def _sentence_stems(text: str) -> tuple[frozenset[str], ...]:
    """Return the content stems of each sentence of a text."""
    return tuple(frozenset(content_stems(text[start:end])) for start, end in sentence_spans(text))


# Every question of a conversation reads the same passages; the limit is that of some 4,000 of them.
sentence_stems = TextCache(_sentence_stems, max_chars=5_000_000)


def split_passages(
    article: Article, budget: int, count_tokens: Callable[[Sequence[str]], list[int]]
) -> list[Passage]:
    """Split the body into passages of whole sentences with at most `budget` tokens each, without overlap.

    `count_tokens` returns the number of tokens of each of several texts. A letter of a script without spaces
    counts as a token at least, since the encoder takes a whole phrase of Thai for one unknown word. A
    sentence longer than the budget is cut between words, or between letters where there are no spaces.
    """
    pieces = _pieces(article.body, budget, count_tokens)
    passages: list[Passage] = []
    first, used = 0, 0
    for n, piece in enumerate(pieces):
        if used + piece.tokens > budget:
            passages.append(Passage(article, pieces[first].start, pieces[n - 1].end))
            first, used = n, 0
        used += piece.tokens
    if pieces:
        passages.append(Passage(article, pieces[first].start, pieces[-1].end))
    return passages


def _pieces(body: str, budget: int, count_tokens: Callable[[Sequence[str]], list[int]]) -> list[_Piece]:
    """Return the sentences of a body, those longer than the budget in parts."""
    spans = sentence_spans(body)
    pieces: list[_Piece] = []
    for (start, end), tokens in zip(spans, count_tokens([body[a:b] for a, b in spans]), strict=True):
        sentence = _Piece(start, end, max(tokens, count_unspaced_letters(body[start:end])))
        pieces += [sentence] if sentence.tokens <= budget else _cut(body, sentence, budget)
    return pieces


def _cut(body: str, sentence: _Piece, budget: int) -> list[_Piece]:
    """Cut an overlong sentence into parts of equal length, each moved to the next space if one is near."""
    start, end = sentence.start, sentence.end
    step = max(1, (end - start) * budget // (sentence.tokens + budget // 4))
    parts: list[_Piece] = []
    while start < end:
        stop = min(start + step, end)
        if stop < end and UNSPACED_LETTER.match(body, stop):
            stop = _last_pause(body, start, stop)
        elif stop < end:
            stop = _nearest_space(body, start, stop, min(start + 4 * step, end), end)
        parts.append(_Piece(start, stop, budget))
        start = stop + (1 if stop < end and body[stop] == " " else 0)
    return parts


def _nearest_space(text: str, start: int, stop: int, limit: int, end: int) -> int:
    """Return the offset of a space before `stop`, else of one before `limit`, else `stop`.

    A word that reaches `end` before `limit` stays whole: a word is cut only where it is as long as several
    passages.
    """
    before = text.rfind(" ", start + 1, stop + 1)
    if before > 0:
        return before
    after = text.find(" ", stop, limit)
    if after > 0:
        return after
    return limit if limit == end else stop


def _last_pause(text: str, start: int, stop: int) -> int:
    """Return the offset behind the last punctuation or space in the half before `stop`.

    Where there is none, it is that of the letter to which the character at `stop` belongs.
    """
    pauses = [match.end() for match in _PAUSE.finditer(text, (start + stop) // 2, stop)]
    letters = [match.start() for match in UNSPACED_LETTER.finditer(text, start + 1, stop + 1)]
    return (pauses or letters or [stop])[-1]
