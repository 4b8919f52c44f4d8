"""The searchable collection: add, remove and search articles by vector and by words."""

import math
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
from langchain_core.documents import Document
from numpy.typing import NDArray

from corpus.article import Article
from corpus.cleaning.restore import restore_body
from corpus.passages import Passage, split_passages
from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.filters import Coverage, Filters
from embeddings.encoded import EncodedPassages
from embeddings.encoder import MAX_TOKENS, MODEL_NAME, Encoder, Fingerprint
from embeddings.index import ExactIndex, FaissStore
from embeddings.reranker import Reranker
from embeddings.support import SupportModel
from embeddings.vectors import PassageIndex, VectorIndex

PASSAGE_TOKENS = MAX_TOKENS - 2  # limit of the encoder, less its two special tokens
REBUILDING = "rebuilding"  # stored in place of a fingerprint while vectors of two encoders are mixed
_CACHED_FREQUENCIES = 10_000  # limit: of words and pairs of words that questions name
_LARGE = 50_000  # limit: passages; in fewer, all that hold any word of a question are scored
_CACHED_SELECTIONS = 4  # limit: of filters; one may select every passage
FINGERPRINT = "encoder"  # the store's property that holds the fingerprint


class UnknownLine(ValueError):
    """A line that cleaning did not leave out of an article, or no article."""

    code = "bad_request"


