import json
from typing import Any

import pytest

from rag import limits
from rag.answers.conversation import Conversation, InvalidConversation
from rag.assistant import Assistant

BERLIN = "Why was the opening of Berlin airport called off in May 2012?"


@pytest.fixture(scope="module")
def conversation(quoting: Assistant) -> Conversation:
    conversation = Conversation().append(quoting.ask(BERLIN))
    return conversation.append(quoting.ask("When did it open at last?", conversation.turns))


def test_a_conversation_survives_the_trip_to_the_browser_and_back(
    conversation: Conversation, quoting: Assistant
) -> None:
    again = Conversation.from_json(json.loads(json.dumps(conversation.to_json())))
    assert again == conversation and again.id and again.title == BERLIN
    assert again.load_answer(1, quoting.library.store.article).question == "When did it open at last?"


def test_turns_resolve_a_follow_up_and_leave_out_stopped_answers(
    conversation: Conversation, quoting: Assistant
) -> None:
    assert [turn.role for turn in conversation.turns] == ["user", "assistant"] * 2 and conversation.turns[
        0
    ].text == BERLIN
    assert "Berlin" in quoting.ask("Who was to blame for it?", conversation.turns).searched
    stopped = conversation.append(next(iter(quoting.stream("Stopped?"))))
    assert stopped.turns == conversation.turns and len(stopped.exchanges) == 3
    long = Conversation(exchanges=conversation.exchanges * 20)
    assert len(long.turns) == limits.MAX_HISTORY_TURNS


def test_up_to_keeps_what_came_before_a_question(conversation: Conversation) -> None:
    assert (
        conversation.up_to(1).exchanges == conversation.exchanges[:1]
        and conversation.up_to(1).id == conversation.id
    )


def test_a_verdict_stays_with_its_answer(conversation: Conversation) -> None:
    judged = conversation.with_verdict(1, "outdated")
    assert [item.judged for item in judged.exchanges] == ["", "outdated"]
    assert judged.exchanges[1].answer == conversation.exchanges[1].answer


@pytest.mark.parametrize(
    "value",
    [
        [1],
        "x",
        {"id": "a"},
        {"id": 1, "title": "", "exchanges": []},
        {"id": "a", "title": "", "exchanges": [{}]},
    ],
)
def test_invalid_conversations_are_refused(value: Any) -> None:
    with pytest.raises(InvalidConversation, match="cannot be read"):
        Conversation.from_json(value)


def test_lengths_and_turns_are_bounded(conversation: Conversation, quoting: Assistant) -> None:
    kept = conversation.to_json()
    most = {**kept, "exchanges": kept["exchanges"][:1] * limits.MAX_EXCHANGES}
    assert len(Conversation.from_json(most).exchanges) == limits.MAX_EXCHANGES
    with pytest.raises(InvalidConversation, match="at most 200"):
        Conversation.from_json({**most, "exchanges": [*most["exchanges"], kept["exchanges"][0]]})
    for turn in (-1, 2):
        with pytest.raises(InvalidConversation, match="no longer part"):
            conversation.load_answer(turn, quoting.library.store.article)
    assert Conversation.from_json(None) == Conversation()
