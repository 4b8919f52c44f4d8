"""Have a model write an answer from evidence."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, cast

from langchain_core.messages import AIMessageChunk

from rag.generation.decoding import EXCLUDED, RANKING_WEIGHT
from rag.generation.prompts import Prompts, prompt_text
from rag.generation.registry import AnswerModel
from rag.retrieval.evidence import Evidence


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
    assert model.chat is not None
    messages, given = prompts.messages(question, evidence[: model.evidence], model.budget)
    output = ModelOutput(tuple(given))
    chunks = cast(
        Generator[AIMessageChunk, None, None], model.chat.stream(messages, **_options(model, given))
    )
    try:
        with closing(chunks):
            for chunk in chunks:
                output = _extend(output, chunk)
                yield output
    except model.errors as error:
        reason = str(error).rstrip(".")
        failure = f"Shown without the model: {reason}. If this goes on, check DATELINE_MODEL ({model.name})."
        yield replace(output, failure=failure)


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
