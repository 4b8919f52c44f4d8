"""A model that writes from chosen sentences: what it is asked, and what of it is shown."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import FETCHED_READERS, ScriptedChatModel, article
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from corpus.article import Article
from corpus.passages import Passage
from embeddings.library import Library
from rag.answers.compose import ON_TRIAL
from rag.answers.written import MIN_JUDGED, SENTENCES
from rag.assistant import Assistant
from rag.factory import open_assistant
from rag.generation.model_process import ModelError
from rag.generation.prompts import CheckingPrompts, PromptError, Prompts, WritingPrompts
from rag.generation.readers import STANDARD
from rag.generation.registry import AnswerModel
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Retriever
from rag.settings import Settings
from rag.verification.judgement import Judgement, read_source

WHO_CALLED_OFF = "Why was the opening of Berlin airport called off in May 2012?"
TWO_QUESTIONS = (
    "Which shipyard lost out to Corvane for the Kestrel Bay ferry order, and what had it asked for?"
)
RESERVOIR = "How did the planned size of the Ethiopian dam's reservoir change between 2011 and 2025?"


def writing(sample: Library, write: Callable[[str], str]) -> Assistant:
    model = AnswerModel("scripted", ScriptedChatModel(write=write), writes=True)
    return Assistant(Retriever(library=sample, k=8), model, Prompts())


class CheckedChatModel(ScriptedChatModel):
    """A scripted model that is also asked whether a source says so: `yes` gives the chance that it does."""

    yes: Callable[[str, str], float]

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        if "endings" not in kwargs:
            yield from super()._stream(messages, *args, **kwargs)
            return
        assert kwargs["choices"] == ["yes", "Yes", "no", "No"]
        for ending in kwargs["endings"]:
            yes = self.yes(messages[-1].text, ending)
            found = {"probabilities": [yes / 2, yes / 2, (1 - yes) / 2, (1 - yes) / 2]}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=found))


def checked(sample: Library, yes: Callable[[str, str], float]) -> Assistant:
    chat = CheckedChatModel(write=lambda message: f"{source_of(message)} [1]", yes=yes)
    model = AnswerModel("scripted", chat, writes=True, checks=True)
    return Assistant(Retriever(library=sample, k=8), model, Prompts())


def source_of(message: str) -> str:
    """Return the text of the first source in a prompt."""
    return message.split("\n")[0].split("): ", 1)[1]


def test_a_fact_is_asked_of_the_best_sentence_and_shown_in_the_models_words(sample: Library) -> None:
    asked: list[str] = []

    def write(message: str) -> str:
        asked.append(message)
        return f"{source_of(message)} [1]"

    first, *drafts, last = writing(sample, write).stream(WHO_CALLED_OFF)
    assert len(asked) == 1 and asked[0].startswith("[1] ") and f"Question: {WHO_CALLED_OFF}" in asked[0]
    assert first.status == "writing" and drafts and all(draft.status == "writing" for draft in drafts)
    (statement,) = last.statements
    assert statement.verdict == "supported" and statement.citations[0].quote == source_of(asked[0])
    assert last.warnings == (ON_TRIAL,)


def test_what_the_source_does_not_say_is_dropped_and_the_next_sentence_asked(sample: Library) -> None:
    asked: list[str] = []

    def write(message: str) -> str:
        asked.append(source_of(message))
        return f"{source_of(message)} [1]" if len(asked) > 1 else "It was called off over 4,711 cables [1]."

    answer = writing(sample, write).ask(WHO_CALLED_OFF)
    assert 2 <= len(asked) == len(set(asked)) and "4,711" not in answer.text


@pytest.mark.parametrize(
    "written", ["It was called off over 4,711 cables [1].", "The opening was called off in May 2012.", ""]
)
def test_quotes_take_the_place_of_what_fails(sample: Library, written: str) -> None:
    answer = writing(sample, lambda message: written).ask(WHO_CALLED_OFF)
    assert answer.statements and {statement.verdict for statement in answer.statements} == {"quoted"}
    assert [written.removesuffix(" [1].") in warning for warning in answer.warnings] == (
        [True] if written else []
    )


def test_a_model_that_checks_is_asked_about_the_source_alone_and_with_the_answer(sample: Library) -> None:
    asked: list[tuple[str, str]] = []

    def yes(message: str, ending: str) -> float:
        asked.append((message, ending))
        return 0.99

    answer = checked(sample, yes).ask(WHO_CALLED_OFF)
    (statement,) = answer.statements
    (first, alone), (second, with_answer) = asked
    assert first == second and WHO_CALLED_OFF in first and statement.citations[0].quote in first
    assert statement.verdict == "supported" and statement.text in with_answer and statement.text not in alone


def test_what_a_model_that_checks_denies_is_replaced_by_quotes(sample: Library) -> None:
    answer = checked(sample, lambda message, ending: 0.01 if "Answer:" in ending else 0.6).ask(WHO_CALLED_OFF)
    assert {statement.verdict for statement in answer.statements} == {"quoted"}
    assert any("does not say that this answers" in warning for warning in answer.warnings)


def test_a_model_that_sees_no_answer_in_the_best_sentences_refuses(sample: Library) -> None:
    asked: list[str] = []

    def yes(message: str, ending: str) -> float:
        asked.append(message)
        return 0.01

    answer = checked(sample, yes).ask("How many principles are in the declaration on the Nile dam?")
    assert answer.status == "unanswerable" and len(set(asked)) == len(asked) == SENTENCES
    assert answer.confidence is not None and answer.confidence < 0


def test_a_denied_premise_is_shown_though_it_answers_nothing(sample: Library) -> None:
    answer = checked(sample, lambda message, ending: 0.01).ask(
        "Why did Kestrel Bay Council cancel its contract with Corvane in 2020?"
    )
    assert answer.status == "answered"
    assert any("The motion was lost" in statement.text for statement in answer.statements)


def test_the_sentence_that_answers_is_put_first(sample: Library) -> None:
    quoting = Assistant(Retriever(library=sample, k=8), AnswerModel("none", None), Prompts())
    _, second, *_ = quoting.ask(WHO_CALLED_OFF).evidence
    answer = checked(sample, lambda message, ending: 0.95 if second.text in message else 0.3).ask(
        WHO_CALLED_OFF
    )
    assert answer.statements[0].citations[0].quote == second.text


def test_where_a_model_cannot_be_asked_the_model_of_support_decides(sample: Library) -> None:
    def yes(message: str, ending: str) -> float:
        raise ModelError("the model's process ended unexpectedly")

    answer = checked(sample, yes).ask(WHO_CALLED_OFF)
    assert [statement.verdict for statement in answer.statements] == ["supported"]


def test_each_signal_speaks_for_a_sentence() -> None:
    least = Judgement(reading=-3.0, answers=-1.0, says=-1.0)
    for signal in ("reading", "answers", "says"):
        assert replace(least, **{signal: 3.0}).log_odds > least.log_odds
    assert least.log_odds < MIN_JUDGED < Judgement(reading=8.0, answers=2.0, says=4.0).log_odds


def test_the_source_is_read_with_the_sentence_before_it(sample: Library) -> None:
    body = "The Marisol was launched on Tuesday. She cost 34 million crowns. The mayor wore a hat."
    item = evidence_of(article(body, "New ferry"), "She cost 34 million crowns.")
    alone = evidence_of(article("She cost 34 million crowns.", "New ferry"), "She cost 34 million crowns.")
    question = "How much did the Marisol cost?"
    with_before, without = (read_source(question, one, sample.reranker) for one in (item, alone))
    assert with_before != without
    assert read_source("Who wore a hat?", item, sample.reranker) < with_before


def evidence_of(source: Article, text: str) -> Evidence:
    start = source.body.index(text)
    return Evidence(Passage(source, 0, len(source.body)), start, start + len(text), 0.0, 0.0)


def test_change_over_time_is_asked_of_each_value_and_told_in_order(sample: Library) -> None:
    asked: list[str] = []

    def write(message: str) -> str:
        asked.append(message)
        return source_of(message)

    answer = writing(sample, write).ask(RESERVOIR)
    assert len(asked) > 2
    assert all("What was the planned size of the Ethiopian dam's reservoir?" in message for message in asked)
    days = [statement.as_of.published for statement in answer.statements if statement.as_of]
    assert days and [str(day) for day in days] == sorted(str(day) for day in days)


def test_a_value_whose_sentence_is_dropped_is_quoted(sample: Library) -> None:
    wrote: list[str] = []

    def write(message: str) -> str:
        wrote.append(source_of(message))
        return source_of(message) if len(wrote) == 1 else "It held 4,711 buckets."

    answer = writing(sample, write).ask(RESERVOIR)
    verdicts = {statement.citations[0].quote: statement.verdict for statement in answer.statements}
    assert {quote: verdict for quote, verdict in verdicts.items() if quote in wrote} == {
        quote: "quoted" if n else "supported" for n, quote in enumerate(wrote)
    }


def test_of_several_questions_all_are_answered_in_own_words_or_none(sample: Library) -> None:
    wrote: list[str] = []

    def write(message: str) -> str:
        wrote.append(source_of(message))
        return source_of(message) if len(wrote) == 1 else "It held 4,711 buckets."

    answer = writing(sample, write).ask(TWO_QUESTIONS)
    assert len(wrote) == 2
    assert {statement.verdict for statement in answer.statements} == {"quoted"}
    assert wrote[0] in {statement.citations[0].quote for statement in answer.statements}


def test_the_fixed_part_of_the_prompt_is_the_same_for_all_questions() -> None:
    prompts = WritingPrompts()
    *fixed, last = prompts.messages("Who called it off?", [])
    assert fixed == prompts.messages("When?", [], "May")[:-1]
    assert fixed[0].type == "system" and "Question: Who called it off?" in last.text


def test_both_questions_of_a_check_share_what_comes_before_them() -> None:
    prompts = CheckingPrompts()
    answers, says = prompts.endings("It was the mayor.")
    assert "It was the mayor." in says and "Answer:" not in answers
    assert prompts.fixed[0].type == "system" and {message.text for message in prompts.fixed[2::2]} == {
        "yes",
        "no",
    }


def test_a_damaged_example_is_named(tmp_path: Path) -> None:
    for name, text in (
        ("system", "Answer."),
        ("source", "[$number] $headline ($source): $text"),
        ("question", "$sources $question $words"),
        ("words", "$words"),
    ):
        (tmp_path / f"{name}.txt").write_text(text)
    (tmp_path / "examples.jsonl").write_text('{"question": "Who?"}\n')
    with pytest.raises(PromptError, match=r"examples\.jsonl cannot be read"):
        WritingPrompts(tmp_path)


@pytest.fixture(scope="module")
def standard(sample_folder: Path) -> Iterator[Assistant]:
    if not STANDARD.cached_file(FETCHED_READERS):
        pytest.skip("the standard reader was not fetched: dateline reader get standard")
    settings = Settings(data=sample_folder, model="standard", cache=FETCHED_READERS, threads=1)
    assistant = open_assistant(settings)
    yield assistant
    assistant.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many principles are in the declaration on the Nile dam that was signed in Khartoum?", "ten"),
        (
            "According to the Halden Post, what share of the dam's funding did Ethiopia's central bank provide?",
            "91 per cent",
        ),
    ],
)
def test_the_standard_reader_answers_in_a_sentence_of_its_own(
    standard: Assistant, question: str, words: str
) -> None:
    answer = standard.ask(question)
    (statement,) = answer.statements
    assert statement.verdict == "supported" and words in statement.text
    assert statement.text != statement.citations[0].quote and words in statement.citations[0].quote


@pytest.mark.timeout(900)
def test_what_the_standard_reader_takes_for_true_is_not_shown_as_its_answer(standard: Assistant) -> None:
    answer = standard.ask("How much did the insurance for the launch of the Webb telescope cost?")
    assert not any(statement.verdict == "supported" for statement in answer.statements)
