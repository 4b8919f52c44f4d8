from pathlib import Path

import pytest

from embeddings.library import Library
from rag.assistant import Assistant
from rag.evaluation.gold.questions import read_gold
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.query.followups import Turn, is_followup, previous_exchange, rewrite_followup
from rag.retrieval.search import Retriever
from rag.settings import ROOT

GOLD = read_gold(ROOT / "corpus/gold.jsonl")
TALKS = read_gold(ROOT / "benchmarks/conversations.jsonl")

HISTORY = (
    Turn("user", "How large was the NATO mission in Iraq in 2018?"),
    Turn("assistant", "Fewer than 20 people. [1]"),
)


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
        "Which of the steps was due to bad weather?",
        "Was anyone hurt?",
        "What are the consolations?",
    ],
)
def test_questions_that_need_the_turns_before_them(question: str) -> None:
    assert is_followup(question)


@pytest.mark.parametrize(
    "question",
    [
        "How much did the Kestrel Bay ferry cost in 2021?",
        "What did the Halden Post say about Notre-Dame?",
        "Why did Boeing say that it would pay a penalty?",
        "Is there a new date for the opening of Berlin airport?",
        "How many ships did Corvane build for the county?",
        "When did Notre-Dame reopen?",
        "What does HS2 cost?",
        "what does the ferry cost",
    ],
)
def test_a_question_that_stands_alone_is_never_rewritten(question: str) -> None:
    assert rewrite_followup(question, HISTORY) == question


def test_the_subject_is_added_and_a_new_date_replaces_the_old_one() -> None:
    searched = rewrite_followup("And in 2020?", HISTORY)
    assert (
        searched.startswith("And in 2020?") and "NATO mission in Iraq" in searched and "2018" not in searched
    )


def test_over_three_turns_the_subject_is_still_there() -> None:
    longer = (
        *HISTORY,
        Turn("user", "And in 2020?"),
        Turn("assistant", "About 500."),
        Turn("user", "Why?"),
        Turn("assistant", "To fight."),
    )
    assert "NATO mission in Iraq" in rewrite_followup("Who said that?", longer)


def test_then_is_the_month_that_was_mentioned_last() -> None:
    talk = (
        Turn("user", "When did the pier burn?"),
        Turn("assistant", "On 3 May 2014. [1]"),
        Turn("user", "Who put it out?"),
        Turn("assistant", "Two men."),
    )
    assert "May 2014" in rewrite_followup("Who was mayor then?", talk)
    assert "May 2014" not in rewrite_followup(
        "Who was mayor then?", talk[2:]
    ) and "2014" not in rewrite_followup("And who was it then in 2019?", talk)


def test_without_history_nothing_changes() -> None:
    assert rewrite_followup("Why?", ()) == "Why?"


@pytest.mark.parametrize("talk", [gold.history for gold in [*GOLD, *TALKS] if gold.history][::4])
def test_no_gold_question_that_stands_alone_is_rewritten_after_any_conversation(
    talk: tuple[Turn, ...],
) -> None:
    alone = [gold.question for gold in GOLD if not gold.history]
    assert [question for question in alone if rewrite_followup(question, talk) != question] == []


def test_question_words_are_added_only_to_a_question_without_any() -> None:
    assert (
        rewrite_followup("What about 2020?", HISTORY)
        == "What about 2020? (How large was the NATO mission in Iraq)"
    )
    assert rewrite_followup("Who leads it?", HISTORY) == "Who leads it? (the NATO mission in Iraq in 2018)"


def test_the_previous_exchange_is_searched_only_if_the_question_may_be_about_it() -> None:
    assert "Fewer than 20" in previous_exchange("How did Egypt react?", HISTORY)
    assert previous_exchange("Why?", HISTORY) and previous_exchange("Why?", ()) == ""
    assert previous_exchange("How much did the Kestrel Bay ferry cost in 2021?", HISTORY) == ""


def test_a_repeated_question_refers_to_the_turns_before_its_last_occurrence() -> None:
    talk = (
        Turn("user", "When did the Halden bridge open?"),
        Turn("assistant", "In May 2019."),
        Turn("user", "Why?"),
        Turn("assistant", "It was ready."),
        Turn("user", "When did the Corvane yard close?"),
        Turn("assistant", "In June 2020."),
        Turn("user", "Why?"),
        Turn("assistant", "It went bankrupt."),
    )
    exchange = previous_exchange("Who said that?", talk)
    assert "Corvane yard" in exchange and "Halden" not in exchange


@pytest.mark.parametrize(
    ("start", "article"), [("talk-01", "bay-2023-10"), ("talk-12", "hs2-2021-11"), ("talk-09", "max-2024-01")]
)
def test_three_turns_stay_with_their_article(sample: Library, start: str, article: str) -> None:
    """Asked one after the other, with the answers that the articles themselves gave."""
    assistant = Assistant(Retriever(library=sample, k=8), AnswerModel("none", None), Prompts())
    first = next(n for n, gold in enumerate(TALKS) if gold.id == start)
    history: tuple[Turn, ...] = ()
    for question in (TALKS[first].history[0].text, TALKS[first].question, TALKS[first + 1].question):
        answer = assistant.ask(question, history)
        history = (*history, Turn("user", question), Turn("assistant", answer.text))
        assert Path(answer.evidence[0].article.origin).name.startswith(article), question
