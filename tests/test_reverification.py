import copy
import json
from typing import Any

import pytest
from conftest import ROOT, article
from hypothesis import given
from hypothesis import strategies as st

from rag.answers.conversation import Conversation
from rag.answers.reverification import InvalidAnswer, load_and_reverify
from rag.assistant import Assistant
from rag.page.markup.answer_markup import answer_html

QUESTIONS = (
    "Why was the opening of Berlin airport called off in May 2012?",
    "How has the cost of HS2 changed?",
    "Which orchestra played at the reopening of Notre-Dame?",
)


def kept(assistant: Assistant, question: str) -> Any:
    return json.loads(json.dumps(assistant.ask(question).to_json()))


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_kept_answer_is_loaded_unchanged(quoting: Assistant, question: str) -> None:
    entry = kept(quoting, question)
    answer = load_and_reverify(entry, quoting.library.store.article)
    assert json.loads(json.dumps(answer.to_json())) == entry
    assert answer_html(answer, 0) == answer_html(quoting.ask(question).replace(timings=answer.timings), 0)


def test_a_written_sentence_is_verified_again(scripted: Any) -> None:
    words = (
        "The opening of Berlin's new international airport was called off because its fire-protection system "
        "is not ready [1]."
    )
    assistant = scripted(lambda _: words)
    entry = kept(assistant, QUESTIONS[0])
    assert entry["statements"][0]["verdict"] == "supported"
    assert load_and_reverify(entry, assistant.library.store.article).statements[0].verdict == "supported"
    entry["statements"][0]["text"] = (
        "The opening of Berlin's airport was called off because its 9,000 pumps are not ready."
    )
    assert load_and_reverify(entry, assistant.library.store.article).statements[0].verdict == "unverified"


def test_citations_of_removed_articles_or_changed_quotes_are_unverified(quoting: Assistant) -> None:
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


