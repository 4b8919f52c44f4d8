"""The named endpoints: plain functions over assistant and collection, JSON in and out. Knows no page and no server."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from corpus.article import InvalidDate, PartialDate
from corpus.store.filters import Filters
from embeddings.ingest_report import IngestReport
from rag import limits
from rag.answers.answer import Turn, article_to_json
from rag.answers.feedback import record_feedback
from rag.answers.reverification import load_and_reverify
from rag.assistant import Assistant
from rag.serving.collection import Collection, origin_name
from rag.settings import VERSION

Json = dict[str, Any]


class BadRequest(ValueError):
    """A request whose values cannot be used; the message says what they should be."""


class Api:
    """What scripts may ask for. `changing` names the endpoints that write."""

    changing = ("add", "remove", "feedback")

    def __init__(self, assistant: Assistant, collection: Collection) -> None:
        self._assistant = assistant
        self._collection = collection

    @property
    def changes(self) -> bool:
        """True where the endpoints that write may be used."""
        return self._collection.changes

    @property
    def endpoints(self) -> dict[str, Callable[..., Any]]:
        """Every public function by the name of its endpoint."""
        functions = (
            self.ask,
            self.ask_stream,
            self.search,
            self.articles,
            self.article,
            self.add,
            self.remove,
            self.feedback,
            self.health,
        )
        return {function.__name__: function for function in functions}

    def ask(
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        filters: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Answer a question with citations.

        Args:
            question: at most 2,000 characters, unless DATELINE_QUESTION says otherwise.
            history: earlier turns, oldest first: [{"role": "user" or "assistant", "text": "..."}].
            filters: {"since": "2018-01", "until": "2020", "publishers": ["..."], "articles": ["id"]}, each optional. Without any the
                question's own hold ("only the Gull of 2018"); {} searches all articles.

        Returns:
            The whole Answer: status, text, statements, citations with quotes and offsets, evidence, warnings, timings.
        """
        return dict(self._assistant.ask(question, parse_history(history), parse_filters(filters)).to_json())

    def ask_stream(
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        filters: dict[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Like /ask, as it grows: the evidence first (status "writing", with unchecked words under "draft"), the checked Answer last."""
        for answer in self._assistant.stream(question, parse_history(history), parse_filters(filters)):
            yield {**answer.to_json(), "draft": answer.draft}

    def search(
        self, question: str, k: int = 10, filters: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The k passages (at most 50) that fit a question best, best first, with the ranks that explain each; no answer is written."""
        return [
            {
                **article_to_json(hit.passage.article),
                "start": hit.passage.start,
                "end": hit.passage.end,
                "text": hit.passage.text,
                "score": hit.score,
                "ranks": [asdict(rank) for rank in hit.ranks],
            }
            for hit in self._assistant.search(question, _number("k", k), parse_filters(filters))
        ]

    def articles(self, search: str = "", sort: str = "newest", limit: int = 50) -> dict[str, Any]:
        """List articles.

        Args:
            search: words that headline, publisher, date or text should hold; empty for all.
            sort: newest, oldest, headline, publisher or added (last added first).
            limit: at most 500.

        Returns:
            "total", and under "articles" each one's id ("article"), title, headline, publisher, author, published, url and passages.
        """
        found = self._collection.list(_text("search", search), _text("sort", sort), _number("limit", limit))
        return {
            "total": found.total,
            "articles": [
                {**article_to_json(line.article), "passages": line.passages} for line in found.lines
            ],
        }

    def article(self, article: str) -> dict[str, Any]:
        """One article by its id: its fields, where each was found, its origin and its body."""
        known = self._collection.article(_text("article", article))
        return {
            **article_to_json(known),
            "origin": origin_name(known.origin),
            "found": [asdict(item) for item in known.found],
            "body": known.body,
        }

    def add(
        self,
        text: str = "",
        publisher: str = "",
        published: str = "",
        title: str = "",
        url: str = "",
        files: list[dict[str, Any]] | None = None,
    ) -> list[dict[str, Any]]:
        """Add an article's text, or uploaded files; what is told of them beside wins over what they say.

        Args:
            text: a raw text as copied from a page, or empty.
            publisher: who published it, where the text does not say it right.
            published: when (YYYY, YYYY-MM or YYYY-MM-DD).
            title: the headline.
            url: the web address.
            files: uploads, as gradio_client's handle_file makes them: [{"path": "..."}].

        Returns:
            For each article: status (added, already here, unchanged, refused), the article's fields or none, passages, and the problem.
        """
        given = {"publisher": publisher, "date": published, "title": title, "url": url}
        said = {name: _text(name, value) for name, value in given.items()}
        *_, last = self._collection.add(_paths(files), _text("text", text), said)
        return [_report(report) for report in last.reports]

    def remove(self, article: str) -> dict[str, Any]:
        """Remove an article by its id; returns the fields of what was removed."""
        return dict(article_to_json(self._collection.remove(_text("article", article))))

    def feedback(
        self,
        answer: dict[str, Any],
        verdict: str,
        comment: str = "",
        history: list[dict[str, str]] | None = None,
    ) -> dict[str, Any]:
        """Say what is right or wrong with an answer; it becomes a proposed gold question that a person reviews.

        Args:
            answer: the whole Answer, as /ask returned it.
            verdict: good, wrong-figure, wrong-source, outdated, should-refuse or incomplete.
            comment: what would have been right, or empty.
            history: the turns that /ask was given with the question.

        Returns:
            The proposal, as it stands in proposed.jsonl of the data folder.
        """
        self._collection.check_writable()  # before anything of a stranger is read
        told = _text("verdict", verdict), _text("comment", comment)
        return record_feedback(
            self._collection, load_and_reverify(answer, self._collection.find), *told, parse_history(history)
        )

    def health(self) -> dict[str, Any]:
        """Whether the server works, and over what: version, articles, passages, a name of the collection's present content, the model."""
        coverage = self._collection.coverage()
        return {
            "status": "ok",
            "version": VERSION,
            "articles": coverage.articles,
            "passages": coverage.passages,
            "index_version": self._collection.version,
            "model": self._assistant.model.name,
            "changes": self._collection.changes,
        }


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str | None):
        raise BadRequest(f"{name} should be a text.")
    return value or ""


def _number(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest(f"{name} should be a whole number.")
    return value


def _paths(files: Any) -> list[Path]:
    if not isinstance(files, list | None) or not all(
        isinstance(file, dict) and isinstance(file.get("path"), str) for file in files or ()
    ):
        raise BadRequest('files should be a list of uploaded files: [{"path": "..."}].')
    return [Path(file["path"]) for file in files or ()]


def _report(report: IngestReport) -> Json:
    article = article_to_json(report.article) if report.article else None
    return {
        "status": report.status,
        "origin": origin_name(report.origin),
        "article": article,
        "passages": report.passages,
        "problem": report.problem,
    }


def parse_history(history: Any) -> tuple[Turn, ...]:
    """Earlier turns from plain values, the last twelve, each cut to 8,000 characters.

    Raises:
        BadRequest: they are no list of {"role": "user" or "assistant", "text": text}.
    """
    if history is None:
        return ()
    if not isinstance(history, list):
        raise BadRequest('history should be a list of {"role": "user" or "assistant", "text": "..."}.')
    found = []
    for entry in history[-limits.MAX_HISTORY_TURNS :]:
        if (
            not isinstance(entry, dict)
            or entry.get("role") not in ("user", "assistant")
            or not isinstance(entry.get("text"), str)
        ):
            raise BadRequest('Each turn of history should be {"role": "user" or "assistant", "text": "..."}.')
        found.append(Turn(entry["role"], entry["text"][: limits.MAX_TURN_CHARS]))
    return tuple(found)


def parse_filters(entry: Any) -> Filters | None:
    """Filters from plain values; None leaves it to the question ("only the Gull"), {} is none at all.

    Raises:
        BadRequest: a name is unknown, or a value is not what it should be.
    """
    if entry is None:
        return None
    if not isinstance(entry, dict) or set(entry) - {"since", "until", "publishers", "articles"}:
        raise BadRequest(
            'filters should be {"since": date, "until": date, "publishers": [...], "articles": [...]}, each optional.'
        )
    since, until = _date(entry, "since"), _date(entry, "until")
    return Filters(
        since.first if since else None,
        until.last if until else None,
        _names(entry, "publishers"),
        _names(entry, "articles"),
    )


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
    if (
        not isinstance(value, list)
        or not all(isinstance(item, str) for item in value)
        or len(value) > limits.MAX_FILTER_VALUES
    ):
        raise BadRequest(f"filters: {name} should be a list of at most {limits.MAX_FILTER_VALUES} texts.")
    return tuple(value)
