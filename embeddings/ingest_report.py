"""The result of ingesting one article."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from corpus.article import Article
from corpus.store.database import Store
from corpus.store.undated import DateBound, date_bounds

Status = Literal["added", "unchanged", "already here", "refused"]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one article of a file.

    `passages` counts the passages that were encoded; `problem` says in one sentence why an article was
    refused and what to do about it; `warnings` are sentences on what the file states of it and could not be
    used; `completed` names the fields of an article that was here already and that were unknown before;
    `bounds` tell when an undated one appeared, once the addition is finished.
    `removed` counts the pieces of the text that were left out.
    """

    origin: str
    status: Status
    article: Article | None = None
    passages: int = 0
    problem: str = ""
    warnings: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    removed: int = 0
    bounds: tuple[DateBound, ...] = ()


def with_date_bounds(store: Store, reports: Iterable[IngestReport]) -> list[IngestReport]:
    """Return the reports of a finished addition with what tells when each undated article appeared."""
    return [
        replace(report, bounds=date_bounds(store, report.article)) if report.article else report
        for report in reports
    ]
