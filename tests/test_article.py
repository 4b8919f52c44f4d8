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
def test_a_date_keeps_the_precision_it_was_given(text: str, spoken: str) -> None:
    assert PartialDate.parse(text).spoken == spoken


@pytest.mark.parametrize("text", ["", "yesterday", "2018-13", "2019-02-29", "20180213"])
def test_what_is_no_date_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidDate, match="YYYY-MM-DD"):
        PartialDate.parse(text)


def test_a_month_spans_its_days() -> None:
    assert (PartialDate(2020, 2).first, PartialDate(2020, 2).last) == (date(2020, 2, 1), date(2020, 2, 29))
    assert (PartialDate(2020).first, PartialDate(2020).last) == (date(2020, 1, 1), date(2020, 12, 31))


def test_the_same_words_are_the_same_article_whoever_saved_them() -> None:
    assert (
        article(origin="a.txt", publisher="A").id
        == article(origin="b.txt", publisher="B").id
        != article(body="Other words.").id
    )


def test_an_article_without_title_or_date_says_so() -> None:
    bare = article(
        title=None,
        published=None,
        publisher=None,
        body="One two three four five six seven eight nine ten eleven.",
    )
    assert bare.headline == "One two three four five six seven eight nine ten..."
    assert bare.dateline == "publisher unknown, undated"
