"""Errors as sentences on the page, and with a code in replies to scripts. Of an error that is not ours nothing is told but that it happened."""

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from html import escape
from typing import Any

import gradio as gr
from fastapi import Request
from fastapi.responses import JSONResponse

from rag.errors import error_code, is_dateline_error

_INTERNAL = "Something went wrong inside of Dateline; what the server writes says what."
_FULL = "Too many questions are waiting; ask again in a few seconds."


def translate_errors(function: Callable[..., Any], coded: bool = False) -> Callable[..., Any]:
    """The same function, its errors as sentences: escaped for the page, or as they are under a code as their title for scripts (`coded`).

    Gradio carries message and title to its clients and to curl alike, and nothing else.
    """
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from function(*args, **kwargs)
            except Exception as error:
                raise _told(error, coded) from error

        return stream

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise _told(error, coded) from error

    return call


def _told(error: Exception, coded: bool) -> gr.Error:
    message, known = str(error) if is_dateline_error(error) else _INTERNAL, is_dateline_error(error)
    if coded:
        return gr.Error(message, title=error_code(error), print_exception=not known)
    return gr.Error(escape(message), title="Not possible" if known else "Error", print_exception=not known)


async def queue_full_response(request: Request, error: Exception) -> JSONResponse:
    """What a script gets where the queue is full, in the same form as other errors; Gradio's own clients know it by the 503."""
    return JSONResponse({"error": _FULL, "title": "queue_full", "detail": _FULL}, 503, {"retry-after": "5"})
