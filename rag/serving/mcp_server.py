"""The API's functions as tools of the Model Context Protocol, over standard input and output. The only room that imports mcp, which is optional.

Tools answer with JSON text, the same that the endpoints return, and refuse with {"error": sentence, "code": code}. Nothing listens on a
port: the program that starts this one is its only user.
"""

import importlib.util
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from rag.errors import error_code, is_dateline_error
from rag.serving.api import Api

# Streams make no sense to a tool's caller, and files are added by their own command.
_LEFT_OUT = ("ask_stream", "add")


class McpNotInstalled(RuntimeError):
    """The package mcp is not there; the message says how to get it."""


def check() -> None:
    """Refuse early where the tools cannot be served.

    Raises:
        ToolsMissing: the package is not installed.
    """
    if importlib.util.find_spec("mcp") is None:
        raise McpNotInstalled("mcp is not installed; run: pip install -r requirements-mcp.txt")


def serve(api: Api) -> None:
    """Answer a client on standard input until it closes it.

    Raises:
        ToolsMissing: the package is not installed.
    """
    check()
    from mcp.server.fastmcp import FastMCP

    server = FastMCP(
        "Dateline", "Cited, dated answers over a collection of news articles.", log_level="WARNING"
    )

    def add(
        text: str, publisher: str = "", published: str = "", title: str = "", url: str = ""
    ) -> list[dict[str, Any]]:
        """Add an article's text; what is told of publisher, date and headline beside it wins over what it says."""
        return api.add(text, publisher, published, title, url)

    for function in [*(function for name, function in api.endpoints.items() if name not in _LEFT_OUT), add]:
        if api.changes or function.__name__ not in api.changing:
            server.add_tool(_as_text(function), structured_output=False)
    server.run("stdio")


def _as_text(function: Callable[..., Any]) -> Callable[..., Any]:
    from mcp.types import CallToolResult, TextContent

    @wraps(function)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return json.dumps(function(*args, **kwargs), ensure_ascii=False)
        except (ValueError, RuntimeError) as error:
            if not is_dateline_error(error):
                raise
            refusal = json.dumps({"error": str(error), "code": error_code(error)}, ensure_ascii=False)
            return CallToolResult(content=[TextContent(type="text", text=refusal)], isError=True)

    return told
