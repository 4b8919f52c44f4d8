import pytest

from benchmarks.intents.__main__ import NAMES, LabelledQuestion, labelled_questions, lost_words, scores
from rag.query.intent import extract_topic, parse_intent

QUESTIONS = list(labelled_questions())


@pytest.mark.parametrize("half", ["development", "kept"])
def test_intents_of_labelled_questions(half: str) -> None:
    rows = scores([item for item in QUESTIONS if item.for_development == (half == "development")])
    for name in (*NAMES, "none"):
        row = rows[name]
        assert (row["precision"] or 0) >= 0.9 and (row["recall"] or 0) >= 0.9, (name, row)


@pytest.mark.parametrize("item", QUESTIONS, ids=lambda item: item.text[:50])
def test_no_intent_takes_words_from_the_search(item: LabelledQuestion) -> None:
    assert not lost_words(item.text)


def test_words_decide_only_in_their_grammatical_place() -> None:
    for question in (
        "How did Pfizer develop the vaccine?",
        "Which bank accounts were frozen?",
        "Why did they still refuse?",
        "How did the thieves move the gold?",
        "What did the two ministers agree on in Geneva?",
    ):
        intent = parse_intent(question)
        assert not (intent.several or intent.latest) and extract_topic(question) == question, question


def test_kinds_of_account() -> None:
    for question in (
        "How has the cost of HS2 changed?",
        "How did the ferry's price develop from 2016 to 2021?",
        "Give a timeline of the dam",
    ):
        assert parse_intent(question).change, question
    assert parse_intent("What is the latest figure?").latest
    for question in ("Do the sources agree on the price?", "What did the council and the auditors each say?"):
        assert parse_intent(question).disagreement, question
    fact = parse_intent("Who signed the order?")
    assert not (fact.change or fact.latest or fact.disagreement or fact.several)


def test_the_topic_of_a_question_about_change() -> None:
    question = "How did the size of the mission change between 2018 and 2021?"
    assert extract_topic(question) == "the size of the mission ?"
    assert extract_topic("What changed in May 2012?") == "What changed in May 2012?"


def test_the_topic_of_an_overview() -> None:
    for question in (
        "What do the articles say about the ferry?",
        "summarise what the articles say about the ferry?",
        "Please give me a short summary of the ferry?",
        "Tell me more about the ferry?",
    ):
        assert parse_intent(question).overview and extract_topic(question) == "the ferry?", question
    for question in (
        "What did the council say about the ferry?",
        "Who told the owners about it?",
        "What is known as Isis?",
    ):
        assert not parse_intent(question).overview and extract_topic(question) == question
