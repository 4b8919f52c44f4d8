"""Errors as sentences on the page and in replies. Knows which errors are ours; any other stays behind Gradio's generic one."""

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from html import escape
from typing import Any

import gradio as gr

KNOWN = (ValueError, RuntimeError)


def plain_errors(function: Callable[..., Any], show: Callable[[str], str] = escape) -> Callable[..., Any]:
    """The same function, our own errors as sentences for people (escaped where a page shows them)."""
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from function(*args, **kwargs)
            except KNOWN as error:
                raise _told(error, show) from error

        return stream

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except KNOWN as error:
            raise _told(error, show) from error

    return call


def ours(error: Exception) -> bool:
    """True if an error is one of Dateline's own, whose message is for people."""
    return type(error).__module__.startswith(("corpus.", "embeddings.", "rag."))


def _told(error: Exception, show: Callable[[str], str]) -> Exception:
    return gr.Error(show(str(error)), title="Not possible", print_exception=False) if ours(error) else error
