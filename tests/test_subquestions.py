from dataclasses import replace

from embeddings.library import Library
from rag.assistant import Assistant
from rag.query.decomposition import decompose
from rag.query.parts import QuestionPart, split_question
from rag.retrieval.evidence import rank_sentences
from rag.retrieval.search import Retriever
from rag.retrieval.subquestions import best_for_each, put_first

YARDS = "Which shipyard won the order for the Kestrel Bay ferry, and for how many cars does it have room?"


def test_each_subquestion_has_its_own_best_sentence(sample: Library) -> None:
    hits = Retriever(library=sample, k=8).search_text(YARDS)
    best = best_for_each(decompose(YARDS, split_question(YARDS)), hits, sample.reranker)
    assert len(best) == 2 and "Corvane" in best[0].text and "cars" in best[1].text
    assert best_for_each((QuestionPart.parse(YARDS),), hits, sample.reranker) == []


def test_what_is_put_first_keeps_its_score_for_the_whole_question(sample: Library) -> None:
    hits = Retriever(library=sample, k=8).search_text(YARDS)
    ranked = rank_sentences(QuestionPart.parse(YARDS), hits, sample.reranker)
    unranked = replace(ranked[0], start=ranked[0].start + 1, score=99.0)
    lowest = replace(unranked, score=ranked[-1].score)
    assert put_first([ranked[3], unranked], ranked) == [ranked[3], lowest, *ranked[:3], *ranked[4:]]


def test_each_publisher_that_is_named_is_quoted(quoting: Assistant) -> None:
    answer = quoting.ask("Do the Northgate Ledger and the Meridian Wire agree on what HS2 will cost?")
    quotes = {citation.article.publisher: citation.quote for citation in answer.citations}
    assert answer.status == "answered" and {"Northgate Ledger", "Meridian Wire"} <= set(quotes)
    assert "42" in quotes["Northgate Ledger"] or "Forty-two" in quotes["Northgate Ledger"]
    assert "55.7 billion" in quotes["Meridian Wire"]
