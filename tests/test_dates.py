import pytest
from conftest import article

from corpus.article import PartialDate
from corpus.dates import find_dates, find_numeric_dates
from rag.quantities.dates import find_event_dates, overlaps_date, parse_dates, published_within


def test_dates_are_read_as_people_write_them() -> None:
    text = "On 12 February, 2020 and March 3, 2021, then in Sept. 2022; on 31 February 2020 never"
    assert [str(span.date) for span in find_dates(text)] == ["2020-02-12", "2021-03-03", "2022-09"]


@pytest.mark.parametrize(
    "text",
    [
        "le 13 février 2018",
        "13. Februar 2018",
        "13 de febrero de 2018",
        "13 febbraio 2018",
        "13 februari 2018",
    ],
)
def test_months_of_six_languages(text: str) -> None:
    assert [str(span.date) for span in find_dates(text)] == ["2018-02-13"]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2018-02-13", ["2018-02-13"]), ("13.02.2018", ["2018-02-13"]), ("02/13/2018", ["2018-02-13"]), ("03/04/2018", []),
        ("Tuesday, 03/04/2018", ["2018-04-03"]), ("31/02/2018", []), ("2018-02-31", []), ("1.5.2 of 2018", []),
    ],
)  # fmt: skip
def test_days_in_digits_need_one_reading(text: str, dates: list[str]) -> None:
    assert [str(span.date) for span in find_numeric_dates(text)] == dates


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("in 2018, not in the 2,000s", ["2018"]), ("2018-02 or 2018-02-13", ["2018-02", "2018-02-13"]), ("between 2016 and 2021", ["2016", "2021"]),
        ("The plan may change.", []), ("2018-19", []), ("12 July 2018 or 2018", ["2018-07-12", "2018"]),
    ],
)  # fmt: skip
def test_dates_of_a_question(text: str, dates: list[str]) -> None:
    assert [str(day) for day in parse_dates(text)] == dates


def test_the_day_of_publication_completes_a_date() -> None:
    def dates(text: str, published: PartialDate | None) -> list[str]:
        return [str(span.date) for span in find_event_dates(text, published)]

    day = PartialDate(2020, 1, 3)
    assert dates("in May, on 28 December and a year ago", day) == ["2019-05", "2019-12-28", "2019"]
    assert dates("in May, on 28 December and a year ago", None) == [] and dates("on 31 June", day) == []
    assert dates("in 2019 prices, of 2019 people in 2018", day) == ["2019", "2018"]


def test_numbers_of_dates_and_times_are_known() -> None:
    text = "At 8.38 a.m. on 10 March 2019 in the 1990s and 2019-20 it had 300."
    parts = {
        part: overlaps_date(text, text.index(part), text.index(part) + len(part))
        for part in ("8.38", "10", "2019", "1990", "20", "300")
    }
    assert [part for part, inside in parts.items() if not inside] == ["300"]


def test_published_within_is_as_precise_as_the_dates_are_known() -> None:
    day = article(published="2018-07-12")
    assert published_within(day, (PartialDate(2018),)) and published_within(day, (PartialDate(2018, 7),))
    assert not published_within(day, (PartialDate(2018, 8),)) and not published_within(day, ())
    assert published_within(article(published="2018"), (PartialDate(2018, 8),))
    assert not published_within(article(published=None), (PartialDate(2018),))
