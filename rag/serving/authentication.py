"""Logins: a file with one `name:hash` a line, the passwords hashed with scrypt."""

import asyncio
import hmac
import os
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from hashlib import scrypt
from pathlib import Path

from rag.serving.request_guard import client_network

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_HASH = re.compile(r"scrypt\$([0-9a-f]{32})\$([0-9a-f]{64})")
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
    salt = secrets.token_bytes(16)
    return f"{name}:scrypt${salt.hex()}${_hash(password, salt).hex()}"


def set_login(file: Path, name: str, password: str) -> None:
    """Add a login to the file, or replace it; only the file's owner may read it.

    Raises:
        LoginError: the file, the name or the password cannot be used.
    """
    line = login_line(name, password)
    others = [old for old in _lines(file) if old.partition(":")[0] != name] if file.exists() else []
    new = file.with_name(f"{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write("\n".join([*others, line]) + "\n")
    new.replace(file)


class Logins:
    """The logins of a file, which is read once.

    Raises:
        LoginError: the file cannot be read, holds no login, or a line is invalid.
    """

    def __init__(self, file: Path) -> None:
        self._hashes: dict[str, tuple[bytes, bytes]] = {}
        for n, line in enumerate(_lines(file), 1):
            name, _, value = line.partition(":")
            match = _HASH.fullmatch(value)
            if not _NAME.fullmatch(name) or not match:
                raise LoginError(f"{file}, line {n}: not a login; make it with: dateline login NAME")
            self._hashes[name] = bytes.fromhex(match[1]), bytes.fromhex(match[2])
        if not self._hashes:
            raise LoginError(f"{file} holds no login; make one with: dateline login NAME")
        self._unknown = secrets.token_bytes(16), secrets.token_bytes(32)
        self._names, self._networks = _Turns(_MAX_PER_NAME), _Turns(_MAX_PER_NETWORK)

    def verify(self, name: str, password: str) -> bool:
        """Return True if the password belongs to the name, in the same time for unknown names."""
        salt, expected = self._hashes.get(name, self._unknown)
        matches = hmac.compare_digest(_hash(password[:_MAX_PASSWORD_CHARS], salt), expected)
        return matches and name in self._hashes

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


def _hash(password: str, salt: bytes) -> bytes:
    return scrypt(password.encode("utf-8", "replace"), salt=salt, n=2**14, r=8, p=1, dklen=32)


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise LoginError(f"DATELINE_LOGINS: {file}: {reason}; make it with: dateline login NAME") from error
