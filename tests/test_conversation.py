import json
from typing import Any

import pytest

from rag import limits
from rag.answers.conversation import Conversation, InvalidConversation
from rag.assistant import Assistant

BERLIN = "Why was the opening of Berlin airport called off in May 2012?"


@pytest.fixture(scope="module")
def talk(quoting: Assistant) -> Conversation:
    talk = Conversation().append(quoting.ask(BERLIN))
    return talk.append(quoting.ask("When did it open at last?", talk.turns))


def test_it_comes_back_from_the_browser_as_it_went(talk: Conversation, quoting: Assistant) -> None:
    again = Conversation.from_json(json.loads(json.dumps(talk.to_json())))
    assert again == talk and again.id and again.title == BERLIN
    assert again.load_answer(1, quoting.library.store.article).question == "When did it open at last?"


def test_its_turns_carry_the_follow_up_and_what_was_stopped_says_nothing(
    talk: Conversation, quoting: Assistant
) -> None:
    assert [turn.role for turn in talk.turns] == ["user", "assistant"] * 2 and talk.turns[0].text == BERLIN
    assert "Berlin" in quoting.ask("Who was to blame for it?", talk.turns).searched
    stopped = talk.append(next(iter(quoting.stream("Stopped?"))))
    assert stopped.turns == talk.turns and len(stopped.exchanges) == 3
    long = Conversation(exchanges=talk.exchanges * 20)
    assert len(long.turns) == limits.MAX_HISTORY_TURNS


def test_asking_again_leaves_what_came_before(talk: Conversation) -> None:
    assert talk.up_to(1).exchanges == talk.exchanges[:1] and talk.up_to(1).id == talk.id


def test_a_verdict_stays_with_its_answer(talk: Conversation) -> None:
    judged = talk.with_verdict(1, "outdated")
    assert [item.judged for item in judged.exchanges] == ["", "outdated"]
    assert judged.exchanges[1].answer == talk.exchanges[1].answer


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
def test_what_is_no_conversation_gets_a_sentence(value: Any) -> None:
    with pytest.raises(InvalidConversation, match="cannot be read"):
        Conversation.from_json(value)


def test_the_bounds_hold(talk: Conversation, quoting: Assistant) -> None:
    most = {**talk.to_json(), "exchanges": list(talk.exchanges[:1]) * limits.MAX_EXCHANGES}
    assert len(Conversation.from_json(most).exchanges) == limits.MAX_EXCHANGES
    with pytest.raises(InvalidConversation, match="at most 200"):
        Conversation.from_json({**most, "exchanges": [*most["exchanges"], talk.exchanges[0]]})
    for turn in (-1, 2):
        with pytest.raises(InvalidConversation, match="no longer part"):
            talk.load_answer(turn, quoting.library.store.article)
    assert Conversation.from_json(None) == Conversation()
