"""Who may come in: a file with one `name:hash` a line, hashes by scrypt. Knows no page and no server."""

import asyncio
import hmac
import os
import re
import secrets
from collections import defaultdict
from hashlib import scrypt
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LINE = re.compile(r"scrypt\$([0-9a-f]{32})\$([0-9a-f]{64})")
_SHORTEST, _LONGEST = 10, 200
_WRONG_SECONDS = 1.0  # that a wrong password costs, so that nobody tries many


class LoginError(ValueError):
    """A file of logins, a name or a password that cannot be used; the message says what to do."""


def login_line(name: str, password: str) -> str:
    """The line of a name, with a new salt.

    Raises:
        LoginError: the name or the password cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise LoginError(
            f'"{name[:40]}" is no name for a login; take at most 40 letters, digits, dots, hyphens and underscores'
        )
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise LoginError(f"A password has {_SHORTEST} to {_LONGEST} characters; choose another.")
    salt = secrets.token_bytes(16)
    return f"{name}:scrypt${salt.hex()}${_hash(password, salt).hex()}"


def set_login(file: Path, name: str, password: str) -> None:
    """Write a name's line to the file, in place of one that it has; only its owner may read the file."""
    line = login_line(name, password)
    others = [old for old in _lines(file) if old.partition(":")[0] != name] if file.exists() else []
    new = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write("\n".join([*others, line]) + "\n")
    new.replace(file)


class Logins:
    """The names and hashes of a file, read once.

    Raises:
        LoginError: the file cannot be read, holds no login, or a line is none.
    """

    def __init__(self, file: Path) -> None:
        self._hashes: dict[str, tuple[bytes, bytes]] = {}
        for n, line in enumerate(_lines(file), 1):
            name, _, told = line.partition(":")
            known = _LINE.fullmatch(told)
            if not _NAME.fullmatch(name) or not known:
                raise LoginError(f"{file}, line {n}: no login; make it with: python -m rag login NAME")
            self._hashes[name] = bytes.fromhex(known[1]), bytes.fromhex(known[2])
        if not self._hashes:
            raise LoginError(f"{file} holds no login; make one with: python -m rag login NAME")
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def right(self, name: str, password: str) -> bool:
        """True if the password is the name's. An unknown name takes as long as a wrong password."""
        salt, known = self._hashes.get(name, (b"\0" * 16, b""))
        return hmac.compare_digest(_hash(password[:_LONGEST], salt), known)

    async def check(self, name: str, password: str) -> bool:
        """The same beside other work. One attempt at a time for each name, and a wrong one makes the next wait."""
        async with self._turns[name if name in self._hashes else ""]:
            right = await asyncio.to_thread(self.right, name, password)
            if not right:
                await asyncio.sleep(_WRONG_SECONDS)
            return right


def _hash(password: str, salt: bytes) -> bytes:
    return scrypt(password.encode("utf-8", "replace"), salt=salt, n=2**14, r=8, p=1, dklen=32)


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise LoginError(f"DATELINE_LOGINS: {file}: {why}; make it with: python -m rag login NAME") from error
