"""The vectors of a collection in Milvus: an index that a server, or several machines, hold and search.

The store stays the truth: it has every vector, and what Milvus holds is made from it. Whichever process
searches after a change brings Milvus up to date, and one that starts, or finds Milvus back after a failure,
compares the two. So a writer that is killed, or a Milvus that is emptied, loses nothing.
"""

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import grpc
import numpy as np
from pymilvus import DataType, MilvusClient, MilvusException

from corpus.store.connection import StoreError
from corpus.store.database import Store
from embeddings.index import ExactIndex, Ids, Vectors
from embeddings.library import FINGERPRINT
from embeddings.vectors import FEW, SHORTLIST, rank_by_stored, stored_ids

SETTING = "DATELINE_LIBRARY"
_PROPERTY = "milvus"  # of the store: what its collection in Milvus is called, together with its path
_BLOCK = 2_000  # limit: vectors of one request; 3,072 values each are 25 MB, and gRPC takes 64
_MAX_FOUND = 16_384  # limit of Milvus: entities that one request returns
_COMPARED = 100  # limit: vectors that are compared with those stored, to know a collection by
_ROUNDING = 1e-5  # limit: by which a value that Milvus returns may differ
_SECONDS = 10.0  # limit: of a request, with what pymilvus tries again
_LOADING_SECONDS = 600.0  # limit: of what grows with the collection
_SAID_CHARS = 200  # limit: of Milvus' own words in an error
_UNREACHABLE = re.compile("UNAVAILABLE|DEADLINE_EXCEEDED|[Ff]ail connecting|Retry timeout|closed channel")
_REFUSED = re.compile("UNAUTHENTICATED|auth check failure|PERMISSION_DENIED")
_NONE: Ids = np.empty(0, np.int64)


