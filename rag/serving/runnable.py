"""Dateline as a langchain `Runnable`: a question in, the answer's JSON out, streamed on request."""

from collections.abc import Iterator
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from rag.serving.api import Api, BadRequest

Question = str | dict[str, Any]


class DatelineRunnable(Runnable[Question, dict[str, Any]]):
    """Answer questions in a chain: `chain = prompt | DatelineRunnable(api) | ...`.

    The input is a question, or {"question", "history", "filters"} as `/ask` takes them; the output is what
    `/ask` returns.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        """Return the finished answer.

        Raises:
            BadRequest, InvalidQuestion: the question cannot be asked.
        """
        return self._call_with_config(lambda question: self._api.ask(**_arguments(question)), input, config)

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the whole answer again each time that it has grown; the last one is finished."""
        yield from self._api.ask_stream(**_arguments(input))


def _arguments(input: Question) -> dict[str, Any]:
    if isinstance(input, str):
        return {"question": input}
    if (
        not isinstance(input, dict)
        or "question" not in input
        or set(input) - {"question", "history", "filters"}
    ):
        raise BadRequest(
            'Ask with a text, or with {"question": ..., "history": [...], "filters": {...}}, the last two '
            "optional."
        )
    return input
