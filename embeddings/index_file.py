"""The file of a compressed index, beside the collection: written whole, and used only as it was written.

A property of the collection holds the SHA-256 of its file. So a file that is cut, damaged, of another
collection or of another state of this one (a restored copy) is not used but made again, and FAISS, which
notices none of that, reads nothing that Dateline did not write.
"""

import json
import logging
import os
import platform
import tempfile
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from corpus.store.connection import StoreError
from corpus.store.database import Store
from embeddings.index import Ids, Vectors
from embeddings.kinds import TRAINING, CompressedIndex, Kind

FILE_NAME = "collection.vectors"
PROPERTY = "index"
_FORMAT = 1  # of the file; another number makes all of them anew
_BLOCK = 20_000  # limit: vectors in memory at once while an index is made

_log = logging.getLogger(__name__)


def open_index(store: Store, kind: Kind) -> CompressedIndex | None:
    """Map the collection's index file; None if there is none, or it is not the one that was written last."""
    file = store.folder / FILE_NAME
    try:
        is_whole = store.get_property(_property(store)) == _record(file, kind)
    except OSError:  # there is none, or it cannot be read
        return None
    return CompressedIndex.map(file) if is_whole else None


def make_index(store: Store, kind: Kind, ids: Ids) -> CompressedIndex:
    """Return a new index over the passages `ids`, ascending, and keep it in the file if possible."""
    sample = store.vectors(ids[:: max(1, len(ids) // TRAINING)])[1]
    index = CompressedIndex.build(kind, sample, _blocks(store, ids))
    file = store.folder / FILE_NAME
    temporary = None
    try:
        number, name = tempfile.mkstemp(".tmp", f"{FILE_NAME}.", file.parent)  # for the owner alone (0600)
        os.close(number)
        temporary = Path(name)
        index.write(temporary)
        record = _record(temporary, kind)
        temporary.replace(file)
        store.set_property(_property(store), record)
    except (OSError, StoreError) as error:
        _log.warning("%s is not kept, so the next start takes longer: %s", file, error)
        if temporary:
            temporary.unlink(missing_ok=True)
        return index
    return CompressedIndex.map(file)


def _property(store: Store) -> str:
    """Return the property that holds this file's hash: of a database server, many computers have files."""
    return f"{PROPERTY} {platform.node()}:{store.folder.resolve()}" if store.address else PROPERTY


def _record(file: Path, kind: Kind) -> str:
    with file.open("rb") as content:
        digest = file_digest(content, "sha256").hexdigest()
    return json.dumps({"kind": kind, "sha256": digest, "format": _FORMAT})


def _blocks(store: Store, ids: Ids) -> Iterator[tuple[Ids, Vectors]]:
    for start in range(0, len(ids), _BLOCK):
        yield store.vectors(ids[start : start + _BLOCK])
