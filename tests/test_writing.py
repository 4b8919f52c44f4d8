"""A model that writes from chosen sentences: what it is asked, and what of it is shown."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import FETCHED_READERS, ScriptedChatModel

from embeddings.library import Library
from rag.answers.compose import ON_TRIAL
from rag.assistant import Assistant
from rag.factory import open_assistant
from rag.generation.prompts import PromptError, Prompts, WritingPrompts
from rag.generation.readers import STANDARD
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever
from rag.settings import Settings

WHO_CALLED_OFF = "Why was the opening of Berlin airport called off in May 2012?"
RESERVOIR = "How did the planned size of the Ethiopian dam's reservoir change between 2011 and 2025?"


def writing(sample: Library, write: Callable[[str], str]) -> Assistant:
    model = AnswerModel("scripted", ScriptedChatModel(write=write), writes=True)
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


def test_the_fixed_part_of_the_prompt_is_the_same_for_all_questions() -> None:
    prompts = WritingPrompts()
    *fixed, last = prompts.messages("Who called it off?", [])
    assert fixed == prompts.messages("When?", [], "May")[:-1]
    assert fixed[0].type == "system" and "Question: Who called it off?" in last.text


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
        ("Who designed the new rooster on the spire of Notre-Dame?", "Villeneuve"),
        ("How long was the exposure for the picture of SMACS 0723?", "12.5 hours"),
    ],
)
def test_the_standard_reader_answers_in_a_sentence_of_its_own(
    standard: Assistant, question: str, words: str
) -> None:
    answer = standard.ask(question)
    (statement,) = answer.statements
    assert statement.verdict == "supported" and words in statement.text
    assert statement.text != statement.citations[0].quote and words in statement.citations[0].quote
