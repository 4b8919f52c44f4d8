"""What an answer looks like as JSON, and its JSON Schema. Knows names and types; `rag.answers.answer` fills them, `rag.answers.reverification` reads them back.

Within one version keys are only added, never renamed or taken away.
"""

from typing import (
    Any,
    Final,
    Literal,
    NotRequired,  # pydantic wants these before Python 3.12
)

from pydantic import TypeAdapter
from typing_extensions import TypedDict

SCHEMA: Final = 1
UNVERIFIED = "unverified"
Verdict = Literal["supported", "quoted", "unverified"]
# Why an answer is none, or not as it should be: nothing there to search, nothing left by the filter, not in the articles; the model failed.
AnswerCode = Literal["collection_empty", "nothing_in_filter", "not_said", "without_model"]


class RankJson(TypedDict):
    """The place (from 1) and score that one signal gave a passage."""

    by: str
    place: int
    score: float


class ArticleJson(TypedDict):
    """An article's facts; `article` is its id, the hash of its body. What its source did not say is null."""

    article: str
    title: str | None
    headline: str
    publisher: str | None
    author: str | None
    published: str | None
    url: str | None


class PlaceJson(ArticleJson):
    """Words of an article: `quote` stands at `start` to `end` of its body, in characters."""

    start: int
    end: int
    quote: str


class CitationJson(PlaceJson):
    """A numbered source. `verified`: the quote was found at its place when this was written. `also_in`: papers that printed the same."""

    number: int
    verified: bool
    also_in: list[ArticleJson]


class EvidenceJson(PlaceJson):
    """A sentence that came near; scores are comparable only inside one answer."""

    score: float
    also_in: list[ArticleJson]
    ranks: list[RankJson]


class AsOfJson(TypedDict):
    """The figure of a statement and the day that it speaks of."""

    figure: str
    day: str | None
    published: str | None
    publisher: str | None
    stage: str
    spoken: str


class StatementJson(TypedDict):
    """One sentence of an answer: "supported" was written and checked, "quoted" is an article's own words.

    "unverified" stands only in answers that were kept, where an article has been removed since. `citations` are numbers, `words` those
    of the text that answer the question.
    """

    text: str
    verdict: Verdict
    citations: list[int]
    as_of: AsOfJson | None
    words: NotRequired[str]


class FiltersJson(TypedDict):
    """Which articles were searched; empty means all. Days are YYYY-MM-DD."""

    since: str | None
    until: str | None
    publishers: list[str]
    articles: list[str]


class TimingsJson(TypedDict):
    """Seconds since the question came, and the tokens that the model read and wrote for it (null where none was asked, or it does not say)."""

    evidence: float | None
    first_word: float | None
    total: float | None
    tokens_read: NotRequired[int | None]
    tokens_written: NotRequired[int | None]


class AnswerJson(TypedDict):
    """One answer of Dateline, the same from the page, /ask, the command line and exports.

    `codes` tell scripts what `message` and `warnings` tell people: why nothing was answered (the collection is empty, no article passes the
    filter, the articles do not say), or that the model failed and quotes stand in its place.
    """

    schema: Literal[1]
    question: str
    searched: str
    status: Literal["writing", "answered", "partly", "unanswerable"]
    text: str
    message: str
    statements: list[StatementJson]
    citations: list[CitationJson]
    evidence: list[EvidenceJson]
    warnings: list[str]
    filters: FiltersJson
    timings: TimingsJson
    index_version: str
    model: str
    codes: NotRequired[list[AnswerCode]]
    draft: NotRequired[str]


READER: TypeAdapter[AnswerJson] = TypeAdapter(AnswerJson)


def answer_schema() -> dict[str, Any]:
    """The JSON Schema of `AnswerJson`; docs/answer.schema.json is a copy of it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **READER.json_schema()}
