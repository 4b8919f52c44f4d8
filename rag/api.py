"""The named endpoints: plain functions over the assistant, JSON in and out. Knows no page and no server."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from corpus.article import InvalidDate, PartialDate
from corpus.filters import Filters
from rag import limits
from rag.answer import Turn, article_to_json
from rag.assistant import Assistant

Json = dict[str, Any]


class BadRequest(ValueError):
    """History or filters that cannot be used; the message says what they should be."""


class Api:
    """`/ask`, `/ask_stream` and `/search`."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    @property
    def endpoints(self) -> dict[str, Callable[..., Any]]:
        """Every public function by the name of its endpoint."""
        return {"ask": self.ask, "ask_stream": self.ask_stream, "search": self.search}

    def ask(self, question: str, history: list[dict[str, str]] | None = None, filters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Answer a question with citations.

        Args:
            question: at most 2,000 characters.
            history: earlier turns, oldest first: [{"role": "user" or "assistant", "text": "..."}].
            filters: {"since": "2018-01", "until": "2020", "publishers": ["..."], "articles": ["id"]}, each optional.

        Returns:
            The whole Answer: status, text, statements, citations with quotes and offsets, evidence, warnings, timings.
        """
        return self._assistant.ask(question, turns(history), filters_from(filters)).to_json()

    def ask_stream(
        self, question: str, history: list[dict[str, str]] | None = None, filters: dict[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Like /ask, as it grows: the evidence first (status "writing", with unchecked words under "draft"), the checked Answer last."""
        for answer in self._assistant.stream(question, turns(history), filters_from(filters)):
            yield {**answer.to_json(), "draft": answer.draft}

    def search(self, question: str, k: int = 10, filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The k passages (at most 50) that fit a question best, best first, with the ranks that explain each; no answer is written."""
        if isinstance(k, bool) or not isinstance(k, int):
            raise BadRequest("k should be a whole number.")
        return [
            {
                **article_to_json(hit.passage.article),
                "start": hit.passage.start,
                "end": hit.passage.end,
                "text": hit.passage.text,
                "score": hit.score,
                "ranks": [{"by": rank.by, "place": rank.place, "score": rank.score} for rank in hit.ranks],
            }
            for hit in self._assistant.search(question, k, filters_from(filters))
        ]


def turns(history: Any) -> tuple[Turn, ...]:
    """Earlier turns from plain values, the last twelve, each cut to 8,000 characters.

    Raises:
        BadRequest: they are no list of {"role": "user" or "assistant", "text": text}.
    """
    if history is None:
        return ()
    if not isinstance(history, list):
        raise BadRequest('history should be a list of {"role": "user" or "assistant", "text": "..."}.')
    found = []
    for entry in history[-limits.HISTORY_TURNS :]:
        if not isinstance(entry, dict) or entry.get("role") not in ("user", "assistant") or not isinstance(entry.get("text"), str):
            raise BadRequest('Each turn of history should be {"role": "user" or "assistant", "text": "..."}.')
        found.append(Turn(entry["role"], entry["text"][: limits.TURN_CHARS]))
    return tuple(found)


def filters_from(entry: Any) -> Filters:
    """Filters from plain values; None means none.

    Raises:
        BadRequest: a name is unknown, or a value is not what it should be.
    """
    if entry is None:
        return Filters()
    if not isinstance(entry, dict) or set(entry) - {"since", "until", "publishers", "articles"}:
        raise BadRequest('filters should be {"since": date, "until": date, "publishers": [...], "articles": [...]}, each optional.')
    since, until = _date(entry, "since"), _date(entry, "until")
    return Filters(since.first if since else None, until.last if until else None, _names(entry, "publishers"), _names(entry, "articles"))


def _date(entry: Json, name: str) -> PartialDate | None:
    value = entry.get(name)
    if value in (None, ""):
        return None
    try:
        return PartialDate.parse(value.isoformat() if isinstance(value, date) else str(value))
    except InvalidDate as error:
        raise BadRequest(f"filters: {name}: {error}.") from None


def _names(entry: Json, name: str) -> tuple[str, ...]:
    value = entry.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value) or len(value) > limits.FILTER_VALUES:
        raise BadRequest(f"filters: {name} should be a list of at most {limits.FILTER_VALUES} texts.")
    return tuple(value)
