import pytest

from rag.query.followups import Turn
from rag.query.parse import parse_question
from rag.query.validation import InvalidQuestion

PAPERS = ("The Gull", "Harbour Times")
HISTORY = (Turn("user", "When did the Halden bridge open?"), Turn("assistant", "In May 2019. [1]"))


def test_a_fact_is_searched_as_it_was_asked() -> None:
    parsed = parse_question("  Who paid for the quay?\x00 ")
    assert parsed.text == parsed.standalone == parsed.topic.text == "Who paid for the quay?"
    assert parsed.query.parts[0].text == parsed.text and not parsed.wants_values
    assert [part.text for part in parsed.subquestions] == [parsed.text] and not parsed.clauses
    assert parsed.followup is None and parsed.previous_query is None and not parsed.filters


def test_all_words_are_searched_and_the_topic_is_ranked_with_its_long_forms() -> None:
    parsed = parse_question(
        "How has the cost of HS2 changed since 2012?",
        expand_acronyms=lambda text: text.replace("HS2", "HS2 (High Speed 2)"),
    )
    assert parsed.intent.change and parsed.wants_values and [str(day) for day in parsed.dates] == ["2012"]
    assert parsed.topic.text == "the cost of HS2 (High Speed 2) ?"
    assert parsed.query.parts[0].text == parsed.text and parsed.answer_type.unit == "money"


def test_a_followup_is_rewritten_and_keeps_its_own_words() -> None:
    parsed = parse_question("Who opened it?", HISTORY)
    assert parsed.standalone == "Who opened it? (the Halden bridge open)"
    assert parsed.followup and parsed.followup.text == "Who opened it?" and parsed.subquestions == ()
    assert parsed.previous_query and "In May 2019" in parsed.previous_query.parts[0].text


def test_filters_of_the_user_replace_those_of_the_question() -> None:
    question = "Who paid, according to the Gull alone?"
    own = parse_question(question, publishers=PAPERS).filters
    assert own.publishers == ("The Gull",)
    other = type(own)(publishers=("Harbour Times",))
    assert parse_question(question, filters=other, publishers=PAPERS).filters == other


def test_what_is_no_question_cannot_be_parsed() -> None:
    with pytest.raises(InvalidQuestion, match="at most 5"):
        parse_question("Who paid?", max_chars=5)
