"""Have a model write an answer from evidence."""

from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from math import log
from typing import Any, cast

from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage

from rag.generation.chat_model import LocalChatModel
from rag.generation.decoding import EXCLUDED, RANKING_WEIGHT
from rag.generation.prompts import CheckingPrompts, Prompts, WritingPrompts, prompt_text
from rag.generation.registry import AnswerModel
from rag.retrieval.evidence import Evidence

_SENTENCE_TOKENS = 80  # limit: that a model writes from one sentence


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """What a model has written so far, unchecked.

    evidence: the sentences in its prompt, numbered from 1.
    text: its words, with markers such as "[1]".
    probabilities: those of a refusal and of each sentence of evidence; empty if the model does not give them.
    tokens_read, tokens_written: None if the model does not count them.
    failure: a sentence about why it stopped, "" if it did not fail.
    """

    evidence: tuple[Evidence, ...]
    text: str = ""
    probabilities: tuple[float, ...] = ()
    tokens_read: int | None = None
    tokens_written: int | None = None
    failure: str = ""


def write_answer(
    question: str, evidence: Sequence[Evidence], model: AnswerModel, prompts: Prompts
) -> Generator[ModelOutput, None, None]:
    """Yield what the model has written, each time it has written more; closing the generator stops the model.

    An error of the model is no exception here but the failure of the last output.
    """
    count = model.chat.get_num_tokens if isinstance(model.chat, LocalChatModel) else None
    try:
        messages, given = prompts.messages(question, evidence[: model.evidence], model.budget, count)
    except model.errors as error:
        yield ModelOutput((), failure=_failure(error, model))
        return
    yield from _stream(messages, given, model, _options(model, given))


def write_sentences(
    question: str, evidence: Sequence[Evidence], words: str, model: AnswerModel, prompts: WritingPrompts
) -> Generator[ModelOutput, None, None]:
    """Yield what a model writes from evidence that was chosen for it, as `write_answer` does.

    `words` are those of the evidence that answer, "" if they are not known.
    """
    messages = prompts.messages(question, evidence, words)
    yield from _stream(
        messages, evidence, model, {"stop": ["\n"], "max_tokens": _SENTENCE_TOKENS * len(evidence)}
    )


def yes_or_no(
    messages: Sequence[BaseMessage], endings: Sequence[str], model: AnswerModel
) -> list[float] | None:
    """Return, for each ending of the last message, by how much a local model's "yes" is likelier than "no".

    A value is the log-odds of both words in either case; None if the model cannot be asked.
    """
    assert model.chat is not None
    with suppress(*model.errors):
        chunks = model.chat.stream(messages, endings=list(endings), choices=["yes", "Yes", "no", "No"])
        found = [chunk.response_metadata.get("probabilities") for chunk in chunks]
        return [
            log(yes + capital_yes) - log(no + capital_no)
            for yes, capital_yes, no, capital_no in filter(None, found)
        ]
    return None


def read_fixed_prompts(model: AnswerModel, writing: WritingPrompts, checking: CheckingPrompts) -> None:
    """Have a local model read what all questions share, so that the first question need not wait for it."""
    assert model.chat is not None
    with suppress(*model.errors):
        for _ in model.chat.stream(writing.messages("", ()), max_tokens=1):
            pass
    if model.checks:
        yes_or_no([*checking.fixed, HumanMessage("")], [""], model)


def _stream(
    messages: Sequence[BaseMessage], evidence: Sequence[Evidence], model: AnswerModel, options: dict[str, Any]
) -> Generator[ModelOutput, None, None]:
    assert model.chat is not None
    output = ModelOutput(tuple(evidence))
    chunks = cast(Generator[AIMessageChunk, None, None], model.chat.stream(messages, **options))
    try:
        with closing(chunks):
            for chunk in chunks:
                output = _extend(output, chunk)
                yield output
    except model.errors as error:
        yield replace(output, failure=_failure(error, model))


def _failure(error: Exception, model: AnswerModel) -> str:
    reason = str(error).rstrip(".")
    return f"Shown without the model: {reason}. If this goes on, check DATELINE_MODEL ({model.name})."


def _options(model: AnswerModel, given: Sequence[Evidence]) -> dict[str, Any]:
    if not model.extractive:
        return {"stop": ["\n\n", "\nQuestion:"]}
    return {
        "sentences": [prompt_text(item) for item in given],
        "logit_bias": [EXCLUDED, *(RANKING_WEIGHT * item.score for item in given)],
    }


def _extend(output: ModelOutput, chunk: AIMessageChunk) -> ModelOutput:
    used = chunk.usage_metadata
    return replace(
        output,
        text=output.text + chunk.text,
        probabilities=tuple(chunk.response_metadata.get("probabilities", output.probabilities)),
        tokens_read=used["input_tokens"] if used else output.tokens_read,
        tokens_written=used["output_tokens"] if used else output.tokens_written,
    )
