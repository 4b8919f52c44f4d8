import pytest
from conftest import article

from corpus.article import PartialDate
from corpus.store.filters import Filters
from rag.query.sources import NamedSources, extract_filters, publisher_aliases, split_question

PAPERS = ("The Gull", "Harbour Times", "Harbour Times - Sport", "Meridian.com")


def texts(question: str, papers: tuple[str, ...] = PAPERS) -> list[str]:
    return [part.text for part in split_question(question, papers)]


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("According to the Gull, who paid for the quay?", ", who paid for the quay?"),
        ("What does the report by The Gull on 3 June 2013 say of the quay?", "What does say of the quay?"),
        ("Who paid for the quay, as reported by Harbour Times and The Gull?", "Who paid for the quay, ?"),
        ("Does the 'Evening Star' article say who paid?", "Does say who paid?"),
        ("Do articles from Sea News and the Evening Star say who paid?", "Do say who paid?"),
        ("What did the Chilcot report say?", "What did the Chilcot report say?"),
        ("What did NATO announce in June 2013?", "What did NATO announce in June 2013?"),
        (
            "Who wrote in the article published on June 3, 2013 that it sank?",
            "Who wrote in the article that it sank?",
        ),
        ("a gull flew over the harbour", "a gull flew over the harbour"),
    ],
)
def test_whom_is_asked_is_taken_out_of_what_is_asked(question: str, searched: str) -> None:
    assert texts(question)[0] == searched


def test_each_clause_has_its_own_sources_and_a_clause_without_any_has_all() -> None:
    question = (
        "Does the Gull article of 3 June 2013 say that the ferry was late that day, while Harbour Times says that nobody had to wait, "
        "and who of them was right about it?"
    )
    whole, gull, times, last = split_question(question, PAPERS)
    day = PartialDate(2013, 6, 3)
    assert gull.source == NamedSources(("The Gull",), (day,)) and times.source == NamedSources(
        ("Harbour Times", "Harbour Times - Sport")
    )
    assert (
        whole.source
        == last.source
        == NamedSources(("The Gull", "Harbour Times", "Harbour Times - Sport"), (day,))
    )
    assert (
        gull.text.endswith("say that the ferry was late that day")
        and times.text == "says that nobody had to wait"
    )


def test_a_section_that_is_named_is_meant_alone() -> None:
    (whole,) = split_question("Who won, according to Harbour Times - Sport?", PAPERS)
    assert whole.source.publishers == ("Harbour Times - Sport",)


def test_a_question_that_names_nothing_but_sources_is_asked_as_it_stands() -> None:
    assert texts("The Gull") == ["The Gull"]


def test_clauses_are_the_parts_that_can_stand_alone() -> None:
    assert texts("How many ships?", ()) == ["How many ships?"]
    long = "Which company built the ferry at the yard, while the council of the town paid for the quay?"
    assert texts(long, ()) == [
        long,
        "Which company built the ferry at the yard",
        "the council of the town paid for the quay?",
    ]
    assert texts("Who said on June 3, 2013 that it sank?", ()) == ["Who said on June 3, 2013 that it sank?"]


def test_what_fits_a_source_and_the_filter_that_finds_it() -> None:
    source = NamedSources(("Meridian Wire",), (PartialDate(2018, 2), PartialDate(2019)))
    fits = [source.fits(article(published=day, publisher=paper)) for day, paper in
            (("2018-02-13", "Meridian Wire"), ("2019-05-01", "The Gull"), ("2018-03-01", "The Gull"), (None, "Meridian Wire"))]  # fmt: skip
    assert fits == [2, 1, 0, 1]
    assert (str(source.filters.since), str(source.filters.until)) == ("2018-02-01", "2019-12-31")


def test_names_are_recognised_without_their_slogans_and_endings() -> None:
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
    ],
)
def test_what_is_demanded_is_a_filter(
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
    ],
)
def test_what_is_only_implied_is_none(question: str) -> None:
    assert extract_filters(question, PAPERS) == Filters()
