"""Label the amounts in an answer with the day that they refer to and who published them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from corpus.article import Article
from rag.quantities.as_of import AsOf
from rag.quantities.quantities import Quantity, parse_quantities
from rag.query.parse import ParsedQuestion
from rag.retrieval.evidence import Evidence
from rag.retrieval.series import MAX_SCORE_GAP, SIMILAR_SIZE_BONUS
from rag.retrieval.values import DatedValue, rank_values
from rag.verification.citations import Statement

# Two values of one sentence whose scores differ less are left to the quote.
# hand-set on the sample questions; issue J replaces it
_AMBIGUOUS_GAP = 1.0

_ValuesBySentence = Mapping[tuple[str, int], Sequence[DatedValue]]  # by (article id, start of the sentence)


def label_statements(
    question: ParsedQuestion, statements: Sequence[Statement], evidence: Sequence[Evidence]
) -> tuple[Statement, ...]:
    """Return the statements, those with an amount labelled with its day and publisher, if one is asked for.

    The label names the amount if only one in the cited sentence fits the question. `evidence` includes the
    cited sentences.
    """
    if not question.answer_type.amount and not question.wants_values:
        return tuple(statements)
    values: dict[tuple[str, int], list[DatedValue]] = defaultdict(list)
    for value in rank_values(question.topic, evidence):
        values[value.evidence.article.id, value.evidence.start].append(value)
    return tuple(replace(statement, as_of=_label(statement, values)) for statement in statements)


def label_amount(article: Article, quantity: Quantity | None = None) -> AsOf:
    """Return the label of a quantity that an article gives, or without one a label that names no amount."""
    published, publisher = article.published, article.publisher
    if quantity is None:
        return AsOf("", published, published, publisher)
    return AsOf(quantity.text, quantity.day or published, published, publisher, quantity.stage)


def _label(statement: Statement, values: _ValuesBySentence) -> AsOf | None:
    article = statement.citations[0].article
    found = _stated_values(statement, values)
    if not found and not parse_quantities(statement.text):
        return None
    return label_amount(article, found[0].quantity if found and _is_unambiguous(found) else None)


def _stated_values(statement: Statement, values: _ValuesBySentence) -> list[DatedValue]:
    """Return the values that fit nearly as well as the best one and are in the statement and its source."""
    citation = statement.citations[0]
    top = max((value.score for of_sentence in values.values() for value in of_sentence), default=0.0)
    return [
        value
        for value in values.get((citation.article.id, citation.start), ())
        if value.score >= top - MAX_SCORE_GAP - SIMILAR_SIZE_BONUS
        and value.quantity.text in statement.text
        and value.quantity.text in citation.quote
    ]


def _is_unambiguous(found: Sequence[DatedValue]) -> bool:
    best, *others = found
    return all(
        _same(value.quantity, best.quantity) or value.score < best.score - _AMBIGUOUS_GAP for value in others
    )


def _same(one: Quantity, other: Quantity) -> bool:
    return (one.low, one.high) == (other.low, other.high)
