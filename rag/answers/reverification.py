"""An answer that was kept as JSON -> `Answer`, checked once more. Knows JSON and checks; where answers are kept is not its affair.

Nothing that was kept is taken on trust: each quote is looked up in the article as the collection has it now, and each written sentence
is checked against it again. What rests on an article that was removed is "unverified".
"""

from collections.abc import Callable, Sequence, Sized
from datetime import date

from pydantic import ValidationError

from corpus.article import Article, InvalidDate, PartialDate
from corpus.passages import Passage
from corpus.store.filters import Filters
from rag import limits
from rag.answers.answer import Answer, Timings
from rag.answers.schema import (
    READER,
    UNVERIFIED,
    AnswerJson,
    ArticleJson,
    AsOfJson,
    EvidenceJson,
    FiltersJson,
)
from rag.query.timing import AsOf
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Rank
from rag.verification.citations import QUOTED, SUPPORTED, Citation, Statement
from rag.verification.verify import verify_statement

ArticleLookup = Callable[[str], Article | None]


class BadAnswer(ValueError):
    """A value that should be an answer and is none."""


def load_and_reverify(entry: object, article: ArticleLookup) -> Answer:
    """The answer that `entry` tells, its sources as `article` finds them by their ids.

    Raises:
        BadAnswer: it is no answer of this version.
    """
    try:
        kept = READER.validate_python(entry)
        if not _bounded(kept):
            raise BadAnswer("it is longer than any answer")
        citations = _citations(kept, article)
        return Answer(
            kept["question"],
            kept["searched"],
            kept["status"],
            statements=tuple(_statements(kept, citations)),
            evidence=tuple(found for item in kept["evidence"] if (found := _evidence(item, article))),
            message=kept["message"],
            warnings=tuple(kept["warnings"]),
            filters=_filters(kept["filters"]),
            timings=Timings(**kept["timings"]),
            index_version=kept["index_version"],
            model=kept["model"],
            codes=tuple(dict.fromkeys(kept.get("codes", ()))),
        )
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise BadAnswer(
            f"This is no answer as /ask returns it: {'.'.join(map(str, problem['loc']))}: {problem['msg']}."
        ) from None
    except (InvalidDate, KeyError, ValueError) as error:
        raise BadAnswer(f"This is no answer as /ask returns it: {error}.") from None


def _bounded(kept: AnswerJson) -> bool:
    """True unless it would take long to check what somebody made up."""
    parts: tuple[Sized, ...] = kept["statements"], kept["citations"], kept["evidence"], kept["warnings"]
    texts = [item["text"] for item in kept["statements"]]
    return all(len(part) <= limits.MAX_ANSWER_PARTS for part in parts) and all(
        len(text) <= limits.MAX_TURN_CHARS for text in texts
    )


def _citations(kept: AnswerJson, article: ArticleLookup) -> dict[int, Citation]:
    found = {}
    for item in kept["citations"]:
        source = article(item["article"]) or _stand_in(item)
        also_in = tuple(article(other["article"]) or _stand_in(other) for other in item["also_in"])
        found[item["number"]] = Citation(
            item["number"], source, item["start"], item["end"], item["quote"], also_in
        )
    return found


def _stand_in(facts: ArticleJson) -> Article:
    """What is still known of an article that was removed. It has no words, so nothing that cites it is verified."""
    published = PartialDate.parse(facts["published"]) if facts["published"] else None
    return Article(
        facts["title"] or facts["headline"], "", facts["publisher"], facts["author"], published, facts["url"]
    )


def _statements(kept: AnswerJson, citations: dict[int, Citation]) -> list[Statement]:
    statements = []
    for item in kept["statements"]:
        cited = tuple(citations[number] for number in item["citations"])
        if not cited:
            raise BadAnswer("A statement cites nothing")
        verdict = item["verdict"] if _holds(item["text"], item["verdict"], cited) else UNVERIFIED
        statements.append(
            Statement(item["text"], cited, verdict, _as_of(item["as_of"]), item.get("words", ""))
        )
    return statements


def _holds(text: str, verdict: str, cited: Sequence[Citation]) -> bool:
    if not all(citation.verified for citation in cited):
        return False
    if verdict == QUOTED:
        return text == cited[0].quote
    articles = [citation.article for citation in cited]
    publishers = [article.publisher for article in articles if article.publisher]
    quotes, headlines = [citation.quote for citation in cited], [article.headline for article in articles]
    return verdict == SUPPORTED and not verify_statement(text, quotes, headlines, publishers)


def _as_of(entry: AsOfJson | None) -> AsOf | None:
    if entry is None:
        return None
    day, published = (
        PartialDate.parse(text) if text else None for text in (entry["day"], entry["published"])
    )
    return AsOf(entry["figure"], day, published, entry["publisher"], entry["stage"])


def _evidence(item: EvidenceJson, article: ArticleLookup) -> Evidence | None:
    source = article(item["article"])
    if source is None or not 0 <= item["start"] < item["end"] <= len(source.body):
        return None
    ranks = tuple(Rank(rank["by"], rank["place"], rank["score"]) for rank in item["ranks"])
    also_in = tuple(found for other in item["also_in"] if (found := article(other["article"])))
    passage = Passage(source, item["start"], item["end"])
    return Evidence(passage, item["start"], item["end"], item["score"], 0.0, also_in=also_in, ranks=ranks)


def _filters(entry: FiltersJson) -> Filters:
    since, until = (date.fromisoformat(text) if text else None for text in (entry["since"], entry["until"]))
    return Filters(since, until, tuple(entry["publishers"]), tuple(entry["articles"]))