def test_an_invalid_answer_is_refused_in_a_sentence(quoting: Assistant) -> None:
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
        with pytest.raises(InvalidAnswer, match="This is no answer as /ask returns it"):
            load_and_reverify(value, quoting.library.store.article)
    with pytest.raises(InvalidAnswer, match="soon"):
        load_and_reverify(dated, lambda _: None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_other_json_is_loaded_as_an_answer(value: Any) -> None:
    with pytest.raises(InvalidAnswer):
        load_and_reverify(value, lambda _: None)


# The articles of tests/fixtures/conversation-v1.json, which Dateline 0.1.0 wrote.
SHAFT = (
    "Workers found water in the rock in March. The opening was put off because the pumps failed, and the "
    "shaft has to be drained before the miners may go on with their work below the river."
)
TUNNEL = "The Larkmoor tunnel will cost {} million crowns, the transport ministry said{}."
TUNNEL_ARTICLES = {
    item.id: item
    for item in (
        article(
            f"{TUNNEL.format(300, ' on Monday')}\n\nThe tunnel is planned to open in 2019.",
            "Tunnel priced at 300 million",
            published="2014-05-06",
            author="A. Writer",
            url="https://wire.example/tunnel",
        ),
        article(
            f"{TUNNEL.format(340, '')}\n\n{SHAFT}",
            "Tunnel costs rise",
            published="2018-02",
            publisher="Northgate Ledger",
        ),
        article(
            f"{TUNNEL.format(340, '')}\n\n{SHAFT} Nobody was hurt when the water came into the shaft on "
            "Sunday, the builders told this paper.",
            None,
            published="2018-02",
            publisher="Civic Observer",
        ),
        article(
            "The Larkmoor tunnel has cost 410 million crowns in all, the auditors found.",
            "What the tunnel cost",
            published=None,
            publisher=None,
        ),
    )
}
KEPT = (ROOT / "tests/fixtures/conversation-v1.json").read_text(encoding="utf-8")


def written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def test_a_conversation_kept_by_version_1_is_the_same_json_again_to_the_byte() -> None:
    conversation = Conversation.from_json(json.loads(KEPT))
    assert written(conversation.to_json()) == KEPT
    for turn, exchange in enumerate(json.loads(KEPT)["exchanges"]):
        answer = conversation.load_answer(turn, TUNNEL_ARTICLES.get)
        assert written(answer.to_json()) == written(exchange["answer"])
        assert all(citation.verified for citation in answer.citations)


def loaded(entry: Any) -> Any:
    """The answer after a trip to the browser and back, as JSON."""
    return load_and_reverify(entry, TUNNEL_ARTICLES.get).to_json()


@pytest.mark.parametrize(
    "forged",
    [
        {"figure": "999 billion crowns"},
        {"figure": "", "day": "2031", "published": "2031", "publisher": "Nobody", "stage": "actual"},
        {"day": "2031", "published": "2031-01-01", "publisher": "Nobody", "stage": "estimated"},
        {"spoken": "for 2031"},
    ],
    ids=["another figure", "no figure", "another day", "another label"],
)
def test_a_forged_figure_or_day_is_replaced_by_that_of_the_source(forged: dict[str, str]) -> None:
    entry = json.loads(KEPT)["exchanges"][0]["answer"]
    right = copy.deepcopy(entry["statements"][0]["as_of"])
    entry["statements"][0]["as_of"] |= forged
    as_of = loaded(entry)["statements"][0]["as_of"]
    if forged.get("figure") == "999 billion crowns":
        assert as_of is None
    else:
        assert {**as_of, "figure": "", "stage": "", "spoken": ""} == {
            **right,
            "figure": "",
            "stage": "",
            "spoken": "",
        }
        assert as_of["figure"] in ("", right["figure"]) and "2031" not in as_of["spoken"]


def test_an_unverified_statement_has_no_figure() -> None:
    entry = json.loads(KEPT)["exchanges"][0]["answer"]
    gone = load_and_reverify(entry, lambda _: None)
    assert len(gone.statements) == 3 and not any(statement.as_of for statement in gone.statements)


@pytest.mark.parametrize("most", ["statements", "citations", "evidence", "warnings"])
def test_each_list_of_an_answer_is_bounded(most: str) -> None:
    entry = json.loads(KEPT)["exchanges"][4]["answer"]
    with pytest.raises(InvalidAnswer, match=f"{most}: has a length of 101, the most is 100"):
        loaded({**entry, most: entry[most][:1] * 101})


def test_lists_and_texts_in_the_parts_of_an_answer_are_bounded_before_articles_are_looked_up() -> None:
    entry = json.loads(KEPT)["exchanges"][0]["answer"]
    citation, statement, evidence = entry["citations"][0], entry["statements"][0], entry["evidence"][0]
    also_in = citation["also_in"][:1]
    for place, value in (
        ("citations", {**citation, "also_in": also_in * 50_000}),
        ("citations", {**citation, "quote": "x" * 8_001}),
        ("citations", {**citation, "publisher": "x" * 8_001}),
        ("evidence", {**evidence, "also_in": also_in * 50_000}),
        ("evidence", {**evidence, "ranks": evidence["ranks"] * 101}),
        ("statements", {**statement, "citations": [1] * 50_000}),
        ("statements", {**statement, "words": "x" * 8_001}),
    ):
        with pytest.raises(InvalidAnswer, match=rf"{place}\.0\..*: has a length of"):
            load_and_reverify({**entry, place: [value]}, no_lookup)


def no_lookup(name: str) -> None:
    raise AssertionError(f"{name} is looked up")


def test_each_article_is_looked_up_once_and_their_number_is_bounded() -> None:
    entry = json.loads(KEPT)["exchanges"][0]["answer"]
    asked: list[str] = []
    load_and_reverify({**entry, "evidence": entry["evidence"] * 10}, asked.append)
    assert len(asked) == len(set(asked)) == len(TUNNEL_ARTICLES)
    citation = entry["citations"][0]
    strangers = [
        {
            **citation,
            "number": number,
            "also_in": [{**citation, "article": f"{number}-{n}"} for n in range(100)],
        }
        for number in range(11)
    ]
    with pytest.raises(InvalidAnswer, match="names more than 1,000 articles"):
        load_and_reverify({**entry, "citations": strangers}, no_lookup)


def test_a_quote_at_a_negative_offset_is_refused() -> None:
    entry = json.loads(KEPT)["exchanges"][0]["answer"]
    citation = entry["citations"][2]
    body = TUNNEL_ARTICLES[citation["article"]].body
    citation["start"] -= len(body)
    citation["end"] = len(body)
    assert body[citation["start"] : citation["end"]] == citation["quote"]
    with pytest.raises(InvalidAnswer, match=r"citations\.2\.start"):
        loaded(entry)


FORGED = "The dam cost 999 billion crowns."


def test_forged_messages_warnings_status_and_codes_are_computed_again() -> None:
    exchanges = [exchange["answer"] for exchange in json.loads(KEPT)["exchanges"]]
    answered, refused, filtered = exchanges[0], exchanges[2], exchanges[3]
    for entry in (answered, refused, filtered):
        forged = {
            "message": FORGED,
            "warnings": [FORGED, *entry["warnings"]],
            "status": "partly",
            "text": FORGED,
            "codes": ["collection_empty", *entry["codes"]] if entry is answered else entry["codes"],
        }
        found = loaded({**copy.deepcopy(entry), **forged})
        assert FORGED not in json.dumps(found)
        assert [found[key] for key in ("status", "codes", "warnings")] == [
            entry[key] for key in ("status", "codes", "warnings")
        ]
    counts = refused["message"][refused["message"].index("The collection holds") :]
    assert loaded({**refused, "message": f"{FORGED} {counts}"})["message"] == refused["message"]
    assert loaded({**answered, "status": "unanswerable"})["status"] == "answered"
    assert loaded({**refused, "status": "answered"})["status"] == "unanswerable"
