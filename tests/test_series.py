from dataclasses import replace

from conftest import article

from corpus.passages import Passage
from rag.answers.compose import SOURCES_DISAGREE
from rag.assistant import Assistant
from rag.quantities.quantities import parse_quantities
from rag.query.intent import Intent
from rag.query.parse import parse_question
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import SearchHit
from rag.retrieval.series import select_values, values_disagree, whole_articles
from rag.retrieval.values import DatedValue


def evidence(
    body: str, published: str | None = "2018-02-13", score: float = 20.0, **fields: object
) -> Evidence:
    source = article(body=body, published=published, **fields)
    return Evidence(Passage(source, 0, len(body)), 0, len(body), score, score)


SIZES = parse_question("How has the size of the Tallow mission changed?")
OLD = evidence("Fewer than 20 people worked for the Tallow mission.", "2018-02-13")
MIDDLE = evidence("The mission has about 500 people.", "2020-02-12", 19.0)
NEW = evidence("They agreed that a mission of about 500 may rise to around 4,000.", "2021-02-19", 19.0)
COST = evidence("The Tallow mission costs 3 million crowns a year.", "2020-05-01", 21.0)


def texts(values: list[DatedValue]) -> list[str]:
    return [value.quantity.text for value in values]


def test_one_amount_at_several_dates_is_newest_first_and_other_amounts_are_left_out() -> None:
    values = select_values(SIZES, [COST, OLD, MIDDLE, NEW])
    assert texts(values) == ["around 4,000", "about 500 people", "Fewer than 20 people"]


def test_the_latest_is_in_the_newest_article_that_states_the_amount() -> None:
    mention = evidence("The Tallow mission's size was not discussed on the two days.", "2022-01-01", 22.0)
    latest = replace(SIZES, intent=Intent(latest=True))
    assert texts(select_values(latest, [mention, OLD, MIDDLE, NEW])) == ["around 4,000"]


def test_different_values_for_one_day_disagree_and_bounds_do_not() -> None:
    def value(body: str, published: str = "2021-06-17") -> DatedValue:
        item = evidence(body, published, title=body)
        return DatedValue(item, parse_quantities(body)[0], 1.0)

    wire = value("It has 67 people.")
    assert values_disagree([wire, value("It has 61 people.")])
    assert not values_disagree([wire, value("It has 67 people, they say.")])
    assert not values_disagree([wire, value("It has 61 people.", "2020-01-01")])
    assert not values_disagree([wire, value("It has more than 50 people.")])
    assert not values_disagree([wire, value("It will have 61 people.")])


def test_articles_are_read_whole_and_once() -> None:
    found = article(body="First sentence here. Second one.")
    hits = [SearchHit(Passage(found, 0, 20), 2.0, ()), SearchHit(Passage(found, 21, 32), 1.0, ())]
    (hit,) = whole_articles(hits)
    assert (hit.passage.start, hit.passage.end, hit.score) == (0, len(found.body), 2.0)
    long = Passage(article(body="Word. " * 5_000), 6, 12)
    assert whole_articles([SearchHit(long, 1.0, ())])[0].passage == long


def test_the_sample_gives_a_size_that_changed(quoting: Assistant) -> None:
    answer = quoting.ask(
        "How did the planned size of the Ethiopian dam's reservoir change between 2011 and 2025?"
    )
    assert all(
        statement.as_of and statement.as_of.figure in statement.text for statement in answer.statements
    )
    sizes = [statement.as_of.figure for statement in answer.statements if statement.as_of]
    assert sizes[0] == "74 billion cubic metres" and sizes[-1] == "about 63 billion cubic metres"
    assert all("cubic metres" in size for size in sizes)
    label = answer.to_json()["statements"][-1]["as_of"]
    assert label["published"] == "2011-04-03" and label["stage"] == "planned"
    assert label["spoken"] in answer.text


def test_the_sample_gives_the_latest_with_its_date(quoting: Assistant) -> None:
    answer = quoting.ask("How much is the first phase of HS2 currently expected to cost?")
    (statement,) = answer.statements
    assert statement.as_of and statement.as_of.figure == "as much as 45 billion"
    assert str(statement.as_of.published) == "2023-10-04"
    assert "As much as 45 billion – estimated, as of 4 October 2023" in answer.text
    assert SOURCES_DISAGREE not in answer.warnings


def test_the_sample_gives_a_date_that_moved_as_each_article_had_it(quoting: Assistant) -> None:
    answer = quoting.ask("How has the launch date of the Webb telescope changed?")
    shown = [(str(item.as_of.published), item.as_of.figure) for item in answer.statements if item.as_of]
    assert ("2018-06-28", "30 March 2021") in shown and ("2011-11-21", "October 2018") in shown
    assert shown == sorted(shown, reverse=True)
