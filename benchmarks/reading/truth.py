"""`Sample`: one generated file with its labels, and `Sheet`, on which a layout writes it."""

from dataclasses import dataclass
from typing import Any

from benchmarks.reading.facts import Facts


@dataclass(frozen=True, slots=True)
class Sample:
    """A file as somebody saved it.

    A field that is None is not stated in it, so whatever is found for it is wrong. `published` is an ISO date
    of the precision that the file states; `sentences` must survive, lines of `boilerplate` must not.
    """

    layout: str
    name: str
    data: bytes
    title: str | None
    publisher: str | None
    author: str | None
    published: str | None
    standfirst: str | None
    section: str | None
    updated: str | None
    sentences: tuple[str, ...]
    boilerplate: tuple[str, ...]


class Sheet:
    """The lines of one page, and which of them are boilerplate; None and empty lines are left out."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.boilerplate: list[str] = []

    def news(self, *lines: object) -> list[str]:
        """Write headline or body lines."""
        written = [line for line in lines if isinstance(line, str) and line]
        self.lines += written
        return written

    def dirt(self, *lines: object) -> list[str]:
        """Write lines that must not survive."""
        written = self.news(*lines)
        self.boilerplate += written
        return written

    def text(self, gap: str = "\n\n") -> str:
        """Return the page as text."""
        return gap.join(self.lines) + "\n"

    def sample(self, ending: str, data: str | bytes, facts: Facts, **changed: Any) -> Sample:
        """Return the page as a sample of the `facts`, but for `changed`.

        `more` are further true sentences.
        """
        more = changed.pop("more", ())
        fields: dict[str, Any] = {
            "layout": "",
            "name": "article" + ending,
            "data": data if isinstance(data, bytes) else data.encode(),
            "title": facts.title,
            "publisher": facts.publisher,
            "author": facts.author,
            "published": facts.published.isoformat() if facts.published else None,
            "standfirst": None,
            "section": None,
            "updated": None,
            "sentences": (*more, *facts.sentences),
            "boilerplate": tuple(dict.fromkeys(self.boilerplate)),
        }
        return Sample(**{**fields, **changed})
