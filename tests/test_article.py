from datetime import date

import pytest
from conftest import article

from corpus.article import InvalidDate, PartialDate


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("2018-02-13", "13 February 2018"),
        ("2018-02", "February 2018"),
        ("2018", "2018"),
        ("2018-02-13T10:00:00Z", "13 February 2018"),
    ],
)
def test_a_date_keeps_its_precision(text: str, spoken: str) -> None:
    assert PartialDate.parse(text).spoken == spoken


@pytest.mark.parametrize("text", ["", "yesterday", "2018-13", "2019-02-29", "20180213"])
def test_parsing_something_else_raises_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidDate, match="YYYY-MM-DD"):
        PartialDate.parse(text)


def test_first_and_last_day_of_partial_dates() -> None:
    assert (PartialDate(2020, 2).first, PartialDate(2020, 2).last) == (date(2020, 2, 1), date(2020, 2, 29))
    assert (PartialDate(2020).first, PartialDate(2020).last) == (date(2020, 1, 1), date(2020, 12, 31))


def test_the_id_depends_on_the_body_only() -> None:
    assert (
        article(origin="a.txt", publisher="A").id
        == article(origin="b.txt", publisher="B").id
        != article(body="Other words.").id
    )


def test_headline_and_dateline_without_title_publisher_and_date() -> None:
    bare = article(
        title=None,
        published=None,
        publisher=None,
        body="One two three four five six seven eight nine ten eleven.",
    )
    assert bare.headline == "One two three four five six seven eight nine ten..."
    assert bare.dateline == "publisher unknown, undated"
