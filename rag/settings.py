"""The settings of Dateline: name, type, default, unit and reason. `DATELINE_*` variables are read once, here.

Not pydantic-settings: `dateline doctor` reads the settings where packages are missing.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from embeddings.threads import usable_cores
from rag import limits

ROOT = Path(__file__).parent.parent  # of a checkout; site-packages where Dateline is installed
IS_CHECKOUT = (ROOT / "pyproject.toml").exists()
VERSION = "0.2.0"
PREFIX = "DATELINE_"
AUTO = "auto"
SMALL = "small"
PACKAGED = "packaged"
LOCAL = "local"
NO_MODEL = "none"
SERVED = "served"
_ALIASES = {"DATELINE_READER": "DATELINE_MODEL"}


_SERVER = re.compile(r"openai:(?P<name>[^@\s]+)@(?P<address>https?://\S+)")
_SECRET = re.compile(r"(?<=://)[^/?#\s]*@|[?#]\S*$")  # of an address: user, password and query


class SettingError(ValueError):
    """A setting with a wrong value; the message names it and what it may be."""


def _default_data_folder() -> Path:
    """Return `data` in a checkout, and a folder of the user where Dateline is installed."""
    if IS_CHECKOUT:
        return ROOT / "data"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/dateline"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "dateline"


def _default_cache_folder() -> Path:
    """Return a folder of the user for what can be fetched again, outside any collection."""
    usual = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / usual) / "dateline/readers"


def _setting(default: Any, reason: str, least: int | None = None, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"reason": reason, "least": least, "choices": choices})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings; each is set by the environment variable `DATELINE_` and its name in capitals."""

    data: Path = _setting(_default_data_folder(), "folder of the collection; one folder, one collection")
    database: str = _setting(
        "",
        "postgresql://user:password@host/name for articles, feedback and runs in PostgreSQL, which several "
        "computers share; else they are in the folder of DATELINE_DATA, the articles in SQLite",
    )
    model: str = _setting(
        SMALL,
        "small, standard or compact (which write, on trial), auto (standard once it has been fetched, else "
        "small), none, a GGUF file, "
        "owner/repository:QUANTISATION or :FILE on Hugging Face, or openai:NAME@http://host/v1; "
        "DATELINE_READER is another name of it",
    )
    cache: Path = _setting(_default_cache_folder(), "folder of the readers that dateline reader get fetches")
    adapter: str = _setting(
        PACKAGED,
        "packaged (with the model small), none, served (where DATELINE_MODEL names a server: that runs the "
        "model small with the packaged adapter), or a GGUF file of training/export.py "
        "for the model that DATELINE_MODEL names",
    )
    encoder: str = _setting(
        PACKAGED,
        "packaged, or openai:NAME@http://host/v1 for search vectors from a server; after a change "
        "dateline rebuild makes those of the collection anew",
    )
    library: str = _setting(
        LOCAL,
        "where vectors are searched: local, milvus+http://host:19530 (with user:password@ where it asks for "
        "them), or a file that ends in .db, for Milvus Lite; both are filled from the collection and can be "
        "deleted",
    )
    context: int = _setting(
        2048, "tokens of prompt and answer that a GGUF model keeps; prompts stay far below", least=512
    )
    threads: int = _setting(
        0,
        "threads of each model; unless set, half of the cores for the language model, and for the others "
        "those that are free at the moment, since two busy pools on the same cores "
        "slow each other 20-40 times",
        least=1,
    )
    host: str = _setting("127.0.0.1", "address to listen on; anything but loopback needs --listen")
    port: int = _setting(7860, "port of the page and the API", least=1)
    hosts: str = _setting(
        "",
        "names of this server, separated by commas, if others reach it with --listen or through a proxy "
        "on this computer; to other names than these, its own and addresses it does not answer",
    )
    changes: str = _setting(
        "local",
        "who may add, correct and remove articles on the page and over the API: "
        "local (only where the page listens on loopback), all or none",
        choices=("local", "all", "none"),
    )
    logins: str = _setting(
        "",
        "file of those who may use the page and the API, made by dateline login NAME; "
        "without one, everyone who reaches them",
    )
    session: int = _setting(
        12, "hours after which a login ends, also in use, and the page asks for the password again", least=1
    )
    metrics: str = _setting(
        "off",
        "on: numbers and times of questions at /metrics, in Prometheus' format and without a login",
        choices=("off", "on"),
    )
    traces: str = _setting(
        "", "address of an OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces"
    )
    question: int = _setting(
        limits.MAX_QUESTION_CHARS,
        "characters of a question; a pasted article is refused, not cut",
        least=1,
    )
    queue: int = _setting(
        limits.MAX_QUEUE,
        "questions that may wait for the model, on the page and over the API together, and as many behind "
        "them; the next is refused",
        least=1,
    )
    upload: int = _setting(20, "megabytes of one uploaded file", least=1)
    hits: int = _setting(8, "passages whose sentences are ranked for a question", least=1)

    @property
    def model_threads(self) -> int:
        """The threads of the language model."""
        return self.threads or max(1, usable_cores() // 2)

    def changes_allowed(self, loopback_only: bool) -> bool:
        """Return True if users of the page and the API may change the collection.

        `loopback_only` says that only this computer can reach them.
        """
        return self.changes == "all" or (self.changes == "local" and loopback_only)

    @property
    def place(self) -> tuple[Path, str]:
        """Where the collection is: its folder, and the address of its database if it has one."""
        return self.data, self.database

    @property
    def is_default_collection(self) -> bool:
        """True unless a setting names another folder than the default, or a database."""
        return self.data == _default_data_folder() and not self.database

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings of an environment; an empty variable counts as absent.

        Raises:
            SettingError: a value cannot be parsed, or Dateline has no setting of that name.
        """
        settings = {PREFIX + setting.name.upper(): setting for setting in fields(cls)}
        environment = _without_aliases(environment)
        unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in settings)
        if unknown:
            raise SettingError(
                f"{unknown[0]} is no setting of Dateline; there are {', '.join(sorted(settings))}"
            )
        values: dict[str, Any] = {}
        for name, setting in settings.items():
            text = environment.get(name, "").strip()
            if text:
                values[setting.name] = _parse(name, text, type(setting.default), setting.metadata)
        return cls(**values)


def parse_server(name: str) -> tuple[str, str] | None:
    """Return the model and the address that openai:NAME@ADDRESS names; None for any other name.

    >>> parse_server("openai:small@http://127.0.0.1:8000/v1")
    ('small', 'http://127.0.0.1:8000/v1')
    """
    found = _SERVER.fullmatch(name)
    return (found["name"], found["address"]) if found else None


def without_credentials(model: str) -> str:
    """Return the name of a model as others may see it: without what only its server should.

    >>> without_credentials("openai:small@https://ada:kestrel@news.example/v1?key=bay")
    'openai:small@https://news.example/v1'
    """
    return _SECRET.sub("", model) if "://" in model else model


def _without_aliases(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which each setting has the name that `Settings` gives it."""
    named = dict(environment)
    for alias, name in _ALIASES.items():
        value = named.pop(alias, "").strip()
        if value and named.get(name, "").strip() not in ("", value):
            raise SettingError(f"{alias} and {name} are two names of one setting and differ; unset one")
        if value:
            named[name] = value
    return named


def _parse(name: str, text: str, kind: type, bounds: Mapping[str, Any]) -> Any:
    least, choices = bounds["least"], bounds["choices"]
    if choices and text not in choices:
        raise SettingError(f'{name} is "{text[:40]}"; it should be one of {", ".join(choices)}')
    if kind is not int:
        return Path(text).expanduser() if issubclass(kind, Path) else text
    if not text.isdecimal() or int(text) < (least or 0):
        raise SettingError(f'{name} is "{text[:40]}"; it should be a whole number of at least {least}')
    return int(text)
