"""Made collections of any size, to be searched: real sentences in random order, vectors near real ones.

A made vector lies between that of a real passage and one of its ten nearest real neighbours, moved by the
difference of another such pair and by a little noise, and made a unit vector. So it is as near to its
neighbours as real passages are, and clusters stay; isotropic noise would say nothing about an index.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.texts import real_bodies
from corpus.article import Article, PartialDate
from corpus.passages import Passage, sentence_spans, split_passages
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.library import PASSAGE_TOKENS

FIRST_DAY, DAYS = date(2000, 1, 1), 10_000  # an article a day, in turn
_REAL, _NEIGHBOURS, _NOISE = 1_500, 10, 0.1
_SENTENCES, _PER_PASSAGE = 40, 5
_COMMIT = 2_000  # articles a transaction

Vectors = NDArray[np.float32]


def real_vectors(work: Path, encoder: Encoder, collection: Path | None = None) -> Vectors:
    """Return the vectors of real passages: those stored in `collection`, else of some that are encoded once."""
    file = work / "real.npy"
    if not file.exists():
        if collection:
            store = Store(collection)
            vectors = store.vectors(store.passage_ids())[1]
            store.close()
        else:
            articles = [Article(None, body, None) for body in real_bodies()[1]]
            passages = [
                passage
                for article in articles
                for passage in split_passages(article, PASSAGE_TOKENS, encoder.count_tokens)
            ]
            step = max(1, len(passages) // _REAL)
            vectors = encoder.encode([passage.text for passage in passages[::step][:_REAL]])
        np.save(file, vectors, allow_pickle=False)
    return np.load(file, allow_pickle=False)


class VectorSource:
    """Makes vectors near real ones."""

    def __init__(self, real: Vectors) -> None:
        self._real = real
        self._near = np.argsort(-(real @ real.T), axis=1)[:, 1 : _NEIGHBOURS + 1]

    def make(self, count: int, seed: int) -> Vectors:
        """Return `count` unit vectors; the same for the same seed."""
        draw = np.random.default_rng(seed)

        def steps() -> Vectors:
            """The ways from `count` real passages, or from those given, to one of their neighbours."""
            start = draw.integers(len(self._real), size=count)
            return self._real[self._neighbour(draw, start)] - self._real[start]

        start = draw.integers(len(self._real), size=count)
        share = draw.random((count, 1), np.float32)
        made = (1 - share) * self._real[start] + share * self._real[self._neighbour(draw, start)]
        made += draw.random((count, 1), np.float32) * steps()
        noise = draw.standard_normal(made.shape, np.float32)
        made += _NOISE / np.sqrt(made.shape[1]) * noise
        unit: Vectors = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _neighbour(self, draw: np.random.Generator, start: NDArray[np.int64]) -> NDArray[np.int64]:
        chosen: NDArray[np.int64] = self._near[start, draw.integers(self._near.shape[1], size=len(start))]
        return chosen


def build(folder: Path, passages: int, real: Vectors) -> None:
    """Make a collection of so many passages in `folder`; one that was begun is finished."""
    bodies = real_bodies()[1]
    sentences = [body[start:end] for body in bodies for start, end in sentence_spans(body, 0, len(body))]
    source, store = VectorSource(real), Store(folder)
    store.rows("PRAGMA synchronous = OFF")  # a made collection may be lost
    made, n = store.coverage().passages, store.coverage().articles
    while made < passages:
        with store.transaction():
            for number in range(n, n + _COMMIT):
                own = _article(sentences, number)[: passages - made]
                if own:
                    store._insert(own[0].article, own, source.make(len(own), number), own[0].article.body)
                made += len(own)
        n += _COMMIT
    store.close()


def _article(sentences: Sequence[str], number: int) -> list[Passage]:
    """Return the passages of the article of this number."""
    draw = random.Random(number)
    day = FIRST_DAY + timedelta(days=number % DAYS)
    chosen = draw.choices(sentences, k=_SENTENCES)
    chosen[-1] += f" ({number})"  # an article is known by its text
    groups = [" ".join(chosen[at : at + _PER_PASSAGE]) for at in range(0, len(chosen), _PER_PASSAGE)]
    article = Article(
        title=draw.choice(sentences)[:80],
        body=" ".join(groups),
        publisher=f"Paper {number % 50}",
        published=PartialDate(day.year, day.month, day.day),
        origin=f"made/{number}.txt",
    )
    ends = np.cumsum([len(group) + 1 for group in groups]) - 1
    starts = [0, *(ends[:-1] + 1)]
    return [Passage(article, int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
