import pytest
from conftest import article

from corpus.article import PartialDate
from corpus.store.filters import Filters
from rag.query.parts import split_question
from rag.query.sources import NamedSources, extract_filters, mark_sources, publisher_aliases

PAPERS = ("The Gull", "Harbour Times", "Harbour Times - Sport", "Meridian.com")
SUN = ("The Sun", "The Gull")


def test_articles_match_a_source_by_publisher_and_by_day() -> None:
    sources = NamedSources(("Meridian Wire",), (PartialDate(2018, 2), PartialDate(2019)))

    def count(published: str | None, publisher: str) -> int:
        return sources.match_count(article(published=published, publisher=publisher))

    assert count("2018-02-13", "Meridian Wire") == 2 and count("2019-05-01", "The Gull") == 1
    assert count("2018-03-01", "The Gull") == 0 and count(None, "Meridian Wire") == 1
    assert (str(sources.filters.since), str(sources.filters.until)) == ("2018-02-01", "2019-12-31")


def test_a_month_and_its_year_are_one_date() -> None:
    for day in ("May 2013", "May, 2013", "20 May 2013", "May 20, 2013", "May 20 2013"):
        (phrase,) = mark_sources(f"What did the Gull of {day} say?", ("The Gull",)).phrases
        assert phrase == f"the Gull of {day}"


def test_publishers_are_recognised_without_slogans_and_endings() -> None:
    assert publisher_aliases("Meridian.com") == ["Meridian.com", "Meridian"]


def test_hostile_questions_take_no_time() -> None:
    for question in (
        "The " * 500,
        "A and " * 330,
        "'A" * 1000,
        "article by " * 180,
        "according to A, " * 120,
        "June 3, 2013 " * 150,
    ):
        assert split_question(question, PAPERS)


@pytest.mark.parametrize(
    ("question", "publishers", "years"),
    [
        (
            "What do only articles from The Gull and Harbour Times say of the quay?",
            {"The Gull", "Harbour Times", "Harbour Times - Sport"},
            None,
        ),
        ("Who paid, according to the Gull alone?", {"The Gull"}, None),
        ("Who paid? Use only articles of 2019.", set(), (2019, 2019)),
        ("Who paid, only from the Gull in 2019 or 2020?", {"The Gull"}, (2019, 2020)),
        ("According to the Gull alone, who paid?", {"The Gull"}, None),
        ("Only in the Gull: who paid?", {"The Gull"}, None),
        ("Who paid in articles published in 2019 only?", set(), (2019, 2019)),
        ("Who paid? Answer only from the Gull.", {"The Gull"}, None),
    ],
)
def test_an_explicit_restriction_is_a_filter(
    question: str, publishers: set[str], years: tuple[int, int] | None
) -> None:
    found = extract_filters(question, PAPERS)
    assert set(found.publishers) == publishers
    assert ((found.since.year, found.until.year) if found.since and found.until else None) == years


@pytest.mark.parametrize(
    "question",
    [
        "Who paid, according to the Gull?",
        "Was it only in the harbour?",
        "Did only 2019 people come?",
        "What happened in 2019?",
        "Who alone paid?",
        "How many refugees arrived in 2015 alone?",
        "Why did sales rise only in 2019?",
        "Did it rain only in May 2019?",
        "Is helium found only in the Harbour?",
        "What grew just from 2018 to 2020?",
    ],
)
def test_what_is_only_implied_is_no_filter(question: str) -> None:
    assert extract_filters(question, PAPERS) == Filters()


@pytest.mark.parametrize(
    "question",
    [
        "How hot is the Sun?",
        "How far is the Sun from Earth?",
        "Where was the Sun on 3 May 2013?",
        "What keeps a gull and the Gull in the air?",
        "Can helium be found only in the Sun?",
        "Why is light from the Sun yellow?",
    ],
)
def test_a_name_without_attribution_is_searched(question: str) -> None:
    (part, *_) = split_question(question, SUN)
    assert part.text == question and not part.sources.publishers


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("According to the Sun, who paid?", ", who paid?"),
        ("Who paid, in the Sun of 3 May 2013?", "Who paid, in ?"),
        (
            "Who paid? Two men (The Sun, 3 May 2013).",
            "Who paid? Two men ( ).",
        ),
        ("What did the Sun say about the quay?", "What did say about the quay?"),
        ("How do the Sun and the Gull differ?", "How do and differ?"),
        ("Who is accused by the Sun of fraud?", "Who is accused by of fraud?"),
        ("Is the Sun's figure right?", "Is 's figure right?"),
        ("Who paid, only from the Sun?", "Who paid, only from ?"),
        ("What do articles in the Sun say of the Sun?", "What do say of the Sun?"),
    ],
)
def test_an_attributed_name_is_a_source(question: str, text: str) -> None:
    (part, *_) = split_question(question, SUN)
    assert part.text == text and "The Sun" in part.sources.publishers
