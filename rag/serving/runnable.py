"""Dateline as a link of a langchain chain: a question in, the answer's JSON out, streamed if wanted. Knows the API's functions alone."""

from collections.abc import Iterator
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from rag.serving.api import Api, BadRequest

Question = str | dict[str, Any]


class DatelineRunnable(Runnable[Question, dict[str, Any]]):
    """`chain = prompt | Asking(api) | ...`: takes a question, or {"question", "history", "filters"} as `/ask` does; gives what `/ask` returns."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        """The finished answer.

        Raises:
            BadRequest, BadQuestion: the question cannot be asked.
        """
        return self._call_with_config(lambda question: self._api.ask(**_arguments(question)), input, config)

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        """The answer as it grows, the whole of it each time; the last one is finished."""
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
            'Ask with a text, or with {"question": ..., "history": [...], "filters": {...}}, the last two optional.'
        )
    return input
