"""Logins: a file with one `name:hash` a line, the passwords hashed with scrypt."""

import asyncio
import hmac
import os
import re
import secrets
from collections import defaultdict
from hashlib import scrypt
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_HASH = re.compile(r"scrypt\$([0-9a-f]{32})\$([0-9a-f]{64})")
_MIN_PASSWORD_CHARS, _MAX_PASSWORD_CHARS = 10, 200  # limits
_FAILURE_SECONDS = 1.0  # limit; a wrong password waits this long, against guessing


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
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def verify(self, name: str, password: str) -> bool:
        """Return True if the password belongs to the name, in the same time for unknown names."""
        salt, expected = self._hashes.get(name, (b"\0" * 16, b""))
        return hmac.compare_digest(_hash(password[:_MAX_PASSWORD_CHARS], salt), expected)

    async def authenticate(self, name: str, password: str) -> bool:
        """Verify a password in a thread, one attempt at a time for each name; a wrong one delays the next."""
        async with self._locks[name if name in self._hashes else ""]:
            valid = await asyncio.to_thread(self.verify, name, password)
            if not valid:
                await asyncio.sleep(_FAILURE_SECONDS)
            return valid


def _hash(password: str, salt: bytes) -> bytes:
    return scrypt(password.encode("utf-8", "replace"), salt=salt, n=2**14, r=8, p=1, dklen=32)


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise LoginError(f"DATELINE_LOGINS: {file}: {reason}; make it with: dateline login NAME") from error
