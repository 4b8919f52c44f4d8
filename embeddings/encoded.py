"""Vectors of passages that were encoded before their articles are added, in files by the text's SHA-256.

A passage is known by its text, so however many files hold it, it is encoded once. A file (a shard) holds the
passages whose hash begins with its name, and is written whole. `embeddings.encode_job` writes them.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Fingerprint
from embeddings.index import Vectors

Encode = Callable[[Sequence[str]], Vectors]

_MANIFEST = "encoded.json"
_FORMAT = 1
_KEY_DIGITS = 32  # limit: of the hash; two of 10**15 texts share them with a chance of 10**-9
_CACHED_SHARDS = 4_096  # limit: whose keys are in memory, 32 bytes a passage
_NORM_TOLERANCE = 1e-3  # limit: float32 unit vectors differ from length 1 by less


class EncodedError(ValueError):
    """A folder of encoded passages cannot be used; the message says what to do."""


class EncodedPassages:
    """The vectors in a folder, by the texts of passages; safe to read while others write."""

    def __init__(self, folder: Path, fingerprint: Fingerprint, digits: int | None = None) -> None:
        """Open the folder, or begin it if `digits` says how many of the hash name a shard.

        Raises:
            EncodedError: there is no such folder, or it has another encoder's vectors or number of digits.
        """
        self._folder, self._dimension = folder, fingerprint.dimension
        manifest = folder / _MANIFEST
        try:
            if digits and not manifest.exists():
                folder.mkdir(parents=True, exist_ok=True)
                stated = {"format": _FORMAT, "digits": digits, "encoder": fingerprint.to_json()}
                _write_whole(manifest, lambda file: file.write(json.dumps(stated).encode()))
            stated = json.loads(manifest.read_text(encoding="utf-8"))
            made_by = Fingerprint.from_json(stated["encoder"])
            self.digits = int(stated["digits"])
            is_known = stated["format"] == _FORMAT
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise EncodedError(
                f"{folder} has no encoded passages that can be read ({error}); "
                "name a folder that dateline encode wrote, or a new one for it"
            ) from error
        if not is_known or not made_by.matches(fingerprint) or self.digits != (digits or self.digits):
            raise EncodedError(
                f"{folder} has passages that {made_by.name} encoded, with --digits {self.digits}; "
                "name another folder, or correct DATELINE_ENCODER"
            )
        self._cached = lru_cache(_CACHED_SHARDS)(self._open)

    def shard(self, text: str) -> str:
        """Return the name of the shard that a text belongs to."""
        return _key(text)[: self.digits]

    def vectors(self, texts: Sequence[str], encode: Encode) -> Vectors:
        """Return vectors of shape (len(texts), dimension), of which `encode` makes what is not here."""
        found = [self._find(text) for text in texts]
        made = iter(encode([text for text, row in zip(texts, found, strict=True) if row is None]))
        rows = [next(made) if row is None else row for row in found]
        return np.array(rows, np.float32).reshape(len(texts), self._dimension)

    def _find(self, text: str) -> Vectors | None:
        key = _key(text).encode()
        keys, vectors = self._cached(self.shard(text))
        place = int(np.searchsorted(keys, key))
        if place == len(keys) or keys[place] != key:
            return None
        row: Vectors = np.array(vectors[place])
        return row if abs(float(np.linalg.norm(row)) - 1) <= _NORM_TOLERANCE else None

    def add(self, name: str, texts: Iterable[str], encode: Encode) -> int:
        """Encode those texts of a shard that it lacks, and write it whole; return how many there were."""
        kept, kept_vectors = self._open(name)
        missing = {_key(text).encode(): text for text in texts}
        for key in kept.tolist():
            missing.pop(key, None)
        if missing:
            keys = np.concatenate([kept, np.array(list(missing), kept.dtype)])
            vectors = np.concatenate([kept_vectors, encode(list(missing.values()))])
            order = np.argsort(keys)
            rows = np.empty(len(keys), self._row_type)
            rows["key"], rows["vector"] = keys[order], vectors[order]
            _write_whole(self._folder / f"{name}.npy", lambda file: np.save(file, rows, allow_pickle=False))
        return len(missing)

    @property
    def _row_type(self) -> np.dtype[np.void]:
        return np.dtype([("key", f"S{_KEY_DIGITS}"), ("vector", "<f4", (self._dimension,))])

    def _open(self, name: str) -> tuple[NDArray[np.bytes_], Vectors]:
        """Return a shard's keys, ascending, and its vectors, mapped into memory; a damaged one has none."""
        try:
            rows = np.load(self._folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            if rows.dtype != self._row_type or rows.ndim != 1:
                raise ValueError("another format")
        except (OSError, ValueError):
            rows = np.empty(0, self._row_type)
        return np.ascontiguousarray(rows["key"]), rows["vector"]


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_KEY_DIGITS]


def _write_whole(file: Path, write: Callable[..., object]) -> None:
    """Write a file under another name, and give it its own when it is on the disk."""
    number, name = tempfile.mkstemp(".tmp", f"{file.name}.", file.parent)
    with os.fdopen(number, "wb") as new:
        write(new)
        new.flush()
        os.fsync(new.fileno())
    Path(name).replace(file)
