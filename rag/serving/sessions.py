"""Who is logged in, kept in the data folder, so that several processes and a restart agree."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from hashlib import sha256
from pathlib import Path

FOLDER_NAME = "sessions"
_COOKIE_FILE = "cookie"


class _Digest(str):
    """The digest of a token, under which its session is kept. No cookie is one: they are plain strings."""


class Sessions(MutableMapping[str, str]):
    """Who is logged in, by the token of their cookie; each session ends some seconds after it began.

    In place of the dict in which Gradio keeps tokens. A session is a file, named after its token's SHA-256:
    who reads the folder cannot log in with what it holds. Keys that are iterated over are these digests.

    Args:
        folder: the data folder.
        seconds: how long a session lasts.
        names: the names that may log in; sessions of others are over.
        clock: returns seconds since the epoch.
    """

    def __init__(
        self, folder: Path, seconds: float, names: Iterable[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder / FOLDER_NAME
        self._seconds, self._names, self._clock = seconds, frozenset(names), clock
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def cookie_id(self) -> str:
        """The part of the cookie's name that Gradio draws for each process; here all share the first one."""
        file = self._folder / _COOKIE_FILE
        drawn = self._folder / f"{_COOKIE_FILE}.{os.getpid()}"
        _write(drawn, secrets.token_urlsafe(32))
        try:
            os.link(drawn, file)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            drawn.unlink()
        return file.read_text(encoding="ascii")

    def __getitem__(self, token: str) -> str:
        session = _read(self._file(token))
        if session is None or self._clock() >= session[1] or session[0] not in self._names:
            raise KeyError(token)
        return session[0]

    def __setitem__(self, token: str, name: str) -> None:
        for file in self._files():
            if (session := _read(file)) and self._clock() >= session[1]:
                file.unlink(missing_ok=True)
        file = self._file(token)
        # The new file is there whole or not at all.
        part = file.with_suffix(".part")
        _write(part, json.dumps([name, self._clock() + self._seconds]))
        part.rename(file)

    def __delitem__(self, token: str) -> None:
        try:
            self._file(token).unlink()
        except FileNotFoundError:
            raise KeyError(token) from None

    def __iter__(self) -> Iterator[str]:
        return (digest for file in self._files() if (digest := _Digest(file.stem)) in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))

    def _file(self, token: object) -> Path:
        digest = (
            token if isinstance(token, _Digest) else sha256(str(token).encode("utf-8", "replace")).hexdigest()
        )
        return self._folder / f"{digest}.json"


def end_sessions(folder: Path, name: str) -> None:
    """End all sessions of a name, as its password has changed."""
    if not (folder / FOLDER_NAME).exists():
        return
    sessions = Sessions(folder, 0.0, [name])
    for token in list(sessions):
        if sessions.get(token) == name:
            del sessions[token]


def _read(file: Path) -> tuple[str, float] | None:
    try:
        name, until = json.loads(file.read_text(encoding="utf-8"))
        return str(name), float(until)
    except (OSError, ValueError, TypeError):
        return None


def _write(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
