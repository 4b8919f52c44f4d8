"""Every dial: name, type, default, unit and reason. `DATELINE_*` variables are read once, here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rag import limits

ROOT = Path(__file__).parent.parent
VERSION = "0.1.0"
PREFIX = "DATELINE_"
PACKAGED = "packaged"
NO_MODEL = "none"


class SettingError(ValueError):
    """A setting that cannot be; the message names it and what it may be."""


def _dial(default: Any, reason: str, least: int | None = None, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"reason": reason, "least": least, "choices": choices})


@dataclass(frozen=True, slots=True)
class Settings:
    """Dateline's dials. Each can be set by the environment variable `DATELINE_` and its name in capitals."""

    data: Path = _dial(ROOT / "data", "folder of the collection; one folder, one collection")
    model: str = _dial(
        PACKAGED,
        "packaged, none, a GGUF file, owner/repository:QUANTISATION on Hugging Face, or openai:NAME@http://host/v1",
    )
    adapter: str = _dial(
        PACKAGED,
        "packaged (with the packaged model), none, or a GGUF file of training/export.py for the model that DATELINE_MODEL names",
    )
    context: int = _dial(
        2048, "tokens of prompt and answer that a GGUF model keeps; prompts stay far below", least=512
    )
    threads: int = _dial(
        max(1, (os.cpu_count() or 2) // 2),
        "threads of each model; half of the cores, since two busy pools on the same cores slow each other 20-40 times",
        least=1,
    )
    host: str = _dial("127.0.0.1", "address to listen on; anything but loopback needs --listen")
    port: int = _dial(7860, "port of the page and the API", least=1)
    changes: str = _dial(
        "local",
        "who may add, correct and remove articles on the page and over the API: local (only where the page listens on loopback), all or none",
        choices=("local", "all", "none"),
    )
    logins: str = _dial(
        "",
        "file of those who may use the page and the API, made by python -m rag login NAME; without one, whoever reaches them",
    )
    question: int = _dial(
        limits.MAX_QUESTION_CHARS, "characters of a question; a pasted article is refused, not cut", least=1
    )
    queue: int = _dial(
        limits.MAX_QUEUE,
        "questions that may wait, on the page and over the API together; the next is told to come back",
        least=1,
    )
    upload: int = _dial(20, "megabytes of one uploaded file", least=1)
    hits: int = _dial(8, "passages whose sentences are ranked for a question", least=1)

    def changes_allowed(self, alone: bool) -> bool:
        """Whether whoever reaches the page may change the collection; `alone` where only this computer does."""
        return self.changes == "all" or (self.changes == "local" and alone)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from the environment; an empty variable counts as absent.

        Raises:
            SettingError: a value cannot be read, or a `DATELINE_` variable is none of ours.
        """
        dials = {PREFIX + dial.name.upper(): dial for dial in fields(cls)}
        unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in dials)
        if unknown:
            raise SettingError(
                f"{unknown[0]} is no setting of Dateline; there are {', '.join(sorted(dials))}"
            )
        values: dict[str, Any] = {}
        for name, dial in dials.items():
            text = environment.get(name, "").strip()
            if text:
                values[dial.name] = _read(name, text, type(dial.default), dial.metadata)
        return cls(**values)


def _read(name: str, text: str, kind: type, bounds: Mapping[str, Any]) -> Any:
    least, choices = bounds["least"], bounds["choices"]
    if choices and text not in choices:
        raise SettingError(f'{name} is "{text[:40]}"; it should be one of {", ".join(choices)}')
    if kind is not int:
        return Path(text).expanduser() if issubclass(kind, Path) else text
    if not text.isdecimal() or int(text) < (least or 0):
        raise SettingError(f'{name} is "{text[:40]}"; it should be a whole number of at least {least}')
    return int(text)
