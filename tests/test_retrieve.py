from embeddings.library import Library
from rag.query.followups import Turn
from rag.query.parse import parse_question
from rag.retrieval.retrieve import prefer_articles_of, retrieve, search_passages
from rag.retrieval.search import Retriever


def test_articles_of_the_previous_exchange_are_preferred(sample: Library) -> None:
    hits = Retriever(library=sample).search_text("What is the minimum extent of the ice?", 20)
    last = hits[-1]
    raised = prefer_articles_of([last], hits, 20)
    (found,) = [hit for hit in raised if hit.passage == last.passage]
    assert found.score > last.score and raised.index(found) < 19
    assert any(rank.by == "earlier" for rank in found.ranks)


def test_more_passages_are_retrieved_where_values_are_compared(sample: Library) -> None:
    retriever = Retriever(library=sample, k=4)
    fact, series = (
        parse_question(question)
        for question in ("What does HS2 cost?", "How has the cost of HS2 changed since 2012?")
    )
    assert len(retrieve(fact, retriever)) == 4 and 8 < len(retrieve(series, retriever)) <= 20


def test_a_search_looks_for_the_articles_of_the_previous_exchange(sample: Library) -> None:
    history = (Turn("user", "When did Notre-Dame reopen?"), Turn("assistant", "In December 2024. [1]"))
    hits = search_passages(parse_question("How much did it cost?", history), Retriever(library=sample), 5)
    assert len(hits) == 5 and "Notre-Dame" in hits[0].passage.article.body
    assert any(rank.by == "earlier" for rank in hits[0].ranks)
