"""Split a question into the parts that are searched on their own, each with the sources that it names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.article import PartialDate
from rag.quantities.dates import parse_dates
from rag.query.answer_type import AnswerType, parse_answer_type
from rag.query.intent import parse_intent
from rag.query.sources import MarkedText, NamedSources, mark_sources

_CLAUSE_BORDER = re.compile(
    r"[;:?]\s+|,\s+(?:and|but|while|whereas|as|which|who|or)\s+|,\s+(?!\d{4}\b)|"
    r"(?<!\s)\s++(?:and|while|whereas|but)\s+",
    re.IGNORECASE,
)
# measured in rag/evaluation/results/retrieval.json ("without clauses"); the number itself was not swept
_MIN_CLAUSE_WORDS = 5
_NO_SOURCES = NamedSources()


@dataclass(frozen=True, slots=True)
class QuestionPart:
    """A question, or a clause of it, without the phrases that name sources.

    `sources` are those that it asks, all if it names none. `full_text` still has the phrases that name them.
    `dates` and `answer_type` are parsed from `text`.
    """

    text: str
    sources: NamedSources
    full_text: str
    dates: tuple[PartialDate, ...]
    answer_type: AnswerType

    @classmethod
    def parse(
        cls, text: str, sources: NamedSources = _NO_SOURCES, full_text: str | None = None
    ) -> "QuestionPart":
        """Return `text` with its dates and the type of answer that it asks for."""
        return cls(text, sources, full_text or text, parse_dates(text), parse_answer_type(text))


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What one search looks for: a text and its clauses; `latest` prefers what was published last."""

    parts: tuple[QuestionPart, ...]
    latest: bool

    @classmethod
    def parse(cls, text: str, publishers: Sequence[str] = ()) -> "SearchQuery":
        """Return the query that searches for `text` in a collection with articles of these `publishers`."""
        return cls(split_question(text, publishers), parse_intent(text).latest)


def split_question(question: str, publishers: Sequence[str] = ()) -> tuple[QuestionPart, ...]:
    """Return the whole question and, if it has several, each of its clauses of at least five words.

    A clause that names no source has those of the whole question.

    >>> (part,) = split_question("Does the Gull article say who paid for it all?", ("The Gull",))
    >>> part.text, part.sources.publishers
    ('Does say who paid for it all?', ('The Gull',))
    """
    marked = mark_sources(question, publishers)
    parts = tuple(
        QuestionPart.parse(text, marked.sources_in(piece) or marked.sources, marked.with_sources(piece))
        for piece in (marked.text, *_clauses(marked))
        if (text := marked.without_sources(piece))
    )
    return parts or (QuestionPart.parse(question, marked.sources),)


def _clauses(marked: MarkedText) -> Iterator[str]:
    pieces = [piece.strip() for piece in _CLAUSE_BORDER.split(marked.text)]
    pieces = [piece for piece in pieces if len(marked.without_sources(piece).split()) >= _MIN_CLAUSE_WORDS]
    if len(pieces) > 1:
        yield from pieces
