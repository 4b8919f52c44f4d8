"""Parse a question once, into the value that every later step reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.article import PartialDate
from corpus.store.filters import Filters
from rag import limits
from rag.quantities.dates import parse_dates
from rag.query.answer_type import AnswerType, parse_answer_type
from rag.query.decomposition import decompose
from rag.query.followups import Turn, previous_exchange, rewrite_followup
from rag.query.intent import Intent, extract_topic, parse_intent
from rag.query.parts import QuestionPart, SearchQuery, split_question
from rag.query.sources import extract_filters
from rag.query.validation import validate_question


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question and all that its words say about how to answer it.

    text: the question as it was typed, validated.
    standalone: the same, or a follow-up rewritten so that it can be searched on its own.
    filters: what restricts the sources for certain; given by the user, or by the question itself.
    intent: the kind of account that it wants.
    dates: the dates that it names.
    answer_type: the type of answer that it asks for.
    topic: the question without the words that express its intent, its acronyms expanded.
    clauses: the clauses of the topic, if it has several.
    subquestions: a part for each thing or publisher that is asked; one for a question for one thing, none for
        a rewritten follow-up.
    query: the search, for all words of the question: a wrong intent leaves none out.
    previous_query: the search for the articles of the previous exchange, if the question may be about them.
    followup: the question as it was typed, if it is a follow-up that was rewritten.
    """

    text: str
    standalone: str
    filters: Filters
    intent: Intent
    dates: tuple[PartialDate, ...]
    answer_type: AnswerType
    topic: QuestionPart
    clauses: tuple[QuestionPart, ...]
    subquestions: tuple[QuestionPart, ...]
    query: SearchQuery
    previous_query: SearchQuery | None
    followup: QuestionPart | None

    @property
    def wants_values(self) -> bool:
        """True if the question asks for an amount or a date over time, or for the latest one."""
        return self.answer_type.value and (self.intent.change or self.intent.latest)

    @property
    def wants_newest(self) -> bool:
        """True if the question asks for what is so now: "is it still shut?", "has it been built?"."""
        return self.intent.latest or (self.answer_type.present and not self.dates)


def parse_question(
    question: str,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    *,
    publishers: Sequence[str] = (),
    expand_acronyms: Callable[[str], str] = str,
    max_chars: int = limits.MAX_QUESTION_CHARS,
) -> ParsedQuestion:
    """Parse a question; the only function that reads its text.

    `filters` replace those that the question sets itself. `publishers` are those of the collection, and
    `expand_acronyms` adds the long forms that its articles define.

    Raises:
        InvalidQuestion: the question is empty, too long, or not a string.
    """
    text = validate_question(question, max_chars)
    standalone = rewrite_followup(text, history)
    topic = extract_topic(standalone)
    expanded = expand_acronyms(topic)
    query = literal = SearchQuery.parse(standalone, publishers)
    if topic != standalone:
        # The whole question finds the articles of every word in it, the topic those of its subject.
        query = SearchQuery((literal.parts[0], *split_question(topic, publishers)), literal.latest)
    parts = query.parts if expanded == standalone else split_question(expanded, publishers)
    exchange = previous_exchange(text, history)
    rewritten = standalone != text
    return ParsedQuestion(
        text=text,
        standalone=standalone,
        filters=extract_filters(standalone, publishers) if filters is None else filters,
        intent=parse_intent(standalone),
        dates=parse_dates(standalone),
        answer_type=parse_answer_type(topic),
        topic=QuestionPart.parse(expanded),
        clauses=parts[1:],
        subquestions=() if rewritten else decompose(text, literal.parts),
        query=query,
        previous_query=SearchQuery.parse(exchange, publishers) if exchange else None,
        followup=QuestionPart.parse(text) if rewritten else None,
    )
