import pytest
from langchain_core.runnables import RunnableLambda

from rag.assistant import Assistant
from rag.query.validation import InvalidQuestion
from rag.serving.api import Api, BadRequest
from rag.serving.collection import Collection
from rag.serving.runnable import DatelineRunnable

HS2 = "How has the cost of HS2 changed?"


@pytest.fixture(scope="module")
def api(quoting: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(quoting, Collection(quoting.library, tmp_path_factory.mktemp("uploads"), writable=False))


def without_timings(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name not in ("timings", "draft")}


def test_in_a_chain_it_returns_what_the_api_returns(api: Api) -> None:
    chain = (
        RunnableLambda(lambda subject: f"How has the cost of {subject} changed?")
        | DatelineRunnable(api)
        | without_timings
    )
    assert chain.invoke("HS2") == without_timings(api.ask(HS2))
    narrowed = DatelineRunnable(api).invoke({"question": HS2, "filters": {"publishers": ["Civic Observer"]}})
    assert {item["publisher"] for item in narrowed["citations"]} == {"Civic Observer"}
    assert [
        answer["question"] for answer in DatelineRunnable(api).batch([HS2, "When did Notre-Dame reopen?"])
    ] == [
        HS2,
        "When did Notre-Dame reopen?",
    ]


def test_it_streams_from_the_evidence_to_the_finished_answer(api: Api) -> None:
    *growing, last = DatelineRunnable(api).stream(HS2)
    assert (
        growing[0]["status"] == "writing"
        and growing[0]["evidence"]
        and without_timings(last) == without_timings(api.ask(HS2))
    )


def test_an_invalid_question_raises_an_error_that_says_why(api: Api) -> None:
    for bad in (3, {}, {"question": HS2, "colour": "red"}):
        with pytest.raises(BadRequest, match="Ask with a text"):
            DatelineRunnable(api).invoke(bad)  # type: ignore[arg-type]
    with pytest.raises(InvalidQuestion, match="empty"):
        DatelineRunnable(api).invoke(" ")
