"""The result of ingesting one article."""

from dataclasses import dataclass
from typing import Literal

from corpus.article import Article

Status = Literal["added", "unchanged", "already here", "refused"]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one article of a file.

    `passages` counts the passages that were encoded; `problem` says in one sentence why an article was
    refused and what to do about it; `warnings` are sentences on what the file states of it and could not be
    used; `completed` names the fields of an article that was here already and that were unknown before.
    """

    origin: str
    status: Status
    article: Article | None = None
    passages: int = 0
    problem: str = ""
    warnings: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
