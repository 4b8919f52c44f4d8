"""`Answer`, the one object for page, API, command line and evaluation, and its JSON. Knows values, not how they came about."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, cast

from corpus.article import Article
from corpus.store.filters import Filters
from rag.answers.schema import (
    SCHEMA,
    AnswerCode,
    AnswerJson,
    ArticleJson,
    AsOfJson,
    CitationJson,
    EvidenceJson,
    FiltersJson,
    PlaceJson,
    RankJson,
    TimingsJson,
    Verdict,
)
from rag.query.timing import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import Citation, Statement

Status = Literal["writing", "answered", "partly", "unanswerable"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation. `role` is "user" or "assistant"."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds since the question came: to the first evidence, to the first written word, to the end. None where it did not happen.

    And the tokens that the model read and wrote; None where it was not asked, or does not say.
    """

    evidence: float | None = None
    first_word: float | None = None
    total: float | None = None
    tokens_read: int | None = None
    tokens_written: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known about a question so far. While it is made, `status` is "writing" and `draft` holds unchecked words.

    `searched` is the question that was searched for, `evidence` what came nearest, best first; only what `statements` cite carries the answer.
    """

    question: str
    searched: str
    status: Status
    statements: tuple[Statement, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    message: str = ""
    warnings: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    timings: Timings = field(default_factory=Timings)
    index_version: str = ""
    model: str = ""
    codes: tuple[AnswerCode, ...] = ()
    draft: str = ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sources that statements use, each once, in the order of their numbers."""
        used = {
            citation.number: citation for statement in self.statements for citation in statement.citations
        }
        return tuple(used[n] for n in sorted(used))

    @property
    def text(self) -> str:
        """The answer as plain text with markers, or the message where there is none."""
        lines = [
            f"{_period(statement)}{''.join(f' [{citation.number}]' for citation in statement.citations)}"
            for statement in self.statements
        ]
        return "\n".join(lines) or self.message

    @property
    def finished(self) -> bool:
        return self.status != "writing"

    def replace(self, **changes: Any) -> "Answer":
        """This answer with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> AnswerJson:
        """Plain values for `json.dumps`; the schema is additive within one version."""
        return {
            "schema": SCHEMA,
            "question": self.question,
            "searched": self.searched,
            "status": self.status,
            "text": self.text,
            "message": self.message,
            "statements": [
                {
                    "text": item.text,
                    "verdict": cast(Verdict, item.verdict),
                    "citations": [citation.number for citation in item.citations],
                    "as_of": as_of_to_json(item.as_of) if item.as_of else None,
                    "words": item.words,
                }
                for item in self.statements
            ],
            "citations": [_citation(item) for item in self.citations],
            "evidence": [_evidence(item) for item in self.evidence],
            "warnings": list(self.warnings),
            "filters": filters_to_json(self.filters),
            "timings": cast(TimingsJson, asdict(self.timings)),
            "index_version": self.index_version,
            "model": self.model,
            "codes": list(self.codes),
        }


def _period(statement: Statement) -> str:
    """A statement in plain text, after its figure and the day of it where it tells one."""
    text = f"“{statement.text}”" if statement.verdict == "quoted" else statement.text
    if not statement.as_of:
        return text
    told = (
        f"{statement.as_of.figure} – {statement.as_of.spoken}"
        if statement.as_of.figure
        else statement.as_of.spoken
    )
    return f"{told[0].upper()}{told[1:]}: {text}"


def as_of_to_json(as_of: AsOf) -> AsOfJson:
    return {
        "figure": as_of.figure,
        "day": str(as_of.day) if as_of.day else None,
        "published": str(as_of.published) if as_of.published else None,
        "publisher": as_of.publisher,
        "stage": as_of.stage,
        "spoken": as_of.spoken,
    }


def _citation(citation: Citation) -> CitationJson:
    return {
        "number": citation.number,
        **_place(citation.article, citation.start, citation.end),
        "verified": citation.verified,
        "also_in": _also_in(citation.also_in),
    }


def _evidence(item: Evidence) -> EvidenceJson:
    return {
        **_place(item.article, item.start, item.end),
        "score": item.score,
        "also_in": _also_in(item.also_in),
        "ranks": [RankJson(by=rank.by, place=rank.place, score=rank.score) for rank in item.ranks],
    }


def datelines(source: Citation | Evidence) -> str:
    """Publisher and date of a source, and of the papers that printed the same words: "Meridian Wire, 2 May 2019; also in Kestrel Bay Times, 3 May 2019"."""
    also = "; ".join(article.dateline for article in source.also_in)
    return f"{source.article.dateline}; also in {also}" if also else source.article.dateline


def _also_in(articles: Iterable[Article]) -> list[ArticleJson]:
    return [article_to_json(article) for article in articles]


def _place(article: Article, start: int, end: int) -> PlaceJson:
    return {**article_to_json(article), "start": start, "end": end, "quote": article.body[start:end]}


def article_to_json(article: Article) -> ArticleJson:
    """An article's facts without its body."""
    published = str(article.published) if article.published else None
    return {
        "article": article.id,
        "title": article.title,
        "headline": article.headline,
        "publisher": article.publisher,
        "author": article.author,
        "published": published,
        "url": article.url,
    }


def filters_to_json(filters: Filters) -> FiltersJson:
    return {
        "since": filters.since.isoformat() if filters.since else None,
        "until": filters.until.isoformat() if filters.until else None,
        "publishers": list(filters.publishers),
        "articles": list(filters.articles),
    }
