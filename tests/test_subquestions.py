from dataclasses import replace

import pytest

from embeddings.library import Library
from rag.assistant import Assistant
from rag.query.sources import QuestionPart
from rag.retrieval.evidence import rank_sentences
from rag.retrieval.search import Retriever
from rag.retrieval.subquestions import leading, preferred, subquestions

YARDS = "Which shipyard won the order for the Kestrel Bay ferry, and for how many cars does it have room?"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who paid for the pier, and when did it open?", ("Who paid for the pier?", "when did it open? (paid for the pier)")),
        ("Who paid for the pier, for how much and why?", ("Who paid for the pier?", "for how much? (paid for the pier)", "why? (paid for the pier)")),
        ("How did the wardens and the owners differ over the fence?", ("what did the wardens say about the fence?", "what did the owners say about the fence?")),
        ("In 2019, what did the mayor and the bishop each give as the reason?", ("In 2019, what did the mayor give as the reason?", "In 2019, what did the bishop give as the reason?")),
        ("On what day and by which rocket was it launched?", None),
        ("What do the rules say and mean?", None),
        ("Who said that the man who paid and the woman were cousins?", None),
        ("Why did the trade and industry committee resign?", None),
    ],
)  # fmt: skip
def test_a_question_for_several_things_is_one_for_each(question: str, asked: tuple[str, ...] | None) -> None:
    assert tuple(part.text for part in subquestions(question)) == (asked or (question,))


def test_each_thing_has_its_own_best_sentence(sample: Library) -> None:
    hits = Retriever(library=sample, k=8).hits(YARDS)
    best = leading(subquestions(YARDS), hits, sample.reranker)
    assert len(best) == 2 and "Corvane" in best[0].text and "cars" in best[1].text
    assert leading((QuestionPart(YARDS),), hits, sample.reranker) == []


def test_what_is_preferred_keeps_the_score_that_it_has_for_the_whole_question(sample: Library) -> None:
    ranked = rank_sentences(YARDS, Retriever(library=sample, k=8).hits(YARDS), sample.reranker)
    unranked = replace(ranked[0], start=ranked[0].start + 1, score=99.0)
    assert preferred([ranked[3], unranked], ranked) == [
        ranked[3],
        replace(unranked, score=ranked[-1].score),
        *ranked[:3],
        *ranked[4:],
    ]


PAPERS = ("Northgate Ledger", "Meridian Wire", "Continental Dispatch")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "Does the Meridian Wire say that the yard was chosen, while the Continental Dispatch reports that the airport opened late?",
            [
                ("Does say that the yard was chosen", "Meridian Wire"),
                ("that the airport opened late?", "Continental Dispatch"),
            ],
        ),
        (
            "Do the Northgate Ledger and the Meridian Wire agree on what HS2 will cost?",
            [
                ("Do and agree on what HS2 will cost?", "Northgate Ledger"),
                ("Do and agree on what HS2 will cost?", "Meridian Wire"),
            ],
        ),
        ("What did the Meridian Wire say of HS2?", None),
    ],
)
def test_each_paper_that_is_named_is_asked_on_its_own(
    question: str, asked: list[tuple[str, str]] | None
) -> None:
    found = subquestions(question, PAPERS)
    assert [(part.text, *part.source.publishers) for part in found] == (asked or [(question,)])


def test_who_is_named_is_heard_in_its_own_words(quoting: Assistant) -> None:
    answer = quoting.ask("Do the Northgate Ledger and the Meridian Wire agree on what HS2 will cost?")
    told = {citation.article.publisher: citation.quote for citation in answer.citations}
    assert answer.status == "answered" and {"Northgate Ledger", "Meridian Wire"} <= set(told)
    assert "42" in told["Northgate Ledger"] or "Forty-two" in told["Northgate Ledger"]
    assert "55.7 billion" in told["Meridian Wire"]
