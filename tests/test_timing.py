from conftest import article

from corpus.article import PartialDate
from rag.quantities.dates import published_within
from rag.query.timing import extract_topic, parse_intent

PUBLISHERS = ("Meridian Wire", "The Halden Post")


def test_dates_and_publishers_that_a_question_names() -> None:
    found = parse_intent(
        "What did the Halden Post say on 12 July 2018, and what in March 2019 and 2020?", PUBLISHERS
    )
    assert [str(day) for day in found.dates] == ["2018-07-12", "2019-03", "2020"] and found.publishers == (
        "The Halden Post",
    )
    assert parse_intent("What was said in 2018-02-13?", ()).dates == (PartialDate(2018, 2, 13),)
    assert parse_intent("How many of the 2,000 came?", ()).dates == ()


def test_kinds_of_account() -> None:
    for question in (
        "How has the cost of HS2 changed?",
        "How did the ferry's price develop from 2016 to 2021?",
        "Give a timeline of the dam",
    ):
        assert parse_intent(question, ()).change, question
    assert parse_intent("What is the latest figure?", ()).latest
    assert (
        parse_intent("Do the sources agree on the price?", ()).disagreement
        and parse_intent("What did the council and the auditors each say?", ()).disagreement
    )
    plain = parse_intent("Who signed the order?", ())
    assert not (plain.change or plain.latest or plain.disagreement or plain.several)


def test_the_topic_of_a_question_about_change() -> None:
    assert (
        extract_topic("How did the size of the mission change between 2018 and 2021?")
        == "the size of the mission ?"
    )
    assert extract_topic("What changed in May 2012?") == "What changed in May 2012?"


def test_a_wish_for_an_overview_has_a_topic() -> None:
    for wish in (
        "What do the articles say about the ferry?",
        "summarise what the articles say about the ferry?",
        "Please give me a short summary of the ferry?",
        "Tell me more about the ferry?",
    ):
        assert parse_intent(wish, ()).overview and extract_topic(wish) == "the ferry?", wish
    for question in (
        "What did the council say about the ferry?",
        "Who told the owners about it?",
        "What is known as Isis?",
    ):
        assert not parse_intent(question, ()).overview and extract_topic(question) == question


def test_published_then_is_as_precise_as_what_is_known() -> None:
    day = article(published="2018-07-12")
    assert published_within(day, (PartialDate(2018),)) and published_within(day, (PartialDate(2018, 7),))
    assert not published_within(day, (PartialDate(2018, 8),)) and not published_within(day, ())
    assert published_within(article(published="2018"), (PartialDate(2018, 8),)) and not published_within(
        article(published=None), (PartialDate(2018),)
    )
