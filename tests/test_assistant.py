from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from conftest import ScriptedChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from corpus.store.database import Store
from corpus.store.filters import Filters
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag import limits
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.generation.model_process import ModelError
from rag.generation.prompts import TRAINED_FOLDER, Prompts
from rag.generation.registry import AnswerModel
from rag.query.followups import Turn
from rag.query.parse import parse_question
from rag.query.validation import InvalidQuestion, ShuttingDown
from rag.retrieval.retrieve import retrieve
from rag.retrieval.search import Retriever
from rag.retrieval.selection import select_evidence

BERLIN = "Why was the opening of Berlin airport called off in May 2012?"
Make = Callable[[Callable[[str], str]], Assistant]


def first_evidence(message: str) -> str:
    """Return the first sentence of evidence in a prompt."""
    return message.split("\n")[0].removeprefix("[1] ").rsplit(" (", 1)[0]


def test_the_evidence_comes_first_then_the_draft_then_the_checked_answer(scripted: Make) -> None:
    first, *drafts, last = scripted(lambda message: f"{first_evidence(message)} [1]").stream(BERLIN)
    assert (
        first.status == "writing" and first.draft == "" and len(first.evidence) == 6 and not first.statements
    )
    assert drafts and all(
        draft.status == "writing" and "[" not in draft.draft and not draft.statements for draft in drafts
    )
    assert last.status == "answered" and last.draft == ""
    (statement,) = last.statements
    assert (
        statement.verdict == "supported"
        and statement.citations[0].verified
        and statement.citations[0].quote == first.evidence[0].text
    )
    assert (
        last.timings.evidence is not None
        and last.timings.total is not None
        and last.timings.evidence <= last.timings.total
    )


def test_an_invented_figure_is_dropped_with_a_warning_and_the_evidence_is_quoted(scripted: Make) -> None:
    answer = scripted(lambda message: "It was called off because 4,711 cables burned [1].").ask(BERLIN)
    assert all(
        statement.verdict == "quoted" and statement.text == statement.citations[0].quote
        for statement in answer.statements
    )
    assert "4,711" not in answer.text and any("4,711" in warning for warning in answer.warnings)


def test_a_supported_sentence_stays_when_another_is_dropped(scripted: Make) -> None:
    answer = scripted(
        lambda message: f"{first_evidence(message)} [1] The pope came by train in 1834 [2]."
    ).ask(BERLIN)
    assert [statement.verdict for statement in answer.statements] == ["supported"] and len(
        answer.warnings
    ) == 1


def test_only_what_is_cited_is_a_source(scripted: Make) -> None:
    answer = scripted(lambda message: first_evidence(message)).ask(BERLIN)
    assert [citation.number for citation in answer.citations] == [1] and len(answer.evidence) > 1
    assert answer.text.endswith(" [1]")


def test_the_models_own_refusal_counts(scripted: Make) -> None:
    answer = scripted(lambda message: "The articles do not say.").ask(BERLIN)
    assert (
        answer.status == "unanswerable"
        and not answer.statements
        and answer.evidence
        and "48 articles" in answer.message
    )


def test_an_unanswerable_question_is_refused_without_asking_the_model(scripted: Make) -> None:
    answer = scripted(lambda message: pytest.fail("the model was asked")).ask(
        "Who won the football world cup in 2018?"
    )
    assert (
        answer.status == "unanswerable"
        and "from 2010 to 2025" in answer.message
        and answer.text == answer.message
    )


def test_a_model_that_fails_costs_only_its_words(sample: Library) -> None:
    def fail(message: str) -> str:
        raise ModelError("the model's process ended unexpectedly; ask again, it is started anew")

    answer = Assistant(
        Retriever(library=sample, k=8), AnswerModel("broken", ScriptedChatModel(write=fail)), Prompts()
    ).ask(BERLIN)
    assert (
        answer.status == "answered"
        and answer.statements[0].verdict == "quoted"
        and "ask again" in answer.warnings[0]
    )
    assert answer.codes == ("without_model",)


def test_an_extractive_model_only_selects_words_of_articles(sample: Library) -> None:
    """Whatever it writes, only sentences of articles are shown, with its words marked in them."""

    def ask(written: str) -> Answer:
        reader = AnswerModel(
            "points",
            ScriptedChatModel(write=lambda message: written),
            evidence=4,
            describes_changes=False,
            may_refuse=False,
            extractive=True,
        )
        return Assistant(Retriever(library=sample, k=8), reader, Prompts(TRAINED_FOLDER)).ask(BERLIN)

    best = ask("[0]")
    assert all(statement.verdict == "quoted" and not statement.words for statement in best.statements)
    first = best.evidence[0].text.split()[3]
    (pointed, *_) = [statement for statement in ask(f"[1] {first}").statements if statement.words]
    assert pointed.text == best.evidence[0].text and pointed.words == first
    other = ask(f"[3] {best.evidence[2].text.split()[3]}")
    assert {best.evidence[0].text, best.evidence[2].text} <= {
        statement.text for statement in other.statements
    }
    invented = ask("[2] nine million dragons")
    assert "dragons" not in invented.text and best.evidence[1].text in invented.text


