"""The result of ingesting one article."""

from dataclasses import dataclass
from typing import Literal

from corpus.article import Article


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one article of a file.

    `passages` counts the passages that were encoded; `problem` says in one sentence why an article was
    refused and what to do about it.
    """

    origin: str
    status: Literal["added", "unchanged", "already here", "refused"]
    article: Article | None = None
    passages: int = 0
    problem: str = ""
