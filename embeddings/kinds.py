"""The kinds of index over unit vectors, and which one serves a collection of what size.

A small collection is searched whole, in memory and exactly (kind "flat", `embeddings.index.ExactIndex`).
Larger ones have an index with a byte for each value, in a file that is mapped into memory: "sq8" compares
all of them, "ivf" those in the nearest clusters. What these find is a shortlist, which `embeddings.vectors`
ranks again by the stored vectors.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.index import Ids, Vectors

Kind = Literal["flat", "sq8", "ivf"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# hand-set between sizes that were measured (rag/evaluation/results/searching.json): "flat" is faster at
# 10,000 passages, "sq8" at 100,000; "sq8" takes 35 ms at a million, so 60 ms at less than two million.
SQ8_FROM, IVF_FROM = 50_000, 1_500_000
_LISTS = 1_024  # limit: clusters; more take minutes to fit
_PER_LIST = 40  # limit: vectors that a cluster is fitted to; FAISS asks for 39
TRAINING = _LISTS * _PER_LIST  # limit: vectors that ranges and clusters are fitted to
_PROBED = 1 / 16  # of the clusters; hand-set, recall is held by tests/test_vectors.py
_ROUNDS = 6  # limit: of k-means


def kind_for(count: int) -> Kind:
    """Return the kind of index for so many vectors.

    >>> kind_for(5_000), kind_for(1_000_000), kind_for(5_000_000)
    ('flat', 'sq8', 'ivf')
    """
    return "flat" if count < SQ8_FROM else "sq8" if count < IVF_FROM else "ivf"


class CompressedIndex:
    """An index of kind "sq8" or "ivf": vectors of a byte a value, by ascending `ids`. It is never changed."""

    def __init__(self, index: Any) -> None:
        self._outer = index  # owns the next one
        self._index: Any = faiss.downcast_index(index.index)
        self.ids: Ids = faiss.vector_to_array(index.id_map)
        self.kind: Kind = "ivf" if isinstance(self._index, faiss.IndexIVF) else "sq8"

    @classmethod
    def build(cls, kind: Kind, sample: Vectors, blocks: Iterable[tuple[Ids, Vectors]]) -> "CompressedIndex":
        """Return an index of the vectors that `blocks` yields with their ids, ascending.

        Ranges and clusters are fitted to `sample`, drawn evenly from them, of shape (n, dimension), n > 0.
        """
        arguments = sample.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        index: Any = faiss.IndexScalarQuantizer(*arguments)
        if kind == "ivf":
            lists = max(1, min(_LISTS, len(sample) // _PER_LIST))
            index = faiss.IndexIVFScalarQuantizer(
                faiss.IndexFlatIP(sample.shape[1]), sample.shape[1], lists, *arguments[1:]
            )
            index.cp.niter, index.cp.min_points_per_centroid = _ROUNDS, 1
        index.train(sample)
        outer = faiss.IndexIDMap(index)
        for ids, vectors in blocks:
            outer.add_with_ids(vectors, ids)
        return cls(outer)

    @classmethod
    def map(cls, file: Path) -> "CompressedIndex":
        """Map the index in a file, of which only what is searched is read.

        FAISS notices no damage, so the file's hash is to be compared before.
        """
        # It believes what a file says of the length of its parts, by default up to a tebibyte.
        faiss.set_deserialization_vector_byte_limit(file.stat().st_size)
        return cls(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC))

    def write(self, file: Path) -> None:
        """Write the index to a file, to the disk.

        Raises:
            OSError: the disk is full.
        """
        try:
            faiss.write_index(self._outer, str(file))
        except RuntimeError as error:
            raise OSError(str(error)) from error
        with file.open("rb") as written:
            os.fsync(written.fileno())

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None) -> Ids:
        """Return the ids of about the `k` nearest vectors, of those that are allowed by position."""
        share = 1.0 if allowed is None else np.count_nonzero(allowed) / max(1, len(self))
        if k < 1 or not share:
            return np.empty(0, np.int64)
        chosen: dict[str, Any] = {}
        if allowed is not None:
            bits: Any = np.packbits(allowed, bitorder="little")
            chosen["sel"] = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg]
        parameters: Any = faiss.SearchParameters(**chosen)
        if self.kind == "ivf":
            # The fewer vectors are allowed the fewer lie in a cluster, so more clusters are searched.
            lists = int(self._index.nlist)
            probed = min(lists, int(np.ceil(lists * _PROBED / share)))
            parameters = faiss.SearchParametersIVF(nprobe=probed, **chosen)  # type: ignore[call-arg]
        _, (found,) = self._index.search(vector.reshape(1, -1), min(k, len(self)), params=parameters)
        nearest: Ids = self.ids[found[found >= 0]]
        return nearest
