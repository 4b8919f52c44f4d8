from conftest import article

from corpus.passages import Passage
from rag.assistant import SOURCES_DISAGREE, Assistant
from rag.quantities.quantities import parse_quantities
from rag.query.timing import Intent
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import SearchHit
from rag.retrieval.series import Figure, disagree, figures, labelled, told, whole
from rag.verification.citations import number_citations


def evidence(
    body: str, published: str | None = "2018-02-13", score: float = 20.0, **fields: object
) -> Evidence:
    source = article(body=body, published=published, **fields)
    return Evidence(Passage(source, 0, len(body)), 0, len(body), score, score)


SIZE = "the size of the Tallow mission ?"
OLD = evidence("Fewer than 20 people worked for the Tallow mission.", "2018-02-13")
MIDDLE = evidence("The mission has about 500 people.", "2020-02-12", 19.0)
NEW = evidence("They agreed that a mission of about 500 may rise to around 4,000.", "2021-02-19", 19.0)
COST = evidence("The Tallow mission costs 3 million crowns a year.", "2020-05-01", 21.0)


def texts(found: list[Figure]) -> list[str]:
    return [figure.quantity.text for figure in found]


def test_one_amount_at_several_dates_is_told_newest_first_and_other_amounts_are_left_out() -> None:
    assert texts(told(SIZE, [COST, OLD, MIDDLE, NEW], Intent(change=True))) == [
        "around 4,000",
        "about 500 people",
        "Fewer than 20 people",
    ]


def test_what_is_somebody_elses_comes_last() -> None:
    own, others = (
        evidence("The mission has 500 people."),
        evidence("Germany, whose part is the Tallow mission's largest, has 900 people there.", score=21),
    )
    assert texts(figures(SIZE, [own, others])) == ["500 people", "900 people"]
    assert (
        texts(figures("the size of Germany's part in the Tallow mission ?", [own, others]))[0] == "900 people"
    )


def test_the_latest_is_the_newest_article_that_states_the_amount() -> None:
    mention = evidence("The Tallow mission's size was not discussed on the two days.", "2022-01-01", 22.0)
    assert texts(told(SIZE, [mention, OLD, MIDDLE, NEW], Intent(latest=True))) == ["around 4,000"]


def test_an_older_value_in_a_newer_article_is_told_with_its_own_day() -> None:
    repeated = evidence("In 2018 the Tallow mission had 20 people.", "2021-02-19")
    (statement,) = labelled(
        f"How has {SIZE} changed",
        SIZE,
        number_citations([(repeated.text, [repeated], "quoted")]),
        [repeated],
        Intent(),
    )
    assert (
        statement.as_of
        and statement.as_of.spoken == "for 2018, told on 19 February 2021, Meridian Wire"
        and statement.as_of.figure == "20 people"
    )


def test_an_undated_source_says_so() -> None:
    source = evidence("The Tallow mission has 500 people.", None)
    (statement,) = labelled(
        SIZE, SIZE, number_citations([(source.text, [source], "quoted")]), [source], Intent()
    )
    assert statement.as_of and statement.as_of.spoken == "undated, Meridian Wire"


def test_a_figure_is_shown_only_if_one_fits_and_the_cited_words_hold_it() -> None:
    two = evidence("The Tallow mission has 500 people in the north and 510 people in the south.")
    (statement,) = labelled(SIZE, SIZE, number_citations([(two.text, [two], "quoted")]), [two], Intent())
    assert statement.as_of and statement.as_of.figure == ""
    (written,) = labelled(SIZE, SIZE, number_citations([("It is 20.", [OLD], "supported")]), [OLD], Intent())
    assert written.as_of and written.as_of.figure == ""
    (plain,) = labelled(
        "Who leads the Tallow mission?",
        SIZE,
        number_citations([(OLD.text, [OLD], "quoted")]),
        [OLD],
        Intent(),
    )
    assert plain.as_of is None


def test_different_values_for_one_day_disagree_and_bounds_do_not() -> None:
    def figure(body: str, published: str = "2021-06-17") -> Figure:
        item = evidence(body, published, title=body)
        return Figure(item, parse_quantities(body)[0], 1.0)

    wire, times = figure("It has 67 people."), figure("It has 61 people.")
    assert disagree([wire, times]) and not disagree([wire, figure("It has 67 people, they say.")])
    assert not disagree([wire, figure("It has 61 people.", "2020-01-01")]) and not disagree(
        [wire, figure("It has more than 50 people.")]
    )
    assert not disagree([wire, figure("It will have 61 people.")])


def test_articles_are_read_whole_and_once() -> None:
    found = article(body="First sentence here. Second one.")
    hits = [SearchHit(Passage(found, 0, 20), 2.0, ()), SearchHit(Passage(found, 21, 32), 1.0, ())]
    (hit,) = whole(hits)
    assert (hit.passage.start, hit.passage.end, hit.score) == (0, len(found.body), 2.0)
    long = article(body="Word. " * 5_000)
    assert whole([SearchHit(Passage(long, 6, 12), 1.0, ())])[0].passage == Passage(long, 6, 12)


def test_the_sample_tells_a_size_that_changed(quoting: Assistant) -> None:
    answer = quoting.ask(
        "How did the planned size of the Ethiopian dam's reservoir change between 2011 and 2025?"
    )
    assert all(
        statement.as_of and statement.as_of.figure in statement.text for statement in answer.statements
    )
    told_of = [statement.as_of.figure for statement in answer.statements if statement.as_of]
    assert told_of[0] == "74 billion cubic metres" and told_of[-1] == "about 63 billion cubic metres"
    assert all("cubic metres" in figure for figure in told_of)
    shown = answer.to_json()["statements"][-1]["as_of"]
    assert (
        shown["published"] == "2011-04-03" and shown["stage"] == "planned" and shown["spoken"] in answer.text
    )


def test_the_sample_tells_the_latest_with_its_date(quoting: Assistant) -> None:
    answer = quoting.ask("How much is the first phase of HS2 currently expected to cost?")
    (statement,) = answer.statements
    assert (
        statement.as_of
        and statement.as_of.figure == "as much as 45 billion"
        and str(statement.as_of.published) == "2023-10-04"
    )
    assert (
        "As much as 45 billion – estimated, as of 4 October 2023" in answer.text
        and SOURCES_DISAGREE not in answer.warnings
    )


def test_a_date_that_moved_is_told_as_each_article_gave_it(quoting: Assistant) -> None:
    answer = quoting.ask("How has the launch date of the Webb telescope changed?")
    shown = [
        (str(statement.as_of.published), statement.as_of.figure)
        for statement in answer.statements
        if statement.as_of
    ]
    assert (
        ("2018-06-28", "30 March 2021") in shown
        and ("2011-11-21", "October 2018") in shown
        and shown == sorted(shown, reverse=True)
    )
