import pytest
from conftest import article
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests.retrievers import RetrieversIntegrationTests

from corpus.store.filters import Filters
from embeddings.library import Library
from rag.retrieval.search import Retriever, Scoring, min_max_normalise


def test_min_max_normalise_by_hand() -> None:
    assert min_max_normalise([]) == {} and min_max_normalise([(1, 3.0)]) == {1: 1.0}
    assert min_max_normalise([(1, 4.0), (2, 3.0), (3, 2.0)]) == {1: 1.0, 2: 0.5, 3: 0.0}
    assert min_max_normalise([(1, 9.0), (2, 3.0), (3, 0.0)], scale=[(5, 4.0), (6, 2.0)]) == {
        1: 1.0,
        2: 0.5,
        3: 0.0,
    }


def test_fusion_by_hand(library: Library) -> None:
    """Both searches find the same passage first (0.8 + 0.2); its only sentence has both words (0.4)."""
    library.add(article(body="The ferry sailed at noon with eighty cars."), "raw", "1")
    library.add(article(body="Otters swim in the bay and eat fish."), "raw", "2")
    first, second = Retriever(library=library).search_text("When did the ferry sail?")
    assert first.passage.article.body.startswith("The ferry") and first.score == 1.4
    assert [(rank.by, rank.place) for rank in first.ranks] == [("words", 1), ("meaning", 1), ("sentence", 1)]
    assert second.score == 0.0 and [(rank.by, rank.place) for rank in second.ranks] == [
        ("meaning", 2),
        ("sentence", 1),
    ]


def test_a_passage_on_two_clauses_outranks_one_on_a_single_clause(library: Library) -> None:
    both = "The yard at Corvane built the ferry in a year. The council paid for the new quay with a loan."
    one = (
        "The yard at Corvane built the ferry, the ferry, and again the ferry, "
        "said the yard that built ferries."
    )
    for n, body in enumerate((one, both)):
        library.add(article(body=body, title="News"), "raw", str(n))
    question = "Which yard built the ferry in a year, and who paid for the new quay there?"
    best, *_ = Retriever(library=library).search_text(question)
    assert best.passage.article.body == both


def test_a_named_publisher_is_found_behind_many_better_passages(library: Library) -> None:
    """The search within the named paper's articles brings what 100 better passages would have kept out."""
    for n in range(110):
        body = (
            "The harbour ferry sails from the harbour quay in all weathers, "
            f"the harbour master of harbour {n} says."
        )
        library.add(article(body=body, title="Harbour ferry"), "raw", f"h{n}")
    library.add(
        article(
            body="The ferry was late on Monday, and nobody at the harbour minded.",
            title="Boat",
            publisher="The Gull",
        ),
        "raw",
        "gull",
    )
    question = "What does the article by The Gull say of the harbour ferry?"
    assert "The Gull" in {
        hit.passage.article.publisher for hit in Retriever(library=library).search_text(question)
    }
    without = Retriever(library=library, scoring=Scoring(preference=0.0)).search_text(question)
    assert "The Gull" not in {hit.passage.article.publisher for hit in without}


def test_the_right_article_is_found_in_the_sample(sample: Library) -> None:
    hits = Retriever(library=sample).search_text(
        "Why was the opening of Berlin airport called off in May 2012?", 3
    )
    assert "ber-2012-05-opening-called-off" in hits[0].passage.article.origin
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_named_publisher_and_day_are_preferred_and_said_so(sample: Library) -> None:
    hits = Retriever(library=sample).search_text(
        "What did the Kestrel Bay Times write about the ferry in June 2021?"
    )
    best = hits[0].passage.article
    assert best.publisher == "Kestrel Bay Times" and str(best.published) == "2021-06-17"
    assert "preference" in [rank.by for rank in hits[0].ranks]


def test_the_latest_raises_the_newest(sample: Library) -> None:
    def newest_place(question: str) -> int:
        hits = Retriever(library=sample).search_text(question)
        years = [hit.passage.article.published.year if hit.passage.article.published else 0 for hit in hits]
        return years.index(max(years))

    assert newest_place("What is the latest cost of HS2?") <= newest_place("What is the cost of HS2?")


def test_filters_leave_nothing_else(sample: Library) -> None:
    only = Filters(publishers=("Civic Observer",))
    assert {
        hit.passage.article.publisher for hit in Retriever(library=sample).search_text("cost", 50, only)
    } == {"Civic Observer"}
    assert Retriever(library=sample).search_text("cost", 5, Filters(publishers=("Nobody",))) == []


class TestLangchainsContract(RetrieversIntegrationTests):
    """langchain's own suite for retrievers, over the sample collection."""

    @pytest.fixture
    def retriever(self, sample: Library) -> BaseRetriever:
        return Retriever(library=sample)

    @property
    def retriever_constructor(self) -> type[Retriever]:
        return Retriever

    @property
    def retriever_constructor_params(self) -> dict:
        return {"library": self._library}

    @property
    def retriever_query_example(self) -> str:
        return "What does the ferry cost?"

    @pytest.fixture(autouse=True)
    def _with_library(self, sample: Library) -> None:
        type(self)._library = sample
