from dataclasses import replace

import pytest
from conftest import article

from corpus.article import PartialDate
from corpus.passages import Passage
from rag.retrieval.evidence import Evidence
from rag.verification.written import support_claim, verify_written

FERRY = article(
    "The council of Kestrel Bay met on Monday. It ordered a ferry from Corvane, a yard in Port Esker, for up to 41 "
    "million crowns. The mayor said that it might be late. The crew will not be enlarged.",
    "Kestrel Bay orders a hybrid ferry",
)


def evidence(sentence: str) -> Evidence:
    start = FERRY.body.index(sentence)
    return Evidence(Passage(FERRY, 0, len(FERRY.body)), start, start + len(sentence), 1.0, 1.0)


ORDER = evidence("It ordered a ferry from Corvane, a yard in Port Esker, for up to 41 million crowns.")
LATE = evidence("The mayor said that it might be late.")
CREW = evidence("The crew will not be enlarged.")


@pytest.mark.parametrize(
    ("statement", "question", "item"),
    [
        ("The hybrid ferry costs up to 41 million crowns.", "What does the hybrid ferry cost?", ORDER),
        ("Kestrel Bay ordered the ferry from Corvane.", "Who builds the ferry for Kestrel Bay?", ORDER),
        (
            "In February 2018 the council ordered a ferry for up to 41 million crowns.",
            "What did the council order in February 2018?",
            ORDER,
        ),
        ("The mayor said that the ferry might be late.", "Will the ferry be late?", LATE),
        ("No, the crew will not be enlarged.", "Will the crew be enlarged?", CREW),
    ],
)
def test_own_words_around_the_sources_facts_pass(statement: str, question: str, item: Evidence) -> None:
    assert verify_written(statement, question, item) == []


@pytest.mark.parametrize(
    ("statement", "question", "item", "reason"),
    [
        ("The ferry costs 41 million crowns.", "What does it cost?", ORDER, "another bound"),
        ("The ferry costs up to 41 million euros.", "What does it cost?", ORDER, "another unit"),
        ("The ferry costs up to 14 million crowns.", "What does it cost?", ORDER, "figure 14,000,000"),
        (
            "Lindholt built the ferry for up to 41 million crowns.",
            "What did Lindholt build?",
            ORDER,
            "Lindholt",
        ),
        (
            "In March 2018 the council ordered a ferry.",
            "What did the council order in March 2018?",
            ORDER,
            "March",
        ),
        ("In 2019 the council ordered a ferry.", "What did the council order in 2019?", ORDER, "2,019"),
        ("The ferry will be late.", "Will the ferry be late?", LATE, "possible or planned"),
        ("The crew will be enlarged.", "Will the crew be enlarged?", CREW, "denies"),
        ("The wheels of commerce turned merrily there.", "What happened?", CREW, "of its words"),
        ("It is so.", "What happened?", CREW, "nothing that could be checked"),
    ],
)
def test_what_the_source_does_not_say_is_named(
    statement: str, question: str, item: Evidence, reason: str
) -> None:
    assert any(reason in found for found in verify_written(statement, question, item))


@pytest.mark.parametrize(
    ("said", "statement", "passes"),
    [
        ("It grew from 34 million crowns to 63 million.", "The ferry costs 63 million crowns.", True),
        ("It grew from 34 million crowns to 63 million.", "The ferry costs 63 million euros.", False),
        (
            "It costs 34 million crowns or 3 million euros, or 63 million.",
            "It costs 63 million crowns.",
            False,
        ),
        ("It cost 34 million crowns in 2019.", "It cost 2019 crowns.", False),
        ("It cost 63 million.", "The ferry cost 63 million crowns.", False),
        ("It cost 63 million crowns.", "The ferry cost 63 million.", False),
        ("It cost 63 million crowns.", "The ferry costs 63 million people.", False),
    ],
)
def test_an_amount_without_a_currency_has_the_one_beside_it(said: str, statement: str, passes: bool) -> None:
    found = article(said, "The ferry")
    item = Evidence(Passage(found, 0, len(said)), 0, len(said), 1.0, 1.0)
    reasons = verify_written(statement, "What does the ferry cost?", item)
    assert passes == (not any("another unit" in reason for reason in reasons))


@pytest.mark.parametrize(
    ("statement", "passes"),
    [
        ("The fund is for the heirs of 346 people on Lion Air flight 610.", False),
        (
            "The fund is for the heirs of 346 people on Lion Air flight 610 and Ethiopian Airlines flight 302.",
            True,
        ),
    ],
)
def test_a_figure_for_two_is_not_given_to_one(statement: str, passes: bool) -> None:
    body = "The fund is for the heirs of the 346 people who died on Lion Air flight 610 and Ethiopian Airlines flight 302."
    fund = article(body, "Boeing settles")
    item = Evidence(Passage(fund, 0, len(body)), 0, len(body), 1.0, 1.0)
    question = "How many people died on Lion Air flight 610?"
    assert (not any("together" in reason for reason in verify_written(statement, question, item))) == passes


@pytest.mark.parametrize(
    ("said", "question", "statement", "reason"),
    [
        (
            "Only 17 per cent of the islanders have a favourable view of the ferry line.",
            "What share of the islanders has an unfavourable view of the ferry line?",
            "17 per cent of the islanders have an unfavourable view of the ferry line.",
            'opposite of "unfavourable"',
        ),
        (
            "The court found the sale unlawful.",
            "What did the court find lawful?",
            "The court found the sale lawful.",
            'opposite of "lawful"',
        ),
        (
            "Voters in Port Esker elected Anna Holm on Tuesday.",
            "Whom did the voters in Port Esker elect this week?",
            "Voters in Port Esker elected Anna Holm this week.",
            '"this week"',
        ),
        (
            "Anna Holm, the mayor, served as harbour master from 2010 to 2016.",
            "What position does Anna Holm serve in?",
            "Anna Holm serves as harbour master.",
            '"served"',
        ),
        (
            "The ferry was the largest on the coast.",
            "Which ship is the largest on the coast?",
            "The ferry is the largest on the coast.",
            "what was",
        ),
        (
            "Corvane-2 arrived on the island.",
            "How many people arrived on the island?",
            "Corvane-2 arrived on the island.",
            "no figure",
        ),
    ],
)
def test_what_only_the_question_says_is_none_of_the_source(
    said: str, question: str, statement: str, reason: str
) -> None:
    text = article(said, title="News of the islands")
    item = Evidence(Passage(text, 0, len(said)), 0, len(said), 1.0, 1.0)
    assert any(reason in found for found in verify_written(statement, question, item))
    assert verify_written(said, question.replace("How many people", "Who"), item) == []


@pytest.mark.parametrize(("year", "passes"), [("2018", True), ("2017", False)])
def test_a_month_of_the_question_may_stand_without_its_year(year: str, passes: bool) -> None:
    body = "The jet fell into the sea on October 29. All 189 people on board died."
    crash = replace(article(body, "Jet fought its pilots"), published=PartialDate(2018, 11, 29))
    start = body.index("All")
    item = Evidence(Passage(crash, 0, len(body)), start, len(body), 1.0, 1.0)
    question = f"How many people died in the crash of October {year}?"
    reasons = verify_written(f"All 189 people died in the crash of October {year}.", question, item)
    assert (reasons == []) == passes


def test_the_model_of_support_reads_the_neighbours_too() -> None:
    claim = support_claim("It may be late.", "Will it be late?", LATE)
    assert claim.source.startswith("It ordered a ferry") and claim.source.endswith("not be enlarged.")
    assert claim.headline == FERRY.headline
