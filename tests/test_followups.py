import pytest

from rag.answer import Turn
from rag.followups import leans, standing_alone

HISTORY = (Turn("user", "How large was the NATO mission in Iraq in 2018?"), Turn("assistant", "Fewer than 20 people. [1]"))


@pytest.mark.parametrize(
    "question",
    [
        "And in 2020?",
        "Why?",
        "Who said that?",
        "What did she say?",
        "How much of that is left over?",
        "What about the French?",
        "When did it open?",
        "Who was first to ban it?",
    ],
)
def test_what_leans(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "How much did the Kestrel Bay ferry cost in 2021?",
        "What did the Halden Post say about Notre-Dame?",
        "Why did Boeing say that it would pay a penalty?",
        "Is there a new date for the opening of Berlin airport?",
        "How many ships did Corvane build for the county?",
    ],
)
def test_a_question_that_stands_alone_is_never_rewritten(question: str) -> None:
    assert standing_alone(question, HISTORY) == question


def test_the_subject_is_carried_and_a_new_date_replaces_the_old_one() -> None:
    searched = standing_alone("And in 2020?", HISTORY)
    assert searched.startswith("And in 2020?") and "NATO mission in Iraq" in searched and "2018" not in searched


def test_over_three_turns_the_subject_is_still_there() -> None:
    longer = (*HISTORY, Turn("user", "And in 2020?"), Turn("assistant", "About 500."), Turn("user", "Why?"), Turn("assistant", "To fight."))
    assert "NATO mission in Iraq" in standing_alone("Who said that?", longer)


def test_without_history_nothing_changes() -> None:
    assert standing_alone("Why?", ()) == "Why?"
