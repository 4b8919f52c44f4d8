"""The API's endpoints as plain functions over assistant and collection: JSON in, JSON out."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from corpus.article import Article, InvalidDate, PartialDate
from corpus.store.filters import Filters
from embeddings.ingest_report import IngestReport
from rag import limits
from rag.answers.answer import article_to_model, passage_to_model
from rag.answers.reverification import load_and_reverify
from rag.answers.schema import FiltersRequest, InvalidValue, TurnJson, UploadRequest, parse
from rag.assistant import Assistant
from rag.query.followups import Turn
from rag.serving.collection import Collection, origin_name
from rag.settings import VERSION

Json = dict[str, Any]


class BadRequest(ValueError):
    """A request whose values cannot be used; the message says what they should be."""


class Api:
    """The endpoints that scripts may call: those that write are `changing`, those that ask `answering`."""

    changing = ("add", "remove", "feedback")
    answering = ("ask", "ask_stream")

    def __init__(self, assistant: Assistant, collection: Collection) -> None:
        self._assistant = assistant
        self._collection = collection

    @property
    def changes(self) -> bool:
        """True where the endpoints that write may be used."""
        return self._collection.writable

    @property
    def endpoints(self) -> dict[str, Callable[..., Any]]:
        """The endpoints by their names."""
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
            filters: {"since": "2018-01", "until": "2020", "publishers": ["..."], "articles": ["id"]}, each
                optional. Without filters those that the question itself names apply ("only the Gull of
                2018"); {} searches all articles.

        Returns:
            The whole Answer: status, text, statements, citations with quotes and offsets, evidence, warnings,
            timings.
        """
        return self._assistant.ask(question, parse_history(history), parse_filters(filters)).to_json()

    def ask_stream(
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        filters: dict[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Answer a question like /ask, yielding the answer while it grows.

        It comes first with its evidence (status "writing"), then with unchecked words under "draft", and
        last checked.
        """
        for answer in self._assistant.stream(question, parse_history(history), parse_filters(filters)):
            yield {**answer.to_json(), "draft": answer.draft}

    def search(
        self, question: str, k: int = 10, filters: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the k passages (at most 50) that fit a question best, best first; no answer is written.

        The ranks of each explain how it was found.
        """
        hits = self._assistant.search(question, _number("k", k), parse_filters(filters))
        return [passage_to_model(hit).to_json() for hit in hits]

    def articles(self, search: str = "", sort: str = "newest", limit: int = 50) -> dict[str, Any]:
        """List articles.

        Args:
            search: words that headline, publisher, date or text should hold; empty for all.
            sort: newest, oldest, headline, publisher, added (last added first) or left-out (most first).
            limit: at most 500.

        Returns:
            "total", and under "articles" each one's id ("article"), title, headline, publisher, author,
            published, url and number of passages.
        """
        listing = self._collection.list(_text("search", search), _text("sort", sort), _number("limit", limit))
        articles = [{**_article(line.article), "passages": line.passages} for line in listing.lines]
        return {"total": listing.total, "articles": articles}

    def article(self, article: str) -> dict[str, Any]:
        """Return one article by its id: its fields, where each was found, its origin and its body."""
        found = self._collection.article(_text("article", article))
        return {
            **_article(found),
            "origin": origin_name(found.origin),
            "found": [asdict(item) for item in found.provenance],
            "body": found.body,
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
        """Add an article's text, or uploaded files; the fields given here win over what the text says.

        Args:
            text: a raw text as copied from a page, or empty.
            publisher: who published it, where the text does not say it right.
            published: when (YYYY, YYYY-MM or YYYY-MM-DD).
            title: the headline.
            url: the web address.
            files: uploads, as gradio_client's handle_file makes them: [{"path": "..."}].

        Returns:
            For each article: status (added, already here, unchanged, refused), the article's fields or null,
            the number of passages, the problem, warnings, the fields that an article already here gained
            ("completed"), and what tells when an undated one appeared ("bounds").
        """
        given = {"publisher": publisher, "date": published, "title": title, "url": url}
        fields = {name: _text(name, value) for name, value in given.items()}
        *_, last = self._collection.add(_paths(files), _text("text", text), fields)
        return [_report(report) for report in last.reports]

    def remove(self, article: str) -> dict[str, Any]:
        """Remove an article by its id, and return the fields of what was removed."""
        return _article(self._collection.remove(_text("article", article)))

    def feedback(
        self,
        answer: dict[str, Any],
        verdict: str,
        comment: str = "",
        history: list[dict[str, str]] | None = None,
    ) -> dict[str, Any]:
        """Record what is right or wrong with an answer as a proposed gold question that a person reviews.

        Args:
            answer: the whole Answer, as /ask returned it.
            verdict: good, wrong-figure, wrong-source, outdated, should-refuse or incomplete.
            comment: what would have been right, or empty.
            history: the turns that /ask was given with the question.

        Returns:
            The proposal, as it is kept beside the articles (dateline evaluate feedback --out FILE).
        """
        self._collection.check_writable()  # before anything that a stranger sent is read
        verdict, comment = _text("verdict", verdict), _text("comment", comment)
        kept = load_and_reverify(answer, self._collection.find)
        return self._collection.record_feedback(kept, verdict, comment, parse_history(history))

    def health(self) -> dict[str, Any]:
        """Return whether the server works, its version, its model and what the collection holds.

        "index_version" is a name of the collection's present content.
        """
        coverage = self._collection.coverage()
        return {
            "status": "ok",
            "version": VERSION,
            "articles": coverage.articles,
            "passages": coverage.passages,
            "index_version": self._collection.version,
            "model": self._assistant.model.name,
            "changes": self._collection.writable,
        }


def parse_history(history: Any) -> tuple[Turn, ...]:
    """Return earlier turns from plain values: the last twelve, each cut to 8,000 characters.

    Raises:
        BadRequest: they are no list of {"role": "user" or "assistant", "text": text}.
    """
    if not isinstance(history, list | None):
        raise BadRequest('history should be a list of {"role": "user" or "assistant", "text": "..."}.')
    try:
        turns = [parse(TurnJson, entry) for entry in (history or [])[-limits.MAX_HISTORY_TURNS :]]
    except InvalidValue as error:
        raise BadRequest(
            f'Each turn of history should be {{"role": "user" or "assistant", "text": "..."}}; {error}.'
        ) from None
    return tuple(Turn(turn.role, turn.text[: limits.MAX_TURN_CHARS]) for turn in turns)


def parse_filters(entry: Any) -> Filters | None:
    """Return filters from plain values; None leaves them to the question ("only the Gull"), {} means none.

    Raises:
        BadRequest: a name is unknown, or a value is not what it should be.
    """
    if entry is None:
        return None
    try:
        request = parse(FiltersRequest, entry)
    except InvalidValue as error:
        raise BadRequest(
            'filters should be {"since": date, "until": date, "publishers": [...], "articles": [...]}, each '
            f"optional, with at most {limits.MAX_FILTER_VALUES} texts in a list; {error}."
        ) from None
    since, until = _date("since", request.since), _date("until", request.until)
    return Filters(
        since.first if since else None,
        until.last if until else None,
        tuple(map(_storable, request.publishers or ())),
        tuple(map(_storable, request.articles or ())),
    )


def _date(name: str, value: str | int | date | None) -> PartialDate | None:
    if value in (None, ""):
        return None
    try:
        return PartialDate.parse(value.isoformat() if isinstance(value, date) else str(value))
    except InvalidDate as error:
        raise BadRequest(f"filters: {name}: {error}.") from None


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str | None):
        raise BadRequest(f"{name} should be a text.")
    return _storable(value or "")


def _storable(text: str) -> str:
    """Return a text with "?" for each half of a character, which JSON may hold and no database."""
    return text.encode("utf-8", "replace").decode()


def _number(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest(f"{name} should be a whole number.")
    return value


def _paths(files: Any) -> list[Path]:
    if not isinstance(files, list | None):
        raise BadRequest('files should be a list of uploaded files: [{"path": "..."}].')
    try:
        return [Path(parse(UploadRequest, file).path) for file in files or ()]
    except InvalidValue as error:
        raise BadRequest(f'files should be a list of uploaded files: [{{"path": "..."}}]; {error}.') from None


def _article(article: Article) -> Json:
    return article_to_model(article).to_json()


def _report(report: IngestReport) -> Json:
    return {
        "status": report.status,
        "origin": origin_name(report.origin),
        "article": _article(report.article) if report.article else None,
        "passages": report.passages,
        "problem": report.problem,
        "warnings": list(report.warnings),
        "completed": list(report.completed),
        "bounds": [bound.to_json() for bound in report.bounds],
    }
