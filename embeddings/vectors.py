"""The vectors of a collection as an index that follows it, of the kind that its size decides.

Beside a compressed index, vectors that came since it was made are searched exactly and those that went are
passed over; it is made again when they are many. What it finds is ranked by the stored vectors, and where few
passages pass a filter these alone are compared.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.store.database import Store
from embeddings.index import ExactIndex, Ids, Vectors
from embeddings.index_file import make_index, open_index
from embeddings.kinds import CompressedIndex, Kind, kind_for

_MAX_CHANGED = 0.05  # limit: share of the vectors that came or went since an index was made
FEW = 1_000  # limit: passages whose stored vectors are read; a thousand take 4 ms
SHORTLIST = 2  # times as many are found as are wanted: recall 1.0 in rag/evaluation/results/searching.json

_NONE: Ids = np.empty(0, np.int64)


class PassageIndex(Protocol):
    """What a library asks of the index of its vectors, which two threads must not use at the same time."""

    def __len__(self) -> int:
        """Return the number of the store's passages, as of the last `refresh`."""

    @property
    def kind(self) -> str:
        """The kind of index that is in use."""

    def refresh(self) -> None:
        """Follow the store: take up new passages and leave out removed ones."""

    def search(self, vector: Vectors, k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Return the `k` nearest passages as (id, cosine), best first; with `among`, only of those ids."""


class VectorIndex:
    """The vectors of a store's passages, by id, on this computer."""

    def __init__(self, store: Store, dimension: int, threads: int = 1, kind: Kind | None = None) -> None:
        """Make an empty index, which `refresh` fills; `kind` is chosen by size unless it is given."""
        self._store, self._threads, self._forced = store, threads, kind
        self._ids, self._recent_ids = _NONE, _NONE
        self._recent = ExactIndex(dimension, threads)
        self._base: CompressedIndex | None = None
        self._kept: NDArray[np.bool_] | None = None  # which of the base's vectors are still there, if not all
        self._chosen: tuple[Ids, NDArray[np.bool_]] | None = None  # those of them that the last filter allows

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def kind(self) -> Kind:
        """The kind of index that is in use."""
        return self._base.kind if self._base else "flat"

    def refresh(self) -> None:
        """Follow the store: take up new passages and leave out removed ones."""
        ids = stored_ids(self._store, self._ids)
        kind = (self._forced or kind_for(len(ids))) if len(ids) else "flat"
        if kind == "flat":
            self._base = None
        elif not _serves(self._base, kind, ids):
            found = open_index(self._store, kind)  # perhaps another process has made it
            self._base = found if _serves(found, kind, ids) else make_index(self._store, kind, ids)
        indexed = self._base.ids if self._base else _NONE
        kept = np.isin(indexed, ids)
        self._kept = None if kept.all() else kept
        self._follow(ids[~np.isin(ids, indexed)])
        self._ids, self._chosen = ids, None

    def _follow(self, wanted: Ids) -> None:
        """Hold exactly the vectors of `wanted` beside the compressed index."""
        removed = self._recent_ids[~np.isin(self._recent_ids, wanted)]
        if len(removed):
            self._recent.remove(removed)
        added, vectors = self._store.vectors(wanted[~np.isin(wanted, self._recent_ids)])
        if len(added):
            self._recent.add(added, vectors)
        self._recent_ids = np.concatenate([np.setdiff1d(self._recent_ids, removed), added])

    def search(self, vector: Vectors, k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Return the `k` nearest passages as (id, cosine), best first; with `among`, only of those ids.

        Raises:
            ValueError: The vector has another dimension or is not finite.
        """
        recent = self._recent.search(vector, k, among)
        if self._base is None:
            return recent
        if among is not None and len(among) <= FEW:
            return self._ranked(vector, k, among)
        near = self._base.search(vector, SHORTLIST * k, self._allowed(self._base, among))
        return self._ranked(vector, k, np.concatenate([near, np.array([n for n, _ in recent], np.int64)]))

    def _allowed(self, base: CompressedIndex, among: Ids | None) -> NDArray[np.bool_] | None:
        """Return for each of the compressed vectors whether it may be found; None if all may."""
        if among is None:
            return self._kept
        # The parts of a question are searched with one filter.
        if self._chosen is None or self._chosen[0] is not among:
            chosen = np.isin(base.ids, among)
            self._chosen = among, chosen if self._kept is None else chosen & self._kept
        return self._chosen[1]

    def _ranked(self, vector: Vectors, k: int, ids: Ids) -> list[tuple[int, float]]:
        exact = ExactIndex(self._recent.dimension, self._threads)
        return rank_by_stored(self._store, exact, vector, k, ids)


def stored_ids(store: Store, known: Ids) -> Ids:
    """Return the ids of all passages, ascending, of which those `known` were there before."""
    last = int(known[-1]) if len(known) else 0
    ids = np.concatenate([known, store.passage_ids(after=last)])
    # Equal if none was removed, since ids only grow.
    return ids if len(ids) == store.passage_count() else store.passage_ids()


def rank_by_stored(
    store: Store, empty: ExactIndex, vector: Vectors, k: int, ids: Ids
) -> list[tuple[int, float]]:
    """Return the `k` best of the passages `ids` by their stored vectors, compared in an `empty` index."""
    found, vectors = store.vectors(np.unique(ids))
    if len(found):
        empty.add(found, vectors)
    return empty.search(vector, k)


def _serves(index: CompressedIndex | None, kind: Kind, ids: Ids) -> bool:
    """Return whether an index is of this kind and not too far from what is stored now."""
    if index is None or index.kind != kind:
        return False
    kept = int(np.count_nonzero(np.isin(index.ids, ids)))
    return len(ids) + len(index) - 2 * kept <= _MAX_CHANGED * len(ids)