class Library:
    """A collection with its search indexes.

    The store keeps the vectors. The index of them is made from it and updated when this or another
    process changes the collection.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        threads: int = 1,
        index: PassageIndex | None = None,
        encoded: EncodedPassages | None = None,
    ) -> None:
        """Check that the stored vectors were made by `encoder`, and open the index.

        Unless `index` is given it is one on this computer, of the kind that the number of passages decides.
        Passages that are `encoded` beforehand are not encoded when their articles are added.

        Raises:
            StoreError: The vectors were made by another encoder, or the index cannot be reached.
        """
        self.store = store
        self.encoder = encoder
        self._encoded = encoded
        self._check_fingerprint()
        self._index: PassageIndex = VectorIndex(store, encoder.dimension, threads) if index is None else index
        self._lock = threading.RLock()
        self._store_version: tuple[int, int] | None = None
        self.refresh()

    @cached_property
    def reranker(self) -> Reranker:
        """The reranker of sentences, loaded on first use.

        Raises:
            RerankerError: Its weights are missing or damaged.
        """
        return Reranker(self.encoder)

    @cached_property
    def support(self) -> SupportModel:
        """The model of support, loaded on first use.

        Raises:
            SupportModelError: Its weights are missing or damaged.
        """
        return SupportModel(self.encoder)

    def _check_fingerprint(self) -> None:
        stored = self.store.get_property(FINGERPRINT)
        if stored is None:
            self.store.set_property(FINGERPRINT, self.encoder.fingerprint.to_json())
        elif not fingerprint_matches(self.encoder, stored):
            raise StoreError(
                f"{self.store.name} was not indexed with {MODEL_NAME} as it is here; run: dateline rebuild"
            )

    def refresh(self) -> None:
        """Update the index from the store if the collection changed; cheap if it did not."""
        with self._lock:
            version = self.store.version
            if version == self._store_version:
                return
            self._index.refresh()
            self._forget()
            self._store_version = version

    def _forget(self) -> None:
        """Forget what was computed of the collection, to be computed once more when it is needed."""
        self._version = lru_cache(1)(lambda: self.store.content_hash()[:12])
        self._coverage = lru_cache(1)(self.store.coverage)
        self._frequency = lru_cache(_CACHED_FREQUENCIES)(self.store.count_passages)
        self._selected = lru_cache(_CACHED_SELECTIONS)(self.store.passage_ids)

    @property
    def index_kind(self) -> str:
        """The kind of the index of vectors."""
        self.refresh()
        return self._index.kind

    @property
    def version(self) -> str:
        """A short hash of the articles and their fields; equal for equal content."""
        self.refresh()
        return self._version()

    def coverage(self) -> Coverage:
        """Return what the collection holds."""
        self.refresh()
        return self._coverage()

    def add(self, article: Article, raw: str, digest: str, given: Iterable[str] = ()) -> int:
        """Split, encode and store an article; return the number of passages that were encoded.

        `raw` is the text that the article was read from, `digest` the SHA-256 of its file, `given` names the
        fields that the user stated. An article that is already in the collection is not encoded again, and 0
        is returned.
        """
        known = self.store.has(article.id)
        passages = [] if known else self._split(article)
        self.store.add(article, passages, self._vectors(passages), raw, digest, given)
        return len(passages)

    def take_back(self, article_id: str, lines: Collection[int] | None = None) -> Article:
        """Put lines that cleaning left out back into an article, by default all; return it with its new id.

        Raises:
            UnknownLine: there is no such article, or one of `lines` was not left out of it.
        """
        article, removed = self.store.article(article_id), self.store.removed(article_id)
        chosen = [item for item in removed if lines is None or item.line in lines]
        missing = set(lines or ()) - {item.line for item in chosen}
        if article is None or missing or not chosen:
            raise UnknownLine(
                f"{article_id}: no line {', '.join(map(str, sorted(missing)))} was left out; "
                f"see: dateline show {article_id} --removed"
            )
        left = tuple(item for item in removed if item not in chosen)
        body = restore_body(self.store.raw(article_id) or "", article.body, chosen)
        restored = replace(article, body=body, removed=left)
        passages = self._split(restored)
        self.store.replace(article_id, restored, passages, self._vectors(passages), chosen)
        return restored

    def reencode(self, article: Article) -> int:
        """Split and encode a stored article again; return the number of its passages."""
        passages = self._split(article)
        self.store.replace_passages(article.id, passages, self._vectors(passages))
        return len(passages)

    def _split(self, article: Article) -> list[Passage]:
        return split_passages(article, PASSAGE_TOKENS, self.encoder.count_tokens)

    def _vectors(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        texts, encode = [passage.text for passage in passages], self.encoder.encode_in_background
        return self._encoded.vectors(texts, encode) if self._encoded else encode(texts)

    def remove(self, article: str) -> bool:
        """Remove the article of this id and return whether there was one."""
        return self.store.remove(article)

    def search_by_vector(
        self, vector: NDArray[np.float32], k: int, filters: Filters | None = None
    ) -> list[tuple[int, float]]:
        """Return the `k` passages nearest to a unit vector as (passage id, cosine), best first.

        Only passages that match `filters` are searched.
        """
        self.refresh()
        among = self._selected(filters) if filters else None
        with self._lock:
            return self._index.search(vector, k, among)

    def search_by_words(self, query: str, k: int, filters: Filters | None = None) -> list[tuple[int, float]]:
        """Return the `k` passages that best match an FTS5 query as (passage id, bm25), best first.

        `rag.retrieval.expansion` makes such queries from questions. Only passages that match `filters` are
        searched; an empty query matches nothing.
        """
        if not query:
            return []
        self.refresh()
        among = self._selected(filters) if filters else None
        is_large = len(self._index) > _LARGE
        return self.store.search_words(query, k, among, self._frequency if is_large else None)

    def passage_frequency(self, phrase: str) -> int:
        """Return the number of passages that contain a word or phrase, in any inflected form."""
        self.refresh()
        return self._frequency(f'"{phrase}"')

    def idf(self, word: str) -> float:
        """Return a word's inverse document frequency over passages.

        As in bm25: log(1 + (N - n + 0.5) / (n + 0.5)) for a word in n of N passages.
        """
        frequency = self.passage_frequency(word)
        return math.log(1 + (len(self._index) - frequency + 0.5) / (frequency + 0.5))

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """Return the passages of those `ids` that exist."""
        return self.store.passages(ids)

    def as_vector_store(self) -> FaissStore:
        """Return the collection as a langchain `VectorStore`, for search only; it follows all changes."""
        return FaissStore(self.encoder, _View(self), _Documents(self.store), _Keys())


def fingerprint_matches(encoder: Encoder, stored: str) -> bool:
    """Return whether all vectors of a collection with the `stored` fingerprint were made by `encoder`."""
    return stored != REBUILDING and Fingerprint.from_json(stored).matches(encoder.fingerprint)


def rebuild(store: Store, encoder: Encoder) -> Iterator[Article]:
    """Split and encode every article again, whichever encoder made its vectors; yield each when it is done.

    Until the last one is done the collection can only be rebuilt, since vectors of two encoders must not be
    mixed.
    """
    articles = store.articles()
    store.set_property(FINGERPRINT, encoder.fingerprint.to_json())
    library = Library(store, encoder)
    store.set_property(FINGERPRINT, REBUILDING)
    for article in articles:
        library.reencode(article)
        yield article
    store.rebuild_word_index()
    store.set_property(FINGERPRINT, encoder.fingerprint.to_json())


class _View(ExactIndex):
    """The index of a library, for search only: each search holds the library's lock and follows changes."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def search(
        self, vector: NDArray[np.float32], k: int, among: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        return self._library.search_by_vector(vector, k)


class _Keys(Mapping[int, str]):
    """A mapping from passage ids to langchain's document ids."""

    def __getitem__(self, number: int) -> str:
        return str(number)

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Documents(Mapping[str, Document]):
    """A mapping from document ids to passages as langchain's documents, read from the store on access."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getitem__(self, name: str) -> Document:
        passages = self._store.passages([int(name)]) if name.isdecimal() else {}
        if not passages:
            raise KeyError(name)
        return as_document(passages[int(name)], name)

    def __iter__(self) -> Iterator[str]:
        return map(str, self._store.passage_ids().tolist())

    def __len__(self) -> int:
        return len(self._store.passage_ids())


def as_document(passage: Passage, name: str | None = None) -> Document:
    """Return a passage as langchain's `Document`, with the fields of its article as metadata."""
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
