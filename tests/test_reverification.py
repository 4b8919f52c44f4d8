import copy
import json
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from rag.answers.reverification import BadAnswer, load_and_reverify
from rag.answers.schema import READER, answer_schema
from rag.assistant import Assistant
from rag.page.answer_markup import answer_html

QUESTIONS = (
    "Why was the opening of Berlin airport called off in May 2012?",
    "How has the cost of HS2 changed?",
    "Which orchestra played at the reopening of Notre-Dame?",
)


def kept(assistant: Assistant, question: str) -> Any:
    return json.loads(json.dumps(assistant.ask(question).to_json()))


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_was_kept_is_the_same_answer_again(quoting: Assistant, question: str) -> None:
    entry = kept(quoting, question)
    answer = load_and_reverify(entry, quoting.library.store.article)
    assert json.loads(json.dumps(answer.to_json())) == entry
    assert answer_html(answer, 0) == answer_html(quoting.ask(question).replace(timings=answer.timings), 0)


def test_a_written_sentence_is_checked_again(scripted: Any) -> None:
    words = "The opening of Berlin's new international airport was called off because its fire-protection system is not ready [1]."
    assistant = scripted(lambda _: words)
    entry = kept(assistant, QUESTIONS[0])
    assert entry["statements"][0]["verdict"] == "supported"
    assert load_and_reverify(entry, assistant.library.store.article).statements[0].verdict == "supported"
    entry["statements"][0]["text"] = (
        "The opening of Berlin's airport was called off because its 9,000 pumps are not ready."
    )
    assert load_and_reverify(entry, assistant.library.store.article).statements[0].verdict == "unverified"


def test_what_rests_on_a_removed_article_or_on_other_words_is_unverified(quoting: Assistant) -> None:
    entry = kept(quoting, QUESTIONS[0])
    gone = load_and_reverify(entry, lambda _: None)
    assert {statement.verdict for statement in gone.statements} == {"unverified"} and not gone.evidence
    assert (
        gone.citations[0].quote == entry["citations"][0]["quote"]
        and gone.citations[0].article.publisher == "Meridian Wire"
    )
    assert "source removed" in answer_html(gone, 0)
    entry["citations"][0]["quote"] = "Nothing of that stands there."
    assert load_and_reverify(entry, quoting.library.store.article).statements[0].verdict == "unverified"


def test_what_is_no_answer_is_refused_in_a_sentence(quoting: Assistant) -> None:
    entry = kept(quoting, QUESTIONS[1])
    broken: list[Any] = [
        None,
        [],
        "x",
        {},
        {**entry, "schema": 2},
        {**entry, "statements": [{"text": "x"}]},
        {**entry, "citations": []},
    ]
    dated = copy.deepcopy(entry)
    dated["citations"][0]["published"] = "soon"
    long = {**entry, "statements": [{**entry["statements"][0], "text": "x" * 9_000}]}
    for value in [
        *broken,
        {**entry, "warnings": ["x"] * 101},
        long,
        {**entry, "filters": {**entry["filters"], "since": "soon"}},
    ]:
        with pytest.raises(BadAnswer, match="This is no answer as /ask returns it"):
            load_and_reverify(value, quoting.library.store.article)
    with pytest.raises(BadAnswer, match="soon"):
        load_and_reverify(dated, lambda _: None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_else_is_ever_read_as_an_answer(value: Any) -> None:
    with pytest.raises(BadAnswer):
        load_and_reverify(value, lambda _: None)


def test_the_schema_in_the_documents_is_the_codes_and_real_answers_fit_it(quoting: Assistant) -> None:
    written = (ROOT / "docs/answer.schema.json").read_text()
    assert json.loads(written) == answer_schema(), "run: python -m rag schema > docs/answer.schema.json"
    for question in QUESTIONS:
        entry = kept(quoting, question)
        assert READER.validate_python(entry, strict=True) == entry and set(entry) == READER_KEYS
    for growing in quoting.stream(QUESTIONS[0]):
        READER.validate_python(growing.to_json(), strict=True)


READER_KEYS = {*answer_schema()["required"], "codes"}
