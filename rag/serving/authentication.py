"""Logins: a file with one `name:hash` a line, the passwords hashed with argon2id."""

import asyncio
import hmac
import logging
import os
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from hashlib import scrypt
from pathlib import Path
from threading import Lock

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from rag.serving.request_guard import client_network

_log = logging.getLogger(__name__)
_HASHER = PasswordHasher()  # argon2id as RFC 9106 has it for little memory: 64 MiB, three passes
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_OLD_HASH = re.compile(r"scrypt\$([0-9a-f]{32})\$([0-9a-f]{64})")  # of Dateline before argon2
_MIN_PASSWORD_CHARS, _MAX_PASSWORD_CHARS = 10, 200  # limits
_FAILURE_SECONDS = 1.0  # limit; a wrong password waits this long, against guessing
# Limits: attempts that may wait, with one name from one network and with any name from it. More are refused.
_MAX_PER_NAME, _MAX_PER_NETWORK = 5, 50


class LoginError(ValueError):
    """A file of logins, a name or a password cannot be used."""


def login_line(name: str, password: str) -> str:
    """Return the line of a login, with a new salt.

    Raises:
        LoginError: the name or the password cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise LoginError(
            f'"{name[:40]}" cannot be a login name; '
            "use at most 40 letters, digits, dots, hyphens and underscores"
        )
    if not _MIN_PASSWORD_CHARS <= len(password) <= _MAX_PASSWORD_CHARS:
        raise LoginError(
            f"A password has {_MIN_PASSWORD_CHARS} to {_MAX_PASSWORD_CHARS} characters; choose another."
        )
    return f"{name}:{_HASHER.hash(_bytes(password))}"


def set_login(file: Path, name: str, password: str) -> None:
    """Add a login to the file, or replace it; only the file's owner may read it.

    Raises:
        LoginError: the file, the name or the password cannot be used.
    """
    line = login_line(name, password)
    others = [old for old in _lines(file) if old.partition(":")[0] != name] if file.exists() else []
    _write(file, [*others, line])


class Logins:
    """The logins of a file, which is read once.

    A password that is hashed with scrypt, or with weaker parameters, is hashed anew when its owner logs in.

    Raises:
        LoginError: the file cannot be read, holds no login, or a line is invalid.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._writing = file, Lock()
        self._hashes: dict[str, str] = {}
        for n, line in enumerate(_lines(file), 1):
            name, _, value = line.partition(":")
            if not _NAME.fullmatch(name) or not _is_hash(value):
                raise LoginError(f"{file}, line {n}: not a login; make it with: dateline login NAME")
            self._hashes[name] = value
        if not self._hashes:
            raise LoginError(f"{file} holds no login; make one with: dateline login NAME")
        self._unknown = _HASHER.hash(secrets.token_bytes(16))
        self._unknown_old = f"scrypt${secrets.token_hex(16)}${secrets.token_hex(32)}"
        self._names, self._networks = _Turns(_MAX_PER_NAME), _Turns(_MAX_PER_NETWORK)

    @property
    def names(self) -> frozenset[str]:
        """The names of those who may log in."""
        return frozenset(self._hashes)

    def verify(self, name: str, password: str) -> bool:
        """Return True if the password belongs to the name, in the same time for unknown names.

        While the file still holds an old hash, every attempt computes one of each kind.
        """
        password = password[:_MAX_PASSWORD_CHARS]
        kept = self._hashes.get(name, self._unknown)
        is_old = bool(_OLD_HASH.fullmatch(kept))
        matches = _matches(self._unknown if is_old else kept, password)
        if any(map(_OLD_HASH.fullmatch, tuple(self._hashes.values()))):
            matches_old = _matches_old(kept if is_old else self._unknown_old, password)
            matches = matches_old if is_old else matches
        if not matches or name not in self._hashes:
            return False
        if is_old or _HASHER.check_needs_rehash(kept):
            self._hash_again(name, kept, password)
        return True

    def _hash_again(self, name: str, kept: str, password: str) -> None:
        """Replace a login's hash, unless it has been changed in the file; the login stays valid without."""
        old, new = f"{name}:{kept}", login_line(name, password)
        with self._writing:
            try:
                lines = _lines(self._file)
                if old in lines:
                    _write(self._file, [new if line == old else line for line in lines])
                    self._hashes[name] = new.partition(":")[2]
            except (OSError, LoginError) as error:
                _log.warning("A password could not be hashed anew in the file of logins: %s", error)

    async def authenticate(self, name: str, password: str) -> bool:
        """Verify a password in a thread; a wrong one delays the next attempt with its name from its network.

        Known and unknown names wait alike. Whoever tries names or passwords delays only their own network
        (`client_network`), so nobody elsewhere is locked out: each network has one password hashed at a time.
        """
        network = client_network.get()
        try:
            async with self._names.take((network, name[:41])):  # no login's name is longer
                async with self._networks.take(network):
                    valid = await asyncio.to_thread(self.verify, name, password)
                if not valid:
                    await asyncio.sleep(_FAILURE_SECONDS)
                return valid
        except _TooManyAttempts:
            return False


class _TooManyAttempts(Exception):
    """More attempts wait for their turn than may."""


class _Turns:
    """One turn at a time for each key, in order; nothing is kept of a key that nobody uses."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: Counter[Hashable] = Counter()
        self._locks: dict[Hashable, asyncio.Lock] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @asynccontextmanager
    async def take(self, key: Hashable) -> AsyncIterator[None]:
        if self._waiting[key] >= self._most:
            raise _TooManyAttempts
        self._waiting[key] += 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):
                yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key], self._locks[key]


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "replace")


def _is_hash(value: str) -> bool:
    try:
        return bool(_OLD_HASH.fullmatch(value) or extract_parameters(value))
    except InvalidHashError:
        return False


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _matches_old(hashed: str, password: str) -> bool:
    _, salt, expected = hashed.split("$")
    found = scrypt(_bytes(password), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32)
    return hmac.compare_digest(found, bytes.fromhex(expected))


def _write(file: Path, lines: list[str]) -> None:
    """Replace the file at once; only its owner may read it."""
    new = file.with_name(f"{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    new.replace(file)


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise LoginError(f"DATELINE_LOGINS: {file}: {reason}; make it with: dateline login NAME") from error
