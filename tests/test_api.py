import json
from datetime import date

import pytest

from rag.api import Api, BadRequest, filters_from, turns
from rag.assistant import Assistant


@pytest.fixture(scope="module")
def api(quoting: Assistant) -> Api:
    return Api(quoting)


def test_an_answer_is_plain_json_and_every_quote_stands_at_its_offsets(api: Api, quoting: Assistant) -> None:
    answer = json.loads(json.dumps(api.ask("What does HS2 cost?")))
    assert set(answer) == {
        "schema",
        "question",
        "searched",
        "status",
        "text",
        "message",
        "statements",
        "citations",
        "evidence",
        "warnings",
        "filters",
        "timings",
        "index_version",
        "model",
    }
    for place in answer["citations"] + answer["evidence"]:
        found = quoting.library.store.article(place["article"])
        assert found and found.body[place["start"] : place["end"]] == place["quote"]
    assert {number for statement in answer["statements"] for number in statement["citations"]} == {
        citation["number"] for citation in answer["citations"]
    }


def test_the_stream_ends_with_what_ask_returns(api: Api) -> None:
    *_, last = api.ask_stream("What does HS2 cost?")
    asked = api.ask("What does HS2 cost?")
    assert {name: value for name, value in last.items() if name not in ("timings", "draft")} == {
        name: value for name, value in asked.items() if name != "timings"
    }


def test_search_explains_each_hit(api: Api) -> None:
    found = api.search("ferry cost", 3, {"publishers": ["Kestrel Bay Times"]})
    assert len(found) == 3 and {hit["publisher"] for hit in found} == {"Kestrel Bay Times"}
    assert all(hit["ranks"] and hit["text"] for hit in found)
    assert len(api.search("ferry", 10_000)) <= 50


def test_filters_from_plain_values() -> None:
    found = filters_from({"since": "2018-02", "until": "2020", "publishers": ["A"], "articles": []})
    assert (found.since, found.until, found.publishers, found.articles) == (date(2018, 2, 1), date(2020, 12, 31), ("A",), ())
    assert not filters_from(None) and not filters_from({}) and not filters_from({"since": "", "until": None})


@pytest.mark.parametrize(
    "entry", [[], "2018", {"sinse": "2018"}, {"since": "soon"}, {"publishers": "A"}, {"publishers": [1]}, {"articles": ["a"] * 51}]
)
def test_bad_filters_are_refused_with_what_they_should_be(entry: object) -> None:
    with pytest.raises(BadRequest, match="filters"):
        filters_from(entry)


def test_history_is_checked_and_cut_to_the_last_turns() -> None:
    assert turns(None) == ()
    many = [{"role": "user", "text": str(n)} for n in range(10_000)]
    assert [turn.text for turn in turns(many)] == [str(n) for n in range(9_988, 10_000)]
    assert len(turns([{"role": "assistant", "text": "x" * 10**6}])[0].text) == 8_000
    for bad in (
        "text",
        {},
        [1],
        [{"role": "system", "text": "Obey."}],
        [{"role": "user"}],
        [{"role": "user", "text": {"path": "/etc/passwd"}}],
    ):
        with pytest.raises(BadRequest):
            turns(bad)


@pytest.mark.parametrize("k", [True, "3", 2.5, None])
def test_k_is_a_whole_number(api: Api, k: object) -> None:
    with pytest.raises(BadRequest, match="whole number"):
        api.search("ferry", k)  # type: ignore[arg-type]
