from dataclasses import replace

import pytest
from conftest import article

from corpus.article import PartialDate
from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.answers.timeline import conflicting_statements, data_points
from rag.assistant import Assistant
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import Statement, number_citations

FERRY = "What do the auditors and the council say about the cost of the Kestrel Bay ferry?"


def dated_statement(
    text: str, figure: str, day: str | None, publisher: str = "A", stage: str = "actual"
) -> Statement:
    source = article(text, publisher=publisher, published=day)
    (statement,) = number_citations(
        [(text, [Evidence(Passage(source, 0, len(text)), 0, len(text), 1.0, 1.0)], "quoted")]
    )
    date = PartialDate.parse(day) if day else None
    return replace(statement, as_of=AsOf(figure, date, date, publisher, stage))


def answer(*statements: Statement) -> Answer:
    return Answer("q", "q", "answered", statements=statements)


def test_a_series_has_the_value_of_each_day_oldest_first() -> None:
    new = dated_statement("The force has 4,000 people.", "4,000 people", "2021-02", stage="announced")
    old = dated_statement("It had fewer than 20 people.", "fewer than 20 people", "2018")
    series = data_points(answer(new, old))
    assert [(str(point.day), int(point.high), point.certain) for point in series] == [
        ("2018-01-01", 20, True),
        ("2021-02-01", 4000, False),
    ]


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (dated_statement("The force has 4,000 people.", "4,000 people", "2021"),),
        (
            dated_statement("It has 4,000 people.", "4,000 people", "2021"),
            dated_statement("It has 500 people.", "500 people", "2021"),
        ),
        (
            dated_statement("It has 4,000 people.", "4,000 people", "2021"),
            dated_statement("It has 500 people.", "500 people", None),
        ),
        (
            dated_statement("It has 4,000 people.", "4,000 people", "2021"),
            dated_statement("It has 500 people.", "", "2018"),
        ),
        (
            dated_statement("It has 4,000 people.", "4,000 people", "2021"),
            dated_statement("It cost 9 million pounds.", "9 million pounds", "2018"),
        ),
        (
            dated_statement("It has 4,000 people.", "4,000 people", "2021"),
            dated_statement("It has 500 people.", "501 people", "2018"),
        ),
    ],
    ids=["nothing", "one", "one day", "undated", "no figure", "other unit", "not in its source"],
)
def test_statements_without_a_series_have_no_data_points(statements: tuple[Statement, ...]) -> None:
    assert data_points(answer(*statements)) == ()


def test_incompatible_values_for_one_day_conflict() -> None:
    a, b = (
        dated_statement("The bill is 61 million crowns.", "61 million crowns", "2021-06", "A"),
        dated_statement("All told 67 million crowns.", "67 million crowns", "2021-06", "B"),
    )
    later = dated_statement("The bill is now put at 90 million crowns.", "90 million crowns", "2022", "C")
    assert conflicting_statements(answer(a, b, later)) == ((a, b),)
    about = dated_statement("The bill is about 62 million crowns.", "about 62 million crowns", "2021-06", "B")
    planned = dated_statement(
        "The bill shall be 70 million crowns.", "70 million crowns", "2021-06", "D", "planned"
    )
    assert conflicting_statements(answer(a, about, planned, later)) == ()


def test_copies_of_an_article_with_other_figures_conflict_without_a_day_too(quoting: Assistant) -> None:
    (group,) = conflicting_statements(quoting.ask(FERRY))
    assert {"61", "67"} <= {word for statement in group for word in statement.text.split()}


def test_the_sample_collection_has_a_series(quoting: Assistant) -> None:
    series = data_points(quoting.ask("How has the cost of HS2 changed?"))
    assert len(series) > 1 and [point.day for point in series] == sorted(point.day for point in series)
