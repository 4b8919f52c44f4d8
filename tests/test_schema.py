import json
from typing import Any

import pytest
from conftest import ROOT
from test_reverification import KEPT, QUESTIONS, TUNNEL_ARTICLES, kept, written

from rag.answers.answer import Answer
from rag.answers.conversation import Conversation
from rag.answers.schema import AnswerJson, FiltersRequest, InvalidValue, answer_schema, parse
from rag.assistant import Assistant


def test_the_published_schema_is_current_and_real_answers_match_it(quoting: Assistant) -> None:
    schema = json.loads((ROOT / "docs/answer.schema.json").read_text())
    assert schema == answer_schema(), "run: dateline schema > docs/answer.schema.json"
    for question in QUESTIONS:
        entry = kept(quoting, question)
        assert parse(AnswerJson, entry).to_json() == entry and set(entry) == {*schema["required"], "codes"}
    for growing in quoting.stream(QUESTIONS[0]):
        parse(AnswerJson, growing.to_json())


def test_keys_that_an_older_answer_lacks_are_not_added_to_what_the_browser_keeps() -> None:
    kept = json.loads(KEPT)
    answer = kept["exchanges"][0]["answer"]
    for part, key in (
        (answer, "codes"),
        (answer["statements"][0], "words"),
        (answer["timings"], "tokens_read"),
        (answer["timings"], "tokens_written"),
    ):
        del part[key]
    conversation = Conversation.from_json(kept)
    assert written(conversation.to_json()) == written(kept)
    assert written(conversation.load_answer(0, TUNNEL_ARTICLES.get).to_json()) == written(
        json.loads(KEPT)["exchanges"][0]["answer"]
    )


def test_an_answer_of_any_length_can_be_sent() -> None:
    long = "x" * 20_000
    assert (
        Answer(long, long, "unanswerable", message=long, warnings=(long,) * 200).to_json()["warnings"]
        == [long] * 200
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Input should be a valid dictionary or instance of FiltersRequest"),
        ({"sinse": "2018"}, "sinse: Extra inputs are not permitted"),
        ({"publishers": "Meridian Wire"}, "publishers: Input should be a valid list"),
        ({"publishers": ["Meridian Wire", 1]}, "publishers.1: Input should be a valid string"),
        ({"articles": ["a"] * 51}, "articles: has a length of 51, the most is 50"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_first_place_that_does_not(
    value: Any, message: str
) -> None:
    with pytest.raises(InvalidValue) as raised:
        parse(FiltersRequest, value)
    assert str(raised.value) == message
