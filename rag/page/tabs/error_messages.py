"""Translate exceptions into the messages that the page and API clients show.

Only Dateline's own errors show their message; of any other, clients learn only that it happened.
"""

import inspect
import logging
import traceback
from collections.abc import Callable, Iterator
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from gradio.route_utils import FnIndexInferError

from rag.errors import error_code, is_dateline_error
from rag.page.uploads import UploadFailed

_INTERNAL_ERROR = "Something went wrong inside Dateline; see the server's output for the cause."
_MAX_PLACES = 8  # limit, of an internal error in the log
_log = logging.getLogger(__name__)
_MALFORMED = 'The request is no call of a function; send {"data": [...]} with its values, see docs/api.md.'
_UNKNOWN = "There is no function of this name; docs/api.md lists them."
_QUEUE_FULL = "Too many questions are waiting; ask again in a few seconds."


def translate_errors(function: Callable[..., Any], with_code: bool = False) -> Callable[..., Any]:
    """Wrap a function or generator so that its exceptions become `gr.Error`.

    For the page the message is escaped. For scripts (`with_code`) it is left as it is and the title is the
    error's code, since title and message are all that Gradio passes to its clients.
    """
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from function(*args, **kwargs)
            except Exception as error:
                raise _gradio_error(error, with_code) from error

        return stream

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise _gradio_error(error, with_code) from error

    return call


def _gradio_error(error: Exception, with_code: bool) -> gr.Error:
    known = is_dateline_error(error)
    message = str(error) if known else _INTERNAL_ERROR
    if not known:
        _log.error("%s at %s", type(error).__name__, _places(error))
    title = error_code(error) if with_code else "Not possible" if known else "Error"
    return gr.Error(message if with_code else escape(message), title=title, print_exception=False)


def _places(error: Exception) -> str:
    """Return where an exception was raised, without its message: that may hold an article's words."""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_PLACES:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[::-1])


async def queue_full_response(request: Request, error: Exception) -> JSONResponse:
    """Return the 503 reply for a full queue, in the form of all other errors.

    Gradio's own clients recognise it by the status.
    """
    content = {"error": _QUEUE_FULL, "title": "queue_full", "detail": _QUEUE_FULL}
    return JSONResponse(content, 503, {"retry-after": "5"})


async def malformed_request_response(request: Request, error: Exception) -> JSONResponse:
    """Return the 422 reply for a request of another shape, which does not repeat what was sent."""
    return JSONResponse({"error": _MALFORMED, "title": "bad_request", "detail": _MALFORMED}, 422)


async def unknown_function_response(request: Request, error: Exception) -> JSONResponse:
    """Return the 404 reply for a function that there is not."""
    return JSONResponse({"error": _UNKNOWN, "title": "not_found", "detail": _UNKNOWN}, 404)


async def upload_failed_response(request: Request, error: Exception) -> JSONResponse:
    """Return the 507 reply for a file that could not be written."""
    said = str(error)
    return JSONResponse({"error": said, "title": "collection_unavailable", "detail": said}, 507)


# By what is raised, or by the status.
ERROR_RESPONSES = {
    503: queue_full_response,
    RequestValidationError: malformed_request_response,
    FnIndexInferError: unknown_function_response,
    UploadFailed: upload_failed_response,
}