# What fails is raised; beside it pymilvus, and the server of Milvus Lite, would log tracebacks.
for _name in ("pymilvus", "grpc._server"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class MilvusError(StoreError):
    """Milvus cannot be used as it is; the message says what to do."""


class MilvusIndex:
    """The vectors of a store's passages in Milvus, by the passages' ids.

    Milvus finds a shortlist, which is ranked by the stored vectors, so scores are those of an exact search.

    Args:
        store: the collection.
        dimension: the number of values in a vector.
        address: of a server, such as http://127.0.0.1:19530, also with user and password; or a file name that
            ends in .db, which Milvus Lite keeps on this computer.
        threads: that FAISS may take, which ranks the shortlist.
    """

    kind = "milvus"

    def __init__(self, store: Store, dimension: int, address: str, threads: int = 1) -> None:
        self._store, self._dimension, self._threads = store, dimension, threads
        self._address = address
        self._name = ""  # of the collection in Milvus
        self._ids = _NONE
        self._client: MilvusClient | None = None
        self._is_compared = False  # with the store, since the connection was opened

    def __len__(self) -> int:
        return len(self._ids)

    def refresh(self) -> None:
        """Bring Milvus up to date with the store.

        Raises:
            MilvusError: it cannot be reached, or refuses; the next call begins anew.
        """
        with self._connected() as client:
            here = self._ids if self._is_compared else self._compared(client)
            # Read after what is there was listed: others store a passage before they bring it to Milvus.
            ids = stored_ids(self._store, self._ids)
            held = self._follow(client, here, ids)
            if self._count(client) < held:  # it lost something that it had acknowledged
                self._follow(client, self._listed(client), ids)
            self._ids, self._is_compared = ids, True

    def search(self, vector: Vectors, k: int, among: Ids | None = None) -> list[tuple[int, float]]:
        """Return the `k` nearest passages as (id, cosine), best first; with `among`, only of those ids.

        Raises:
            MilvusError: Milvus cannot be reached, or refuses.
            ValueError: the vector has another dimension or is not finite.
        """
        exact = ExactIndex(self._dimension, self._threads)
        exact.search(vector, 0)  # raises for a vector that Milvus should not see
        if not self._is_compared:
            self.refresh()
        near = among if among is not None and len(among) <= FEW else self._nearest(vector, k, among)
        return rank_by_stored(self._store, exact, vector, k, near)

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self._is_compared, self._ids = False, _NONE
        if self._client is not None:
            self._client.close()
            self._client = None

    def _nearest(self, vector: Vectors, k: int, among: Ids | None) -> Ids:
        limit = min(SHORTLIST * k, len(self), _MAX_FOUND)
        if limit < 1:
            return _NONE
        chosen = {} if among is None else {"filter": f"id in {among.tolist()}"}
        with self._connected() as client:
            (found,) = client.search(
                self._name, [vector.tolist()], limit=limit, output_fields=["id"], timeout=_SECONDS, **chosen
            )
        return np.array([hit["id"] for hit in found], np.int64)

    def _follow(self, client: MilvusClient, here: Ids, ids: Ids) -> int:
        """Make Milvus, which holds the vectors `here`, hold those of `ids`; return how many it holds then."""
        gone, missing = np.setdiff1d(here, ids), np.setdiff1d(ids, here)
        for first in range(0, len(gone), _BLOCK):
            client.delete(self._name, ids=gone[first : first + _BLOCK].tolist(), timeout=_SECONDS)
        held = len(here) - len(gone)
        for first in range(0, len(missing), _BLOCK):
            found, vectors = self._store.vectors(missing[first : first + _BLOCK])
            rows = [{"id": int(n), "vector": row} for n, row in zip(found, vectors, strict=True)]
            if rows:
                # Another process may bring the same: an id is there once, however often it comes.
                client.upsert(self._name, rows, timeout=_SECONDS)
            held += len(rows)
        return held

    def _compared(self, client: MilvusClient) -> Ids:
        """Return the ids that Milvus holds, after emptying it if their vectors are not those of the store.

        They are not where the store is a copy that has been changed since, or an older one was put back.
        """
        here = self._listed(client)
        newest, stored = self._store.vectors(here[-_COMPARED:])
        rows = (
            client.get(self._name, newest.tolist(), ["id", "vector"], timeout=_SECONDS) if len(newest) else []
        )
        expected = dict(zip(newest.tolist(), stored, strict=True))
        if all(np.allclose(row["vector"], expected[row["id"]], atol=_ROUNDING) for row in rows):
            return here
        client.drop_collection(self._name, timeout=_SECONDS)
        self._create(client)
        return _NONE

    def _listed(self, client: MilvusClient) -> Ids:
        """Return the ids that Milvus holds, ascending."""
        pages = client.query_iterator(
            self._name,
            batch_size=_MAX_FOUND,
            output_fields=["id"],
            consistency_level="Strong",
            timeout=_SECONDS,
        )
        found: list[int] = []
        while page := pages.next():
            found += [row["id"] for row in page]
        pages.close()
        return np.unique(np.array(found, np.int64))

    def _count(self, client: MilvusClient) -> int:
        (row,) = client.query(
            self._name, output_fields=["count(*)"], consistency_level="Strong", timeout=_SECONDS
        )
        return int(row["count(*)"])

    @contextmanager
    def _connected(self) -> Iterator[MilvusClient]:
        """Give the client; after a failure it is opened anew, and compared with the store."""
        try:
            self._client = self._client or self._open()
            yield self._client
        except (MilvusException, grpc.RpcError, OSError) as error:
            self.close()
            raise MilvusError(self._why(error)) from error

    def _open(self) -> MilvusClient:
        client = MilvusClient(self._address, timeout=_SECONDS)
        self._name = _collection_name(self._store)
        if client.has_collection(self._name, timeout=_SECONDS):
            if client.describe_collection(self._name, timeout=_SECONDS)["description"] == self._made_by:
                client.load_collection(self._name, timeout=_LOADING_SECONDS)
                return client
            client.drop_collection(self._name, timeout=_SECONDS)
        self._create(client)
        return client

    def _create(self, client: MilvusClient) -> None:
        schema = client.create_schema(auto_id=False, description=self._made_by)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self._dimension)
        index = client.prepare_index_params()
        index.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        # A process reads what it wrote itself, which is all that it searches for.
        client.create_collection(
            self._name, schema=schema, index_params=index, consistency_level="Session", timeout=_SECONDS
        )

    @property
    def _made_by(self) -> str:
        """What says which encoder made the vectors."""
        return sha256((self._store.get_property(FINGERPRINT) or "").encode()).hexdigest()

    def _why(self, error: Exception) -> str:
        """Return a sentence, without its full stop, on what went wrong and what to do about it."""
        shown = re.sub(r"(?<=://)[^/@]*@", "", self._address)
        said = str(getattr(error, "message", None) or error)
        if "Open local milvus failed" in said:
            return (
                f"{shown} cannot be opened by Milvus Lite; end the other process that has it open, "
                f"or correct {SETTING}"
            )
        if _UNREACHABLE.search(said):
            return f"Milvus at {shown} cannot be reached; start it, or correct {SETTING}, and ask again"
        if _REFUSED.search(said):
            return (
                f"Milvus at {shown} refuses the login; write {SETTING}=milvus+http://user:password@host:19530"
            )
        return f"Milvus at {shown} failed ({said[:_SAID_CHARS]}); see its log, and ask again"


def _collection_name(store: Store) -> str:
    """Return what a collection is called in Milvus, where others may have theirs.

    Its path belongs to it, so that a copy has its own. Of two processes that name a collection for the first
    time at once, each keeps its name until it ends.
    """
    if not store.get_property(_PROPERTY):
        store.set_property(_PROPERTY, uuid.uuid4().hex)
    place = store.name if store.address else str(store.path.resolve())
    return f"dateline_{store.get_property(_PROPERTY)}_{sha256(place.encode()).hexdigest()[:8]}"
