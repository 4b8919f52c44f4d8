"""Serve the API's endpoints as tools of the Model Context Protocol over standard input and output.

Tools answer with JSON text, the same that the endpoints return, and refuse with {"error": ..., "code": ...}.
No port is opened: the program that starts this one is its only client. This is the only module that imports
mcp, which is optional.
"""

import importlib.util
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from rag.errors import error_code, is_dateline_error
from rag.serving.api import Api

# A tool's caller cannot use a stream, and `add` is replaced by one without uploaded files.
_LEFT_OUT = ("ask_stream", "add")


class McpNotInstalled(RuntimeError):
    """The package mcp is missing; the message says how to install it."""


def check() -> None:
    """Check that the tools can be served.

    Raises:
        McpNotInstalled: the package mcp is missing.
    """
    if importlib.util.find_spec("mcp") is None:
        raise McpNotInstalled("mcp is not installed; run: pip install -r requirements-mcp.txt")


def serve(api: Api) -> None:
    """Serve a client on standard input until it closes it.

    Raises:
        McpNotInstalled: the package mcp is missing.
    """
    check()
    from mcp.server.fastmcp import FastMCP

    description = "Cited, dated answers over a collection of news articles."
    server = FastMCP("Dateline", description, log_level="WARNING")

    def add(
        text: str, publisher: str = "", published: str = "", title: str = "", url: str = ""
    ) -> list[dict[str, Any]]:
        """Add an article's text; a publisher, date or headline given here wins over what the text says."""
        return api.add(text, publisher, published, title, url)

    for function in [*(function for name, function in api.endpoints.items() if name not in _LEFT_OUT), add]:
        if api.changes or function.__name__ not in api.changing:
            server.add_tool(_as_tool(function), structured_output=False)
    server.run("stdio")


def _as_tool(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with its result as JSON text, and Dateline's own errors as results."""
    from mcp.types import CallToolResult, TextContent

    @wraps(function)
    def tool(*args: Any, **kwargs: Any) -> Any:
        try:
            return json.dumps(function(*args, **kwargs), ensure_ascii=False)
        except (ValueError, RuntimeError) as error:
            if not is_dateline_error(error):
                raise
            text = json.dumps({"error": str(error), "code": error_code(error)}, ensure_ascii=False)
            return CallToolResult(content=[TextContent(type="text", text=text)], isError=True)

    return tool
