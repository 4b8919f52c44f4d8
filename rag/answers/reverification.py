"""Load an answer that was kept as JSON, and check it against the collection as it is now.

Nothing that was kept is trusted: each quote is looked up in its article, each written sentence is verified
again, and figures with their days are parsed from the quote again. Status, codes and the message of a refusal
are computed again too, and only warnings in this program's words are kept. What cites a removed article is
"unverified".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from corpus.article import Article, PartialDate
from corpus.passages import Passage
from corpus.store.filters import Filters
from rag import limits
from rag.answers.answer import Answer, Timings
from rag.answers.compose import ON_TRIAL, SOURCE_DENIES, SOURCES_DISAGREE, cited_text
from rag.answers.labels import label_amount
from rag.answers.refusal import restore_message
from rag.answers.schema import (
    UNVERIFIED,
    AnswerCode,
    AnswerJson,
    ArticleJson,
    CitationJson,
    EvidenceJson,
    FiltersJson,
    StatementJson,
    parse,
)
from rag.quantities.as_of import AsOf
from rag.quantities.dates import parse_dates
from rag.quantities.quantities import date_quantities, parse_quantities
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Rank
from rag.verification.answerability import describe_missing_dates
from rag.verification.citations import QUOTED, SUPPORTED, Citation, Statement
from rag.verification.verify import verify_statement

# A dropped sentence with its reasons, and the failure of a model.
_WARNING = re.compile(r"(?:Dropped “[^“”]{1,2000}”: .{1,500}\.\Z|Shown without the model: )", re.DOTALL)
ArticleLookup = Callable[[str], Article | None]
_Articles = Mapping[str, Article | None]  # by id; None for those that are no longer in the collection


class InvalidAnswer(ValueError):
    """A value is not an answer of this schema version; the message says what is wrong with it."""


def load_and_reverify(entry: object, lookup: ArticleLookup) -> Answer:
    """Return the answer that the JSON value `entry` describes; `lookup` finds an article by its id.

    Raises:
        InvalidAnswer: `entry` is no answer of this schema version, or is longer than an answer may be.
    """
    try:
        return _from_model(parse(AnswerJson, entry), lookup)
    except ValueError as error:
        raise InvalidAnswer(f"This is no answer as /ask returns it: {error}.") from None


def _from_model(kept: AnswerJson, lookup: ArticleLookup) -> Answer:
    articles = {name: lookup(name) for name in _article_ids(kept)}
    citations = {item.number: _citation(item, articles) for item in kept.citations}
    answer = Answer(
        kept.question,
        kept.searched,
        "unanswerable" if kept.status != "writing" else kept.status,
        statements=tuple(_statement(item, citations) for item in kept.statements),
        evidence=tuple(found for item in kept.evidence if (found := _evidence(item, articles))),
        filters=_filters(kept.filters),
        timings=Timings(**kept.timings.model_dump()),
        index_version=kept.index_version,
        model=kept.model,
        codes=_codes(kept),
    )
    if not answer.statements:
        return answer.replace(message=restore_message(answer, kept.message))
    missing = describe_missing_dates(parse_dates(answer.searched), cited_text(answer))
    warnings = tuple(text for text in kept.warnings if text == missing or _is_warning(text))
    return answer.replace(status="partly" if missing in warnings else "answered", warnings=warnings)


def _codes(kept: AnswerJson) -> tuple[AnswerCode, ...]:
    """Return the codes that fit: an answer with statements refuses nothing."""
    return tuple(dict.fromkeys(code for code in kept.codes if not kept.statements or code == "without_model"))


def _is_warning(text: str) -> bool:
    """Return True for a warning in the words of this program, of what it left out too."""
    return text in (ON_TRIAL, SOURCES_DISAGREE, SOURCE_DENIES) or bool(_WARNING.match(text))


def _article_ids(kept: AnswerJson) -> set[str]:
    """Return the ids of the articles that an answer names; bounded, since each is looked up."""
    quotes: list[CitationJson | EvidenceJson] = [*kept.citations, *kept.evidence]
    names = {item.article for quote in quotes for item in (quote, *quote.also_in)}
    if len(names) > limits.MAX_ANSWER_ARTICLES:
        raise ValueError(f"it names more than {limits.MAX_ANSWER_ARTICLES:,} articles")
    return names


def _citation(item: CitationJson, articles: _Articles) -> Citation:
    also_in = tuple(articles[other.article] or _removed_article(other) for other in item.also_in)
    source = articles[item.article] or _removed_article(item)
    return Citation(item.number, source, item.start, item.end, item.quote, also_in)


def _removed_article(fields: ArticleJson) -> Article:
    """Return what was kept of a removed article. It has no body, so nothing that cites it is verified."""
    published = PartialDate.parse(fields.published) if fields.published else None
    return Article(
        fields.title or fields.headline,
        "",
        fields.publisher,
        fields.author,
        published,
        fields.url,
        sample=fields.sample,
    )


def _statement(item: StatementJson, citations: Mapping[int, Citation]) -> Statement:
    missing = [number for number in item.citations if number not in citations]
    if missing or not item.citations:
        raise ValueError(
            f"a statement cites {f'source {missing[0]}, which is not there' if missing else 'nothing'}"
        )
    cited = tuple(citations[number] for number in item.citations)
    verdict = item.verdict if _is_verified(item.text, item.verdict, cited) else UNVERIFIED
    as_of = _as_of(item, cited[0]) if verdict != UNVERIFIED else None
    return Statement(item.text, cited, verdict, as_of, item.words)


def _is_verified(text: str, verdict: str, cited: Sequence[Citation]) -> bool:
    if not all(citation.verified for citation in cited):
        return False
    if verdict == QUOTED:
        return text == cited[0].quote
    articles = [citation.article for citation in cited]
    publishers = [article.publisher for article in articles if article.publisher]
    quotes, headlines = [citation.quote for citation in cited], [article.headline for article in articles]
    return verdict == SUPPORTED and not verify_statement(text, quotes, headlines, publishers)


def _as_of(item: StatementJson, citation: Citation) -> AsOf | None:
    """Parse the statement's figure and day from its source again; None if the source lacks the figure."""
    kept, article = item.as_of, citation.article
    if kept is None:
        return None
    if not kept.figure:
        return label_amount(article)
    quantities = [*parse_quantities(citation.quote, article.published), *date_quantities(citation.quote)]
    found = [
        label_amount(article, quantity)
        for quantity in quantities
        if quantity.text == kept.figure and quantity.text in item.text
    ]
    same = (as_of for as_of in found if (str(as_of.day), as_of.stage) == (str(kept.day), kept.stage))
    return next(same, found[0] if found else None)


def _evidence(item: EvidenceJson, articles: _Articles) -> Evidence | None:
    """Return the sentence, or None if its article or its place is no longer there."""
    source = articles[item.article]
    if source is None or not 0 <= item.start < item.end <= len(source.body):
        return None
    ranks = tuple(Rank(rank.by, rank.place, rank.score) for rank in item.ranks)
    also_in = tuple(found for other in item.also_in if (found := articles[other.article]))
    passage = Passage(source, item.start, item.end)
    return Evidence(passage, item.start, item.end, item.score, 0.0, also_in=also_in, ranks=ranks)


def _filters(kept: FiltersJson) -> Filters:
    since, until = (date.fromisoformat(day) if day else None for day in (kept.since, kept.until))
    return Filters(since, until, tuple(kept.publishers), tuple(kept.articles))
