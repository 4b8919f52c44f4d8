"""The collection made findable: `Library` adds, removes and searches by meaning and by words. Knows store, encoder and FAISS, no questions."""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256

import numpy as np
from langchain_core.documents import Document
from numpy.typing import NDArray

from corpus.article import Article
from corpus.passages import Passage, split_passages
from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.filters import Coverage, Filters
from embeddings.encoder import MAX_TOKENS, MODEL_NAME, Encoder, Fingerprint
from embeddings.expansion import QueryExpansion
from embeddings.index import ExactIndex, FaissStore
from embeddings.reranker import Reranker

PASSAGE_TOKENS = MAX_TOKENS - 2  # the encoder puts one token before and one behind a text
_FINGERPRINT = "encoder"
REBUILDING = "rebuilding"


class Library:
    """Articles under search. Vectors live in SQLite; FAISS is filled from them and follows when another process changes the collection."""

    def __init__(self, store: Store, encoder: Encoder, threads: int = 1) -> None:
        """Check that the stored vectors are this encoder's, and fill the index.

        Raises:
            StoreError: the vectors were made by another encoder.
        """
        self.store = store
        self.encoder = encoder
        self._check_fingerprint()
        self._index = ExactIndex(encoder.dimension, threads)
        self._ids: set[int] = set()
        self._lock = threading.RLock()
        self._seen: tuple[int, int] | None = None
        self._version, self._coverage, self._wordings = "", store.coverage(), QueryExpansion(store)
        self.refresh()

    @cached_property
    def reranker(self) -> Reranker:
        """The ranker of sentences, loaded when first asked for; adding and searching need none.

        Raises:
            RankerError: its weights are missing or damaged.
        """
        return Reranker(self.encoder)

    def _check_fingerprint(self) -> None:
        stored = self.store.get_property(_FINGERPRINT)
        if stored is None:
            self.store.set_property(_FINGERPRINT, self.encoder.fingerprint.to_json())
        elif not fingerprint_matches(self.encoder, stored):
            raise StoreError(
                f"{self.store.path} was not indexed with {MODEL_NAME} as it is here; run: python -m corpus rebuild"
            )

    def refresh(self) -> None:
        """Follow the collection: take up vectors that are new in SQLite and drop those that are gone. Cheap when nothing changed."""
        with self._lock:
            version = self.store.version
            if version == self._seen:
                return
            now = set(self.store.passage_ids().tolist())
            gone, new = sorted(self._ids - now), sorted(now - self._ids)
            if gone:
                self._index.remove(gone)
            if new:
                self._index.add(new, self.store.vectors(new))
            self._ids, self._seen = now, version
            # Every question asks for these two; they change only with the collection.
            names = "".join(name for (name,) in self.store.rows("SELECT id FROM articles ORDER BY id"))
            self._wordings = QueryExpansion(self.store)
            self._version, self._coverage = sha256(names.encode()).hexdigest()[:12], self.store.coverage()

    @property
    def version(self) -> str:
        """A short name of the collection's present content: equal content, equal name."""
        self.refresh()
        return self._version

    def coverage(self) -> Coverage:
        """What the collection holds at present."""
        self.refresh()
        return self._coverage

    def add(self, article: Article, raw: str, digest: str) -> int:
        """Split, encode and keep an article read from text `raw` of a file with SHA-256 `digest`; the number of passages that were encoded."""
        known = self.store.has(article.id)
        passages = [] if known else split_passages(article, PASSAGE_TOKENS, self.encoder.count_tokens)
        vectors = self.encoder.encode([passage.text for passage in passages])
        self.store.add(article, passages, vectors, raw, digest)
        return len(passages)

    def reencode(self, article: Article) -> int:
        """Split and encode a kept article anew; how many passages it has now."""
        passages = split_passages(article, PASSAGE_TOKENS, self.encoder.count_tokens)
        self.store.replace_passages(
            article.id, passages, self.encoder.encode([passage.text for passage in passages])
        )
        return len(passages)

    def remove(self, article: str) -> bool:
        """Take an article away; False where there is none of this id."""
        return self.store.remove(article)

    def search_by_vector(
        self, vector: NDArray[np.float32], k: int, filters: Filters | None = None
    ) -> list[tuple[int, float]]:
        """The `k` passages nearest to a question's vector as (passage id, cosine), best first; filters apply before the search."""
        self.refresh()
        among = self.store.passage_ids(filters) if filters else None
        with self._lock:
            return self._index.search(vector, k, among)

    def idf(self, word: str) -> float:
        """How much a word tells: log(1 + (N - n + 0.5) / (n + 0.5)) for n of N passages that hold it, as in bm25."""
        self.refresh()
        held = self._wordings.frequency(word)
        return math.log(1 + (len(self._ids) - held + 0.5) / (held + 0.5))

    def search_by_words(
        self, question: str, k: int, filters: Filters | None = None, pairs: bool = True, others: bool = True
    ) -> list[tuple[int, float]]:
        """The `k` passages that share the question's words best as (passage id, bm25), best first; filters apply before the search.

        `pairs` of words that stand together and `others` for them count as well (see `QueryExpansion`).
        """
        self.refresh()
        query = self._wordings.query(question, pairs, others)
        return self.store.search_words(query, k, filters) if query else []

    def expand_acronyms(self, question: str) -> str:
        """A question with what its acronyms stand for in the articles behind them."""
        self.refresh()
        return self._wordings.expand_acronyms(question)

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        return self.store.passages(ids)

    def as_vector_store(self) -> FaissStore:
        """This collection as a langchain `VectorStore`, for search only."""
        self.refresh()
        return FaissStore(self.encoder, self._index, _Documents(self.store), _Keys())


def fingerprint_matches(encoder: Encoder, fingerprint: str) -> bool:
    """True if the vectors that a collection says this of are `encoder`'s, all of them."""
    return fingerprint != REBUILDING and Fingerprint.from_json(fingerprint).matches(encoder.fingerprint)


def rebuild(store: Store, encoder: Encoder) -> Iterator[Article]:
    """Split and encode every article anew, whatever encoder it was indexed with; yields each when it is done.

    Until the last one is done the collection opens for nothing but another rebuild, since two encoders' vectors must not mix.
    """
    articles = store.articles()
    store.set_property(_FINGERPRINT, encoder.fingerprint.to_json())
    library = Library(store, encoder)
    store.set_property(_FINGERPRINT, REBUILDING)
    for article in articles:
        library.reencode(article)
        yield article
    store.rebuild_word_index()
    store.set_property(_FINGERPRINT, encoder.fingerprint.to_json())


class _Keys(Mapping[int, str]):
    """Passage ids as langchain's document ids."""

    def __getitem__(self, number: int) -> str:
        return str(number)

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Documents(Mapping[str, Document]):
    """Passages as langchain's documents, read from the store when asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getitem__(self, name: str) -> Document:
        found = self._store.passages([int(name)]) if name.isdecimal() else {}
        if not found:
            raise KeyError(name)
        return as_document(found[int(name)], name)

    def __iter__(self) -> Iterator[str]:
        return map(str, self._store.passage_ids().tolist())

    def __len__(self) -> int:
        return len(self._store.passage_ids())


def as_document(passage: Passage, name: str | None = None) -> Document:
    """A passage as langchain's `Document`, with its article's facts as metadata."""
    article = passage.article
    metadata = {
        "article": article.id,
        "title": article.headline,
        "publisher": article.publisher,
        "published": str(article.published or ""),
        "start": passage.start,
        "end": passage.end,
    }
    return Document(id=name, page_content=passage.text, metadata=metadata)
