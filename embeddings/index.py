"""Exact nearest-neighbour search over unit vectors with FAISS, and a langchain `VectorStore` on top of it."""

import threading
import uuid
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

import faiss
import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class ExactIndex:
    """An in-memory index of unit vectors by id; search is exhaustive, by inner product (the cosine)."""

    def __init__(self, dimension: int, threads: int = 1) -> None:
        faiss.omp_set_num_threads(threads)
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.dimension = dimension

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Sequence[int] | Ids, vectors: Vectors) -> None:
        """Add vectors of shape (len(ids), dimension) under new ids.

        Raises:
            ValueError: The shapes do not match, or a vector is not finite.
        """
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"vectors of shape {vectors.shape} must match ({len(ids)}, {self.dimension})")
        if not np.isfinite(vectors).all():
            raise ValueError("a vector holds a value that is not finite; encode its text again")
        self._index.add_with_ids(vectors, np.asarray(ids, np.int64))

    def remove(self, ids: Sequence[int] | Ids) -> int:
        """Remove the vectors of `ids` and return how many there were."""
        return int(self._index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64))))

    def search(self, vector: Vectors, k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Return the `k` nearest vectors as (id, cosine), best first.

        With `among`, only those ids are searched, so the result is exact however few they are.

        Raises:
            ValueError: The vector has another dimension or is not finite.
        """
        query = np.ascontiguousarray(vector, np.float32).reshape(1, -1)
        if query.shape[1] != self.dimension or not np.isfinite(query).all():
            raise ValueError(
                f"a finite vector of {self.dimension} values is needed, not one of {query.shape[1]}"
            )
        k = min(k, len(self) if among is None else len(among))
        if k < 1:
            return []
        selector = None
        if among is not None:
            selector = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))  # type: ignore[call-arg]
        scores, ids = self._index.search(query, k, params=selector)
        return [(int(n), float(score)) for n, score in zip(ids[0], scores[0], strict=True) if n >= 0]


class FaissStore(VectorStore):
    """An `ExactIndex` with its documents as a langchain `VectorStore`.

    `documents` maps document ids to documents and `keys` the index's numbers to document ids. With immutable
    mappings, such as a view of a collection, the store can only be searched. Safe to share between threads.
    """

    def __init__(
        self,
        embedding: Embeddings,
        index: ExactIndex,
        documents: Mapping[str, Document] | None = None,
        keys: Mapping[int, str] | None = None,
    ) -> None:
        self._embedding = embedding
        self._index = index
        self._documents: Mapping[str, Document] = {} if documents is None else documents
        self._keys: Mapping[int, str] = {} if keys is None else keys
        self._lock = threading.RLock()  # of index, documents and keys together

    @property
    def embeddings(self) -> Embeddings:
        """The encoder of queries and texts."""
        return self._embedding

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Encode and add texts, replacing documents of the same ids; return the ids."""
        texts = list(texts)
        documents, keys = self._writable()
        names = [name or str(uuid.uuid4()) for name in (ids or [""] * len(texts))]
        vectors = np.array(self._embedding.embed_documents(texts), np.float32).reshape(len(texts), -1)
        with self._lock:
            self.delete([name for name in names if name in documents])
            first = max(keys, default=-1) + 1
            numbers = range(first, first + len(texts))
            self._index.add(list(numbers), vectors)
            for number, name, text, metadata in zip(
                numbers, names, texts, metadatas or [{}] * len(texts), strict=True
            ):
                keys[number] = name
                documents[name] = Document(id=name, page_content=text, metadata=metadata)
        return names

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Delete the documents of `ids`, or all; return True."""
        documents, keys = self._writable()
        with self._lock:
            deleted = set(documents if ids is None else ids)
            numbers = [number for number, name in keys.items() if name in deleted]
            self._index.remove(numbers)
            for number in numbers:
                documents.pop(keys.pop(number))
        return True

    def _writable(self) -> tuple[MutableMapping[str, Document], MutableMapping[int, str]]:
        if not isinstance(self._documents, MutableMapping) or not isinstance(self._keys, MutableMapping):
            raise TypeError(
                "this store is a view of a collection; add and remove articles with: dateline add|remove"
            )
        return self._documents, self._keys

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents of those `ids` that exist."""
        found = (self._documents.get(name) for name in ids)
        return [document for document in found if document]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the `k` documents nearest to `query`, best first."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return the `k` documents nearest to `query` with their cosines, best first.

        Of a view of a collection, a document that was removed since the search is left out.
        """
        vector = np.array(self._embedding.embed_query(query), np.float32)
        with self._lock:
            nearest = self._index.search(vector, k)
            found = [(self._documents.get(self._keys[number]), score) for number, score in nearest]
        return [(document, score) for document, score in found if document]

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> "FaissStore":
        """Return a new store of `texts`."""
        store = cls(embedding, ExactIndex(len(embedding.embed_query("dimension"))))
        store.add_texts(texts, metadatas, ids=ids)
        return store