class Extractive(ScriptedChatModel):
    """A chat model that gives probabilities before it writes, as extractive models do."""

    chances: list[float]

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        assert len(kwargs["logit_bias"]) == len(kwargs["sentences"]) + 1 == len(self.chances)
        yield ChatGenerationChunk(
            message=AIMessageChunk(content="", response_metadata={"probabilities": self.chances})
        )
        yield from super()._stream(messages, stop, run_manager, **kwargs)


def test_the_refusal_probability_of_an_extractive_model_counts(sample: Library) -> None:
    def ask(question: str, chances: list[float]) -> Answer:
        chat = Extractive(write=lambda message: "[1]", chances=chances)
        reader = AnswerModel(
            "points", chat, evidence=4, describes_changes=False, may_refuse=False, extractive=True
        )
        return Assistant(Retriever(library=sample, k=8), reader, Prompts(TRAINED_FOLDER)).ask(question)

    assert ask(BERLIN, [0.02, 0.9, 0.04, 0.02, 0.02]).status == "answered"
    doubted = ask(BERLIN, [0.999, 0.001, 0.0, 0.0, 0.0])
    assert doubted.status == "unanswerable" and doubted.codes == ("not_said",) and doubted.evidence
    # Where it is sure of the best sentence, the next one is not quoted beside it, however near.
    near = "During which years was the first NATO Training Mission-Iraq active?"
    assert [len(ask(near, [0.02, chance, 0.9 - chance, 0.04, 0.04]).statements) for chance in (0.8, 0.2)] == [
        1,
        2,
    ]


def test_without_a_model_the_answer_is_quotes(quoting: Assistant) -> None:
    answer = quoting.ask(BERLIN)
    assert (
        answer.model == "none"
        and answer.statements
        and all(statement.verdict == "quoted" for statement in answer.statements)
    )


@pytest.mark.parametrize(
    ("question", "published"),
    [
        ("Is the 737 MAX still grounded?", "2020-11-19"),
        ("Has the Berlin airport opened?", "2020-10-31"),
        ("Is the new ferry at Kestrel Bay in service?", "2023-10-15"),
        ("Did Germany call off the opening of the Berlin airport?", "2012-05-08"),  # not of the present
    ],
)
def test_what_is_so_now_is_answered_by_the_newest_article_first(
    quoting: Assistant, question: str, published: str
) -> None:
    first = quoting.ask(question).statements[0].citations[0].article
    assert str(first.published) == published


def test_several_questions_about_the_present_keep_their_order(sample: Library) -> None:
    """The first sentences answer a sub-question each; the newest article must not come between them."""
    retriever = Retriever(library=sample, k=8)
    publishers = ["Northgate Ledger", "Continental Dispatch"]
    asked = "What do the Northgate Ledger and the Continental Dispatch currently say about HS2?"
    question = parse_question(asked, publishers=publishers)
    assert question.wants_newest and len(question.subquestions) == 2
    evidence = select_evidence(question, retrieve(question, retriever), sample.reranker, retriever.k)
    assert evidence.answered == 2 and evidence.shown[:2] == evidence.ranked[:2]


def test_change_over_time_is_answered_by_date_newest_first(quoting: Assistant) -> None:
    answer = quoting.ask("How has the launch date of the Webb telescope changed?")
    dates = [citation.article.published.first for citation in answer.citations if citation.article.published]
    assert (
        len(dates) >= 3
        and dates == sorted(dates, reverse=True)
        and len({citation.article.id for citation in answer.citations}) == len(dates)
    )


def test_copies_that_differ_in_one_figure_are_both_shown(quoting: Assistant) -> None:
    answer = quoting.ask("What total did the County Audit Chamber put on the Kestrel Bay ferry project?")
    assert "67 million" in answer.text and "61 million" in answer.text
    assert any("disagree" in warning for warning in answer.warnings)


def test_a_named_year_that_nothing_refers_to_makes_a_partial_answer(quoting: Assistant) -> None:
    answer = quoting.ask("What was the Arctic sea ice minimum in September 2016?")
    assert answer.status == "partly" and any("September 2016" in warning for warning in answer.warnings)


def test_a_followup_is_searched_with_its_subject(quoting: Assistant) -> None:
    history = (Turn("user", "When did Notre-Dame reopen?"), Turn("assistant", "In December 2024. [1]"))
    answer = quoting.ask("How much did it cost?", history)
    assert "Notre-Dame" in answer.searched and all(
        "Notre-Dame" in item.article.body for item in answer.evidence[:3]
    )


def test_filters_apply_and_an_empty_result_names_them(quoting: Assistant) -> None:
    only = Filters(publishers=("Northgate Ledger",), since=date(2013, 1, 1))
    answer = quoting.ask("What does HS2 cost?", filters=only)
    assert {item.article.publisher for item in answer.evidence} == {"Northgate Ledger"}
    empty = quoting.ask("What does HS2 cost?", filters=Filters(publishers=("Nobody",)))
    assert (
        empty.status == "unanswerable"
        and "publisher Nobody" in empty.message
        and "Remove it" in empty.message
    )
    assert empty.codes == ("nothing_in_filter",)


