"""The JSON of an answer, and of what travels with it, as pydantic models.

From these models follow what every interface sends (`rag.answers.answer.to_model`), the JSON Schema in
docs/answer.schema.json (`dateline schema`), and the validation of what comes back (`parse`).
Within one version keys are only added, never renamed or removed.
"""

from collections.abc import Sized
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from rag import limits

ANSWER_SCHEMA_VERSION: Final = 1
UNVERIFIED: Final = "unverified"
AnswerStatus = Literal["writing", "answered", "partly", "unanswerable"]
Verdict = Literal["supported", "quoted", "unverified"]
AnswerCode = Literal["collection_empty", "nothing_in_filter", "not_said", "without_model"]

_RECEIVED: Final = "received"  # the validation context in which lengths are bounded


class InvalidValue(ValueError):
    """A value from outside does not fit its model; the message names the first place that does not."""


def _at_most(most: int) -> AfterValidator:
    """Return a validator that bounds the length of a received value; what Dateline sends always passes."""

    def check(value: Sized, info: ValidationInfo) -> Sized:
        if info.context == _RECEIVED and len(value) > most:
            raise PydanticCustomError(
                "too_long",
                "has a length of {length}, the most is {most}",
                {"length": len(value), "most": most},
            )
        return value

    return AfterValidator(check)


T = TypeVar("T")
Parts = Annotated[list[T], _at_most(limits.MAX_ANSWER_PARTS)]
Text = Annotated[str, _at_most(limits.MAX_TURN_CHARS)]
LongText = Annotated[str, _at_most(limits.MAX_ANSWER_PARTS * limits.MAX_TURN_CHARS)]


class JsonModel(BaseModel):
    """A model that takes JSON's own types without converting them and ignores unknown keys."""

    model_config = ConfigDict(
        frozen=True, strict=True, allow_inf_nan=False, serialize_by_alias=True, use_attribute_docstrings=True
    )

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`, without the keys that were never set."""
        return self.model_dump(exclude_unset=True)


class RankJson(JsonModel):
    """The rank (from 1) and score that one search signal gave a passage."""

    by: Text
    place: int
    score: float


class ArticleJson(JsonModel):
    """An article without its body. What its source did not say is null."""

    article: Text
    """The article's id, a hash of its body."""
    title: Text | None
    headline: Text
    """The title, or the first words of the body where there is no title."""
    publisher: Text | None
    author: Text | None
    published: Text | None
    """YYYY, YYYY-MM or YYYY-MM-DD, as precisely as it is known."""
    url: Text | None
    sample: bool = False
    """True for an invented article of the sample collection."""


class QuoteJson(ArticleJson):
    """Words of an article: `quote` is what its body holds from `start` to `end`, in characters."""

    start: NonNegativeInt
    end: NonNegativeInt
    quote: Text


class _NumberedJson(JsonModel):
    number: int
    """The number by which statements cite this source."""


class CitationJson(QuoteJson, _NumberedJson):  # `number` is the first key
    """A numbered source of statements."""

    verified: bool
    """True if the article held the quote at this place when this was written; computed again on loading."""
    also_in: Parts[ArticleJson]
    """Articles of other publishers that printed the same sentence."""


class EvidenceJson(QuoteJson):
    """A sentence that was found for the question; scores are comparable only within one answer."""

    score: float
    also_in: Parts[ArticleJson]
    ranks: Parts[RankJson]


class PassageJson(ArticleJson):
    """A passage that a search found: its text is what the article's body holds from `start` to `end`."""

    start: NonNegativeInt
    end: NonNegativeInt
    text: Text
    score: float
    ranks: Parts[RankJson]


class AsOfJson(JsonModel):
    """The figure that a statement gives and the day that it is for."""

    figure: Text
    """The figure in the words of the source, or "" if the source gives several."""
    day: Text | None
    published: Text | None
    publisher: Text | None
    stage: Text
    """"actual", "announced", "planned" or "estimated"."""
    spoken: Text
    """Day, stage and publisher in plain English."""


class StatementJson(JsonModel):
    """One sentence of an answer.

    "supported" was written by the model and checked, "quoted" is an article's own words. "unverified" occurs
    only in answers that were kept, where a source has been removed since.
    """

    text: Text
    verdict: Verdict
    citations: Parts[int]
    """The numbers of its sources."""
    as_of: AsOfJson | None
    words: Text = ""
    """The words of the text that answer the question, or ""."""


class FiltersJson(JsonModel):
    """Which articles were searched; empty means all. Days are YYYY-MM-DD."""

    since: Text | None
    until: Text | None
    publishers: Parts[Text]
    articles: Parts[Text]


class TimingsJson(JsonModel):
    """Seconds from the question to the first evidence, the first written word and the end; else null.

    And the tokens that the model read and wrote; null where none was asked, or it does not say.
    """

    evidence: float | None
    first_word: float | None
    total: float | None
    tokens_read: int | None = None
    tokens_written: int | None = None


class AnswerJson(JsonModel):
    """One answer of Dateline, the same from the page, /ask, the command line and exports.

    `codes` say to scripts what `message` and `warnings` say to people: why nothing was answered (the
    collection is empty, no article passes the filter, the articles do not say), or that the model failed
    and quotes are shown in its place.
    """

    schema_version: Literal[1] = Field(alias="schema")
    question: LongText
    searched: LongText
    status: AnswerStatus
    text: LongText
    message: LongText
    statements: Parts[StatementJson]
    citations: Parts[CitationJson]
    evidence: Parts[EvidenceJson]
    warnings: Parts[LongText]
    filters: FiltersJson
    timings: TimingsJson
    index_version: Text
    model: Text
    codes: Parts[AnswerCode] = []
    draft: LongText = ""


class ExchangeJson(JsonModel):
    """A question with its answer; `judged` is the reader's verdict on it (of `FEEDBACK_VERDICTS`) or ""."""

    answer: AnswerJson
    judged: Text


class ConversationJson(JsonModel):
    """What a browser keeps of a conversation."""

    id: str
    title: str
    exchanges: list[ExchangeJson]


class TurnJson(JsonModel):
    """One message of the history that a script sends with a question."""

    role: Literal["user", "assistant"]
    text: str


class FiltersRequest(JsonModel, extra="forbid"):
    """The filters that a script sends with a question; days may be as coarse as a year."""

    since: str | int | date | None = None
    until: str | int | date | None = None
    publishers: Annotated[list[str], _at_most(limits.MAX_FILTER_VALUES)] | None = None
    articles: Annotated[list[str], _at_most(limits.MAX_FILTER_VALUES)] | None = None


class UploadRequest(JsonModel):
    """An uploaded file, as gradio_client's `handle_file` describes it."""

    path: str


Model = TypeVar("Model", bound=JsonModel)


def parse(model: type[Model], value: object) -> Model:
    """Return a value that came from a browser or a script as a model.

    Raises:
        InvalidValue: it does not fit the model, or a list or text of it is too long.
    """
    try:
        return model.model_validate(value, context=_RECEIVED)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise InvalidValue(f"{place}: {problem['msg']}" if place else problem["msg"]) from None


def answer_schema() -> dict[str, Any]:
    """Return the JSON Schema of `AnswerJson`; docs/answer.schema.json is a copy of it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **AnswerJson.model_json_schema()}
