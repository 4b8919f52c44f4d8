import pytest

from corpus.article import PartialDate
from embeddings.library import Library
from rag.assistant import Assistant
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence, rank_sentences
from rag.retrieval.search import Retriever
from rag.retrieval.selection import PartEvidence
from rag.verification.answerability import (
    ANSWER_THRESHOLD,
    ANSWERABILITY_FEATURES,
    ANSWERABILITY_WEIGHTS,
    ASK_READER_THRESHOLD,
    answer_margin,
    answerability_features,
    answerability_score,
    describe_date_range,
    describe_missing,
    describe_missing_dates,
    find_denial,
    is_answerable,
    question_keywords,
)


def ranked(sample: Library, question: str) -> list[Evidence]:
    return rank_sentences(
        QuestionPart.parse(question), Retriever(library=sample, k=8).search_text(question), sample.reranker
    )


def is_answered(sample: Library, question: str) -> bool:
    return (
        answerability_score(
            [PartEvidence(QuestionPart.parse(question), tuple(ranked(sample, question)))],
            sample.encoder,
            sample.idf,
        )
        >= ANSWER_THRESHOLD
    )


@pytest.mark.parametrize(
    "question",
    [
        "Why was the opening of Berlin airport called off in May 2012?",
        "Who designed the new rooster that was put on the spire of Notre-Dame in December 2023?",
        "Which shipyard lost out to Corvane for the Kestrel Bay ferry order?",
    ],
)
def test_questions_that_the_articles_answer(sample: Library, question: str) -> None:
    assert is_answered(sample, question)


@pytest.mark.parametrize(
    "question",
    [
        "Who won the football world cup in 2018?",
        "Which manufacturer won the contract to build the HS2 trains?",
        "How many check-in counters does Terminal 1 of Berlin Brandenburg Airport have?",
    ],
)
def test_unanswerable_questions_on_subjects_of_the_articles(sample: Library, question: str) -> None:
    assert not is_answered(sample, question)


def test_a_refusal_probability_counts_against_the_score() -> None:
    assert is_answerable(ANSWER_THRESHOLD, None) and not is_answerable(ANSWER_THRESHOLD - 0.01, None)
    assert is_answerable(ASK_READER_THRESHOLD + 2, 0.01) and not is_answerable(ANSWER_THRESHOLD + 2, 0.99)


def test_a_readers_opinion_counts_for_or_against_the_score() -> None:
    doubt, belief = (answer_margin(ANSWER_THRESHOLD, opinion=opinion) for opinion in (-2.0, 2.0))
    assert doubt < 0 < belief


def test_a_long_question_is_judged_by_its_clauses_too(quoting: Assistant) -> None:
    """No sentence is like the whole of it, but two of its clauses are answered."""
    yard = "that the ferry order was expected to go to a domestic yard on grounds of employment"
    airport = "that opening Berlin's airport was put off because fire protection was not finished"
    answer = quoting.ask(
        f"Does the Meridian Wire suggest {yard}, while the Continental Dispatch reports {airport}?"
    )
    assert answer.status == "answered" and {citation.article.publisher for citation in answer.citations} >= {
        "Meridian Wire",
        "Continental Dispatch",
    }
    penguins = "Does the Northgate Ledger describe penguins on the runway, while the Meridian Wire reports a unicorn in the terminal hall?"
    assert quoting.ask(penguins).status == "unanswerable"


def test_without_evidence_nothing_is_answerable(sample: Library) -> None:
    assert (
        answerability_score([PartEvidence(QuestionPart.parse("Anything?"), ())], sample.encoder, sample.idf)
        < 0
    )


def test_a_year_that_no_article_refers_to_counts_against_an_answer(sample: Library) -> None:
    def days(question: str) -> float:
        return answerability_features(
            QuestionPart.parse(question), ranked(sample, question), sample.encoder, sample.idf
        )[ANSWERABILITY_FEATURES.index("dates")]

    assert (
        days("What was the Arctic sea ice minimum in September 2019?") == 1
        and ANSWERABILITY_WEIGHTS[ANSWERABILITY_FEATURES.index("dates")] > 0
    )
    assert days("What was the Arctic sea ice minimum in September 2014?") == 0


def test_keywords_without_a_similar_word_count_against_an_answer(sample: Library) -> None:
    def near(question: str) -> float:
        return answerability_features(
            QuestionPart.parse(question), ranked(sample, question), sample.encoder, sample.idf
        )[ANSWERABILITY_FEATURES.index("words")]

    assert near("How much is the first phase of HS2 expected to cost?") > near(
        "How many check-in counters are in the terminal of HS2?"
    )


def test_a_refusal_names_what_is_missing_in_the_words_of_the_question(sample: Library) -> None:
    question = "Who designed the interior of the Sea Campion?"
    said = describe_missing(question, ranked(sample, question)[:6])
    assert (
        said.startswith("The articles do not say who designed the interior of the Sea Campion.")
        and "“designed”" in said
    )
    assert (
        describe_missing("What was the annual budget of NATO's mission?", ())
        == "The articles do not give the annual budget of NATO's mission."
    )
    assert (
        describe_missing("What reasons did the mayor give?", ())
        == "The articles do not answer “What reasons did the mayor give?”."
    )
    assert (
        describe_missing("Who designed the Grey Linnet (1998) and its sister?", ())
        == "The articles do not say who designed the Grey Linnet (1998) and its sister."
    )
    assert describe_missing("hello", ()) == "The articles do not answer “hello”."
    assert "“How many passengers did she carry?”" in describe_missing(
        "How many passengers did she carry?", ()
    )


def test_the_nearest_articles_are_dated(sample: Library) -> None:
    found = ranked(sample, "What wage did the carpenters on the Notre-Dame site earn?")[:6]
    days = sorted(item.article.published.first.year for item in found if item.article.published)
    assert str(days[0]) in describe_date_range(found) and str(days[-1]) in describe_date_range(found)


def test_dates_that_the_cited_text_refers_to() -> None:
    assert describe_missing_dates([PartialDate(2018)], "in 2018") == ""
    assert (
        describe_missing_dates([PartialDate(2019, 9)], "in 2018")
        == "Nothing that is cited here speaks of September 2019."
    )
    assert describe_missing_dates([PartialDate(2018), PartialDate(2019)], "in 2018").endswith(
        "of 2018, but not of 2019."
    )


def test_a_sentence_that_denies_the_premise_is_found(sample: Library) -> None:
    question = "Why did Kestrel Bay Council cancel its contract with Corvane in 2020?"
    found = find_denial(question, ranked(sample, question))
    assert found and "motion was lost" in found.text
    plain = "How many crossings a day will the Sea Campion make?"
    assert find_denial(plain, ranked(sample, plain)) is None and find_denial("Was it?", []) is None


def test_keywords_leave_out_names_and_words_of_asking() -> None:
    assert question_keywords("How many soldiers did Canada promise in 2018?") == ["soldiers", "promise"]


def test_confidence_is_the_margin_of_refusing_and_a_refused_question_can_be_asked_anyway(
    quoting: Assistant,
) -> None:
    nothing = "Who painted the hull of the Grey Linnet, and what did the paint weigh?"
    refused, anyway = quoting.ask(nothing), quoting.ask(nothing, may_refuse=False)
    answered = quoting.ask("How many people died in the Lion Air crash of October 2018?")
    assert refused.status == "unanswerable" and anyway.statements and not refused.statements
    assert refused.confidence is not None and refused.confidence == anyway.confidence < 0
    assert answered.statements and answered.confidence is not None and answered.confidence >= 0
