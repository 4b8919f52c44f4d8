"""The tools of the Model Context Protocol, asked by the protocol's own client over a real process."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, copy_collection

from rag.assistant import Assistant

HS2 = "How has the cost of HS2 changed?"
needs_mcp = pytest.mark.skipif(
    not importlib.util.find_spec("mcp"),
    reason="mcp is not installed; run: pip install -r requirements-mcp.txt",
)


def tools(
    data: Path,
    *calls: tuple[str, dict[str, Any]],
    start: tuple[str, ...] = ("-m", "rag", "mcp"),
    **settings: str,
) -> tuple[set[str], list[Any]]:
    """The names of the tools, and the result of each call."""
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    environment = {
        **os.environ,
        "DATELINE_DATA": str(data),
        "DATELINE_MODEL": "none",
        "DATELINE_THREADS": "1",
        **settings,
    }
    server = StdioServerParameters(command=sys.executable, args=[*start], env=environment, cwd=ROOT)

    async def call_tools() -> tuple[set[str], list[Any]]:
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            known = await session.list_tools()
            assert all(tool.description for tool in known.tools)
            return {tool.name for tool in known.tools}, [
                await session.call_tool(name, arguments) for name, arguments in calls
            ]

    return asyncio.run(call_tools())


@needs_mcp
def test_a_tool_returns_what_its_endpoint_returns(
    sample_folder: Path, tmp_path: Path, quoting: Assistant
) -> None:
    data = copy_collection(sample_folder, tmp_path)
    swans = "Nine swans were seen on the lake of Ardmore on Sunday, said the warden of the park."
    names, (asked, added, bad) = tools(
        data,
        ("ask", {"question": HS2}),
        ("add", {"text": swans, "publisher": "Swan Gazette"}),
        ("ask", {"question": " "}),
    )
    assert names == {"ask", "search", "articles", "article", "add", "remove", "feedback", "health"}
    answer = json.loads(asked.content[0].text)
    assert {**answer, "timings": None} == {
        **json.loads(json.dumps(quoting.ask(HS2).to_json())),
        "timings": None,
    }
    (report,) = json.loads(added.content[0].text)
    assert report["status"] == "added" and report["article"]["publisher"] == "Swan Gazette"
    assert bad.isError and json.loads(bad.content[0].text) == {
        "error": "The question is empty; type one.",
        "code": "question_empty",
    }


@needs_mcp
def test_no_tool_writes_where_changes_are_disabled(sample_folder: Path) -> None:
    names, _ = tools(sample_folder, start=("app.py", "--mcp"), DATELINE_CHANGES="none")
    assert names == {"ask", "search", "articles", "article", "health"}


@pytest.mark.skipif(bool(importlib.util.find_spec("mcp")), reason="mcp is installed")
def test_without_the_package_the_error_says_how_to_install_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag", "mcp"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "DATELINE_DATA": str(tmp_path)},
    )
    assert (
        done.returncode == 2
        and done.stderr.strip() == "mcp is not installed; run: pip install -r requirements-mcp.txt"
    )
