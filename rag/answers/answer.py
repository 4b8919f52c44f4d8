"""`Answer`, the value that page, API, command line and evaluation share, and its conversion to JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from corpus.article import Article
from corpus.store.filters import Filters
from rag.answers.schema import (
    ANSWER_SCHEMA_VERSION,
    AnswerCode,
    AnswerJson,
    AnswerStatus,
    ArticleJson,
    AsOfJson,
    CitationJson,
    EvidenceJson,
    FiltersJson,
    PassageJson,
    RankJson,
    StatementJson,
    TimingsJson,
    Verdict,
)
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Rank, SearchHit
from rag.verification.citations import QUOTED, Citation, Statement


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the question to the first evidence, the first written word and the end; else None.

    And the tokens that the model read and wrote; None where it was not asked, or does not say.
    """

    evidence: float | None = None
    first_word: float | None = None
    total: float | None = None
    tokens_read: int | None = None
    tokens_written: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question.

    While it is being written, `status` is "writing" and `draft` holds unchecked words. `searched` is the
    stand-alone question that was searched for. `evidence` holds the nearest sentences, best first; the
    answer rests only on what its `statements` cite. `confidence` is the score that decided whether to answer,
    above the least that is answered; it is None for an overview, and never leaves the program.
    """

    question: str
    searched: str
    status: AnswerStatus
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
    confidence: float | None = None

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sources that statements cite, each once, in the order of their numbers."""
        cited = {item.number: item for statement in self.statements for item in statement.citations}
        return tuple(cited[number] for number in sorted(cited))

    @property
    def text(self) -> str:
        """The answer as plain text with citation markers, or the message where there is no answer."""
        return "\n".join(map(_plain_text, self.statements)) or self.message

    @property
    def finished(self) -> bool:
        """True unless the answer is still being written."""
        return self.status != "writing"

    def replace(self, **changes: Any) -> "Answer":
        """Return this answer with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`, as `AnswerJson` describes them."""
        return to_model(self).to_json()


def datelines(source: Citation | Evidence) -> str:
    """Return publisher and date of a source, and of the articles that printed the same words.

    For example "Meridian Wire, 2 May 2019; also in Kestrel Bay Times, 3 May 2019".
    """
    also_in = "; ".join(article.credit for article in source.also_in)
    return f"{source.article.credit}; also in {also_in}" if also_in else source.article.credit


def _plain_text(statement: Statement) -> str:
    """Return a statement with its markers, after its figure and day if it has them."""
    text = f"“{statement.text}”" if statement.verdict == QUOTED else statement.text
    markers = "".join(f" [{citation.number}]" for citation in statement.citations)
    as_of = statement.as_of
    if not as_of:
        return f"{text}{markers}"
    label = f"{as_of.figure} – {as_of.spoken}" if as_of.figure else as_of.spoken
    return f"{label[0].upper()}{label[1:]}: {text}{markers}"


def to_model(answer: Answer) -> AnswerJson:
    """Return the JSON model of an answer; `rag.answers.reverification.load_and_reverify` is its inverse."""
    return AnswerJson(
        schema=ANSWER_SCHEMA_VERSION,
        question=answer.question,
        searched=answer.searched,
        status=answer.status,
        text=answer.text,
        message=answer.message,
        statements=[_statement(item) for item in answer.statements],
        citations=[_citation(item) for item in answer.citations],
        evidence=[_evidence(item) for item in answer.evidence],
        warnings=list(answer.warnings),
        filters=_filters(answer.filters),
        timings=TimingsJson(**asdict(answer.timings)),
        index_version=answer.index_version,
        model=answer.model,
        codes=list(answer.codes),
    )


def article_to_model(article: Article) -> ArticleJson:
    """Return the JSON model of an article's fields, without its body."""
    return ArticleJson(**_article_fields(article))


def passage_to_model(hit: SearchHit) -> PassageJson:
    """Return the JSON model of a passage that a search found."""
    passage = hit.passage
    return PassageJson(
        **_article_fields(passage.article),
        start=passage.start,
        end=passage.end,
        text=passage.text,
        score=hit.score,
        ranks=_ranks(hit.ranks),
    )


def _article_fields(article: Article) -> dict[str, Any]:
    return {
        "article": article.id,
        "title": article.title,
        "headline": article.headline,
        "publisher": article.publisher,
        "author": article.author,
        "published": str(article.published) if article.published else None,
        "url": article.url,
        **({"sample": True} if article.sample else {}),
    }


def _quote_fields(article: Article, start: int, end: int) -> dict[str, Any]:
    return {**_article_fields(article), "start": start, "end": end, "quote": article.body[start:end]}


def _articles(articles: Iterable[Article]) -> list[ArticleJson]:
    return [article_to_model(article) for article in articles]


def _statement(statement: Statement) -> StatementJson:
    return StatementJson(
        text=statement.text,
        verdict=cast(Verdict, statement.verdict),
        citations=[citation.number for citation in statement.citations],
        as_of=_as_of(statement.as_of) if statement.as_of else None,
        words=statement.words,
    )


def _as_of(as_of: AsOf) -> AsOfJson:
    return AsOfJson(
        figure=as_of.figure,
        day=str(as_of.day) if as_of.day else None,
        published=str(as_of.published) if as_of.published else None,
        publisher=as_of.publisher,
        stage=as_of.stage,
        spoken=as_of.spoken,
    )


def _citation(citation: Citation) -> CitationJson:
    return CitationJson(
        number=citation.number,
        **_quote_fields(citation.article, citation.start, citation.end),
        verified=citation.verified,
        also_in=_articles(citation.also_in),
    )


def _evidence(item: Evidence) -> EvidenceJson:
    return EvidenceJson(
        **_quote_fields(item.article, item.start, item.end),
        score=item.score,
        also_in=_articles(item.also_in),
        ranks=_ranks(item.ranks),
    )


def _ranks(ranks: Iterable[Rank]) -> list[RankJson]:
    return [RankJson(by=rank.by, place=rank.place, score=rank.score) for rank in ranks]


def _filters(filters: Filters) -> FiltersJson:
    return FiltersJson(
        since=filters.since.isoformat() if filters.since else None,
        until=filters.until.isoformat() if filters.until else None,
        publishers=list(filters.publishers),
        articles=list(filters.articles),
    )
