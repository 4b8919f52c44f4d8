"""What became of a file that was to be added. Knows articles, not how they are added."""

from dataclasses import dataclass
from typing import Literal

from corpus.article import Article


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one article of a file. `problem` is a sentence with the remedy where it was refused."""

    origin: str
    status: Literal["added", "unchanged", "already here", "refused"]
    article: Article | None = None
    passages: int = 0
    problem: str = ""
