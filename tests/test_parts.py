import pytest

from corpus.article import PartialDate
from rag.query.parts import QuestionPart, SearchQuery, split_question
from rag.query.sources import NamedSources

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
def test_phrases_that_name_sources_are_not_searched_for(question: str, searched: str) -> None:
    assert texts(question)[0] == searched


def test_each_clause_has_its_own_sources_and_a_clause_without_any_has_all() -> None:
    question = (
        "Does the Gull article of 3 June 2013 say that the ferry was late that day, "
        "while Harbour Times says that nobody had to wait, and who of them was right about it?"
    )
    whole, gull, times, last = split_question(question, PAPERS)
    day = PartialDate(2013, 6, 3)
    assert gull.sources == NamedSources(("The Gull",), (day,)) and times.sources == NamedSources(
        ("Harbour Times", "Harbour Times - Sport")
    )
    assert (
        whole.sources
        == last.sources
        == NamedSources(("The Gull", "Harbour Times", "Harbour Times - Sport"), (day,))
    )
    assert (
        gull.text.endswith("say that the ferry was late that day")
        and times.text == "says that nobody had to wait"
    )


def test_a_named_section_hides_the_paper_that_it_is_part_of() -> None:
    (whole,) = split_question("Who won, according to Harbour Times - Sport?", PAPERS)
    assert whole.sources.publishers == ("Harbour Times - Sport",)


def test_a_question_of_nothing_but_sources_stays_as_it_is() -> None:
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


def test_a_part_keeps_the_phrases_that_are_not_searched_for() -> None:
    question = "Who paid 5 crowns, according to the Gull of 3 May 2013?"
    (whole,) = split_question(question, PAPERS)
    assert whole.full_text == question and whole.text != question
    assert whole.dates == () and whole.sources.dates == (PartialDate(2013, 5, 3),)
    assert whole.answer_type == QuestionPart.parse(whole.text).answer_type


def test_a_query_prefers_the_newest_only_for_the_latest() -> None:
    assert SearchQuery.parse("What is the latest price?").latest
    assert not SearchQuery.parse("What was the price in 2013?").latest
