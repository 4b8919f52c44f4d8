import pytest
from conftest import article

from corpus.article import InvalidDate, PartialDate
from corpus.dates import find_dates, find_numeric_dates, parse_stated_date
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
        ("on 31 June 2020", ["2020-06"]), ("June 31, 2020 and June 2021", ["2020-06", "2021-06"]), ("on 13/02/2018", ["2018-02-13"]),
        ("on 03/04/2018", ["2018"]), ("on 2018-02-31", ["2018-02"]),
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


@pytest.mark.parametrize(
    "text",
    [
        "2018-02-13", "2018-2-13", "2018-02-13T23:59:00-05:00", "2018-02-13 10:15:00 UTC", "2018-02-13T10:15:00.000Z",
        "20180213", "20180213T101500Z", "20180213101500", "2018/02/13", "2018/02/13 10:15", "2018.02.13", "2018年2月13日",
        "February 13, 2018", "Feb. 13, 2018, 9:30 p.m. ET", "13 February 2018", "Tuesday, February 13th, 2018 at 10:15 AM EST",
        "13-Feb-2018", "13/Feb/2018:10:15:00 +0000", "13 février 2018", "13. Februar 2018, 10:15 Uhr", "Tue Feb 13 2018 10:00:00 GMT+0000 (UTC)",
        "Tue, 13 Feb 2018 10:00:00 +0000", "Tuesday, 13-Feb-18 10:00:00 GMT", "Tue Feb 13 10:00:00 2018", "Tue, 13 Feb 18 10:00:00 GMT",
        "13/02/2018", "02/13/2018", "13.02.2018 10:15", "13-02-2018", "Published: February 13, 2018",
        "1518480000", "1518480000000", "1518480000.0", "{'$date': '2018-02-13T10:15:00Z'}", "2018-02-13, 2018-02-13",
    ],
)  # fmt: skip
def test_stated_dates_in_the_forms_of_news_exports(text: str) -> None:
    assert str(parse_stated_date(text)) == "2018-02-13"


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2018", "2018"), ("2018-02", "2018-02"), ("2018/02", "2018-02"), ("02/2018", "2018-02"), ("February 2018", "2018-02"),
        ("Tue, 03/04/2018", "2018-04-03"), ("05/05/2018", "2018-05-05"),
    ],
)  # fmt: skip
def test_stated_dates_are_as_precise_as_they_are_written(text: str, date: str) -> None:
    assert str(parse_stated_date(text)) == date


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2 hours ago", "13 February", "03/04/2018", "02/13/18", "2018-02-30", "20180230", "2018-19", "0000-00-00", "0001-01-01T00:00:00",
        "February 13, 2018 and February 14, 2018", "2018-02-13, 2018-02-14", "Fri, 12 Mar 99999999999999999999 10:00:00", "99999999999999", "9" * 5_000, "4,000", "NaN",
        "nan", "None", "1/2/3", "-", "2018-00-05", "2018/00/05", "20180005", "Fri, 12 Mar 9999999999 10:00:00 +0000", "١٢٣٤٥٦٧٨٩٠", "²⁰¹⁸",
    ],
)  # fmt: skip
def test_a_stated_date_with_no_or_several_readings_is_invalid(text: str) -> None:
    with pytest.raises(InvalidDate):
        parse_stated_date(text)