def test_a_shutdown_rejects_questions_and_ends_the_one_being_answered(sample: Library) -> None:
    written: list[str] = []
    assistant = Assistant(
        Retriever(library=sample, k=8),
        AnswerModel("slow", ScriptedChatModel(write=lambda message: written.append(message) or "many " * 50)),
        Prompts(),
    )
    growing = assistant.stream(BERLIN)
    while not next(growing).draft:
        pass
    assistant.begin_shutdown()
    with pytest.raises(ShuttingDown):
        list(growing)
    with pytest.raises(ShuttingDown):
        assistant.ask(BERLIN)
    assert len(written) == 1


def test_an_empty_collection_says_how_to_fill_it(store: Store, encoder: Encoder) -> None:
    answer = Assistant(Retriever(library=Library(store, encoder)), AnswerModel("none", None), Prompts()).ask(
        "Anything?"
    )
    assert answer.status == "unanswerable" and "dateline add" in answer.message
    assert answer.codes == ("collection_empty",)


@pytest.mark.parametrize(
    ("length", "fine"),
    [
        (1, True),
        (limits.MAX_QUESTION_CHARS - 1, True),
        (limits.MAX_QUESTION_CHARS, True),
        (limits.MAX_QUESTION_CHARS + 1, False),
        (100_000, False),
    ],
)
def test_the_length_of_a_question_is_bounded(quoting: Assistant, length: int, fine: bool) -> None:
    if fine:
        assert quoting.ask("x" * length).finished
    else:
        with pytest.raises(InvalidQuestion, match=f"{length:,} characters"):
            quoting.ask("x" * length)


@pytest.mark.parametrize("question", ["", "   \n", None, 3, ["a"], float("nan")])
def test_an_invalid_question_is_rejected(quoting: Assistant, question: object) -> None:
    with pytest.raises(InvalidQuestion):
        quoting.ask(question)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "question", ["\ud800", "a\x00b", "🏴\u202e", 'NEAR/3 AND "x"', "';--", "*", "(((((", "Ⅷ ½ ²"]
)
def test_odd_characters_are_only_text(quoting: Assistant, question: str) -> None:
    assert quoting.ask(question).finished


@pytest.mark.threat("D9", n="an article that goes between two steps of an answer")
def test_removing_an_article_while_it_is_asked_about_breaks_nothing(library: Library) -> None:
    from conftest import article

    found = article(
        body="The ferry sailed at noon with eighty cars and a crew of ten.", title="Ferry sails at noon"
    )
    library.add(found, "raw", "1")
    stream = Assistant(Retriever(library=library), AnswerModel("none", None), Prompts()).stream(
        "When did the ferry sail?"
    )
    next(stream)
    library.remove(found.id)
    *_, last = stream
    assert all(citation.verified for citation in last.citations)


@pytest.mark.parametrize("which", ["base_model", "trained_model"])
def test_the_packaged_reader_answers_end_to_end(
    sample: Library, which: str, request: pytest.FixtureRequest
) -> None:
    """The real encoder, FAISS, SQLite and reader together."""
    reader = request.getfixturevalue(which)
    answer = Assistant(Retriever(library=sample, k=8), reader, Prompts.for_model(reader.extractive)).ask(
        BERLIN
    )
    assert answer.status == "answered" and "fire" in answer.text.lower()
    assert all(citation.verified and citation.article.publisher for citation in answer.citations)
    assert any("ber-2012-05" in citation.article.origin for citation in answer.citations)


def test_a_restriction_in_the_question_is_the_filter_of_the_answer(quoting: Assistant) -> None:
    answer = quoting.ask("What will the ferry cost, according to the Kestrel Bay Times alone?")
    assert answer.filters.publishers == ("Kestrel Bay Times",)
    assert answer.evidence and {item.article.publisher for item in answer.evidence} == {"Kestrel Bay Times"}


def test_an_overview_quotes_each_article_and_is_refused_without_any(
    quoting: Assistant,
) -> None:
    told = quoting.ask("What do the articles say about the Kestrel Bay ferry?")
    assert (
        told.status == "answered"
        and len({statement.citations[0].article.id for statement in told.statements})
        == len(told.statements)
        > 2
    )
    assert all(
        "ferry" in f"{item.article.headline} {item.article.body}".lower() for item in told.evidence[:3]
    )
    assert (
        quoting.ask("What do the articles say about the boiling point of tungsten?").status == "unanswerable"
    )


def test_each_side_is_quoted_though_copies_of_one_disagree(quoting: Assistant) -> None:
    answer = quoting.ask("What do the auditors and the council say about the cost of the Kestrel Bay ferry?")
    assert all(figure in answer.text for figure in ("61 million", "67 million", "56 million"))
