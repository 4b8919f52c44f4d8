"""Test that a visitor can neither change nor run anything: every function of the page is called by its number.

The same calls on a server that allows changes show which functions write; those must refuse a visitor.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import copy_collection
from serving import run_server

from corpus.store.schema import FILE_NAME
from rag.answers.conversation import Conversation
from rag.assistant import Assistant

BERLIN = "Why was the opening of Berlin airport called off in May 2012?"
_REFUSED = "Changes are off here"
# A file that a visitor names without having uploaded it: on another machine. Gradio would fetch it.
_ELSEWHERE = {"path": "http://dateline.invalid/news.txt", "meta": {"_type": "gradio.FileData"}}
_numbers = count()


@dataclass
class Visitor:
    """Calls the functions of a running page by their numbers, as any HTTP client can."""

    address: str
    record: dict[str, Any]
    articles: list[str]

    def __post_init__(self) -> None:
        config = httpx.get(f"{self.address}/config").json()
        self.functions = {entry["id"]: entry for entry in config["dependencies"] if entry["backend_fn"]}
        self._components = {entry["id"]: entry for entry in config["components"]}

    def name(self, number: int) -> str:
        return str(self.functions[number]["api_name"])

    def try_to_write(self, number: int) -> str:
        """Open an article, then call a function with values that make it write; return the replies."""
        session, article = f"session{next(_numbers)}", self.articles.pop()
        event = {
            **{"turn": 0, "citation": 1, "detail": "incomplete", "label": "x", "filter": "since", "index": 0},
            **{"article": article, "conversation": self.record, "value": {"text": BERLIN}},
            **{"articles": [article], "rows": [{"article": article, "publisher": article}]},
        }
        states = [self._components[n]["type"] for n in self.functions[number]["inputs"]].count("state")
        if states:
            opener = next(n for n in self.functions if self.name(n) == "open_article")
            self.call(opener, [], event, session)
        data = self._inputs(number, article)
        replies = [self.call(number, data, event, session) for _ in range(max(1, states))]  # once to confirm
        elsewhere = [_ELSEWHERE for _ in data]
        return "".join([*replies, *([self.call(number, elsewhere, event, session)] if data else [])])

    def call(self, number: int, data: list[Any], event: dict[str, Any], session: str) -> str:
        """Return the stream of replies, of a measurement only its beginning."""
        body = {"fn_index": number, "data": data, "event_data": event, "session_hash": session}
        joined = httpx.post(f"{self.address}/gradio_api/queue/join", json=body, timeout=60)
        assert joined.status_code == 200, joined.text
        replies, last = "", "process_generating" if self.name(number) == "run" else "process_completed"
        data_address = f"{self.address}/gradio_api/queue/data?session_hash={session}"
        with httpx.stream("GET", data_address, timeout=60) as stream:
            for line in stream.iter_lines():
                replies += line
                if last in line or "process_completed" in line or "unexpected_error" in line:
                    break
        cancel = {"session_hash": session, "fn_index": number, "event_id": joined.json()["event_id"]}
        httpx.post(f"{self.address}/gradio_api/cancel", json=cancel, timeout=60)
        return replies

    def _inputs(self, number: int, article: str) -> list[Any]:
        text = (
            f"On Friday {next(_numbers)} lanterns were lit along the quay of Corrin, its harbour master said."
        )
        entry = self.functions[number]
        if entry["api_visibility"] == "public":
            answer = self.record["exchanges"][0]["answer"]
            known = {"add": [text], "remove": [article], "feedback": [answer, "good"], "articles": ["HS2"]}
            given = [*known.get(self.name(number), [BERLIN if "ask" in self.name(number) else article])]
            return [*given, *([None] * len(entry["inputs"]))][: len(entry["inputs"])]
        return [self._input(self._components[n], text) for n in entry["inputs"]]

    def _input(self, component: dict[str, Any], text: str) -> Any:
        kind, name = component["type"], str(component["props"].get("elem_id"))
        if kind == "textbox":
            dated = any(part in name for part in ("since", "until", "published", "updated", "saved"))
            return "2019" if dated else BERLIN if name == "question" else text
        return {
            "json": self.record,
            "chatbot": [{"role": role, "content": text} for role in ("user", "assistant")],
            "dropdown": component["props"].get("value") or ([] if name == "publishers" else None),
        }.get(kind)


def contents(data: Path, temporary: Path) -> dict[str, str]:
    """Return what is kept: the rows of each table, and all other files."""
    kept = {}
    with closing(sqlite3.connect(data / FILE_NAME)) as db:
        db.create_function("separate_letters", 1, lambda text: text)  # of the view behind the word index
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            kept[table] = sha256(repr(db.execute(f'SELECT * FROM "{table}"').fetchall()).encode()).hexdigest()
    for folder in (data, temporary):
        for path in folder.rglob("*"):
            if not path.name.startswith(FILE_NAME) and path.name != "write.lock":
                kept[str(path)] = path.read_bytes().hex() if path.is_file() else ""
    return kept


@pytest.fixture(scope="module")
def record(quoting: Assistant) -> dict[str, Any]:
    return Conversation().append(quoting.ask(BERLIN)).to_json()


def walk(folder: Path, data: Path, record: dict[str, Any], changes: str) -> Iterator[tuple[str, bool, str]]:
    """Try to write with every function; yield its name, whether anything changed on disk, and its replies."""
    temporary = folder / "tmp"
    temporary.mkdir()
    settings: dict[str, Any] = {
        "DATELINE_CHANGES": changes,
        "DATELINE_MODEL": "none",
        "TMPDIR": str(temporary),
    }
    with run_server(data, folder / "log", **settings) as (address, _):
        with closing(sqlite3.connect(data / FILE_NAME)) as db:
            articles = [name for (name,) in db.execute("SELECT id FROM articles ORDER BY id")]
        cited = {article["article"] for article in record["exchanges"][0]["answer"]["citations"]}
        visitor = Visitor(address, record, 4 * [name for name in articles if name not in cited])
        before = contents(data, temporary)
        # Without the sample the others have nothing left to change.
        for number in sorted(visitor.functions, key=lambda n: visitor.name(n) == "remove_sample"):
            replies = visitor.try_to_write(number)
            after = contents(data, temporary)
            yield visitor.name(number), after != before, replies
            before = after


@pytest.mark.threat("W9", n="every function of the page")
def test_every_function_that_writes_or_runs_refuses_a_visitor(
    sample_folder: Path, tmp_path: Path, record: dict[str, Any]
) -> None:
    writers, ran = set(), set()
    for changes in ("all", "none"):
        folder = tmp_path / changes
        data = copy_collection(sample_folder, folder / "data")
        for name, changed, replies in walk(folder, data, record, changes):
            ran.add(name)
            if changes == "all":
                writers |= {name} if changed else set()
            else:
                assert not changed, (name, replies)
                assert name not in writers or _REFUSED in replies, (name, replies)
    # The calls of the test do write where that is allowed: over the API, on both tabs, and in a measurement.
    assert writers >= {"add", "remove", "feedback", "add_1", "edit", "remove_1", "run", "remove_selected"}
    assert writers >= {"change_selected", "save"}
    assert len(ran) > 50
