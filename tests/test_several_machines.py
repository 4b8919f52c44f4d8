"""Two processes with folders of their own over PostgreSQL, Milvus and a model's server, each killed in mid-answer."""

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from browsing import CHROMIUM, ask
from conftest import ROOT
from milvus import WHY, start_server
from postgres_server import PostgresServer
from serving import free_port, run_server, wait_until
from test_server_model import LlamaServer

sys.path.insert(0, str(ROOT))

from benchmarks.askers import ask as ask_api
from benchmarks.askers import ask_together
from corpus.store.opening import open_store
from embeddings.library import Library

if TYPE_CHECKING:
    import subprocess

    from playwright.sync_api import Page

pytest.importorskip("pymilvus", reason=WHY)
pytest.importorskip("milvus_lite", reason=WHY)

BERLIN = "Why was the opening of Berlin airport called off in May 2012?"
ROOSTER = "Who designed the new rooster that was put on the spire of Notre-Dame?"


class Services:
    """What the processes need and is not theirs, by addresses that stay the same."""

    def __init__(self, postgres: PostgresServer, folder: Path) -> None:
        self.postgres, self.database = postgres, postgres.new_database()
        self.llama = LlamaServer(folder / "llama.log")
        self._milvus_folder, self.milvus_port = folder / "milvus", free_port()
        self.start_milvus()
        self.llama.start()

    def start_milvus(self) -> None:
        self.milvus: subprocess.Popen[bytes] = start_server(self._milvus_folder, self.milvus_port)

    def kill_milvus(self) -> None:
        self.milvus.kill()
        self.milvus.wait()

    def proposals(self, folder: Path) -> list[dict[str, Any]]:
        with closing(open_store(folder, self.database)) as store:
            return [
                json.loads(line) for line in (store.documents["proposed.jsonl"].read() or "").splitlines()
            ]


@pytest.fixture(scope="module")
def services(
    postgres: PostgresServer, sample: Library, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("services")
    services = Services(postgres, folder)
    try:
        with closing(open_store(folder / "copy", services.database)) as store:
            store.copy_from(sample.store)
        yield services
    finally:
        services.kill_milvus()
        services.llama.kill()


@pytest.fixture(scope="module")
def processes(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of two processes, as on two computers: they have no file in common."""
    folder = tmp_path_factory.mktemp("machines")
    settings = {
        "DATELINE_DATABASE": services.database,
        "DATELINE_LIBRARY": f"milvus+http://127.0.0.1:{services.milvus_port}",
        "DATELINE_MODEL": services.llama.model,
        "DATELINE_ADAPTER": "served",
    }
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(run_server(folder / f"data-{n}", folder / f"log-{n}", **settings))[0]
            for n in (1, 2)
        )
        yield first, second


@pytest.fixture(scope="module")
def address(processes: tuple[str, str]) -> str:
    return processes[0]


def feedback(address: str, answer: dict[str, Any], comment: str) -> str:
    """Return the events of a verdict that is given over the API."""
    calls = f"{address}/gradio_api/call/feedback"
    event = httpx.post(calls, json={"data": [answer, "good", comment, None]}, timeout=60).json()["event_id"]
    return httpx.get(f"{calls}/{event}", timeout=60).text


def test_what_one_keeps_the_other_has(processes: tuple[str, str], services: Services, tmp_path: Path) -> None:
    done = ask_together(processes, askers=2, seconds=3)
    assert done.answered >= 2 and (done.crossed, done.lost) == (0, 0), done
    answers = [ask_api(address, BERLIN) for address in processes]
    assert answers[0]["statements"] == answers[1]["statements"] and answers[0]["citations"]
    before = len(services.proposals(tmp_path))  # the sample, which is copied, may have some of other tests
    for n, address in enumerate(processes * 2):
        assert "event: complete" in feedback(address, answers[0], f"number {n}")
    given = services.proposals(tmp_path)[before:]
    assert [line["comment"] for line in given] == [f"number {n}" for n in range(4)]


def unread(port: int) -> bool:
    """Return True if a server that is stopped has been sent something."""
    lines = [
        line for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    rows = (line.split() for line in lines)
    return any(row[1].endswith(f":{port:04X}") and int(row[4].split(":")[1], 16) for row in rows)


def kill_while_asked(
    page: "Page", question: str, hold: Callable[[], Callable[[], bool]], kill: Callable[[], None]
) -> None:
    """Ask, and kill what `hold` made wait, once what it returned says that the question waits for it."""
    waits = hold()
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    wait_until(waits)
    kill()


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: apt-get install chromium")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/net/tcp")
def test_what_is_killed_in_mid_answer_is_named_in_the_chat_and_the_next_question_works(
    page: "Page", processes: tuple[str, str], services: Services, tmp_path: Path
) -> None:
    import pg8000
    from playwright.sync_api import expect

    address, kept = processes[0], len(services.proposals(tmp_path))
    ask(page, BERLIN)
    first = page.locator(".answer").first.locator(".statement").first.inner_text()
    answer = ask_api(address, ROOSTER)
    assert "without_model" not in answer["codes"] and answer["statements"]

    connection = services.postgres.connect(services.database)

    def lock_articles() -> Callable[[], bool]:
        cursor = connection.cursor()
        cursor.execute("LOCK TABLE articles IN ACCESS EXCLUSIVE MODE")

        def waits() -> bool:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0])

        return waits

    kill_while_asked(page, ROOSTER, lock_articles, services.postgres.kill)
    expect(page.get_by_text(re.compile("does not answer; start the database")).first).to_be_visible()
    assert "collection_unavailable" in feedback(address, answer, "while it was away")
    assert httpx.get(f"{address}/health/ready", timeout=60).status_code == 503
    with suppress(OSError, pg8000.Error):
        connection.close()
    services.postgres.start()
    ask(page, ROOSTER, answers=2)
    assert httpx.get(f"{address}/health/ready", timeout=60).status_code == 200
    assert len(services.proposals(tmp_path)) == kept

    def stop_milvus() -> Callable[[], bool]:
        services.milvus.send_signal(signal.SIGSTOP)
        return lambda: unread(services.milvus_port)

    kill_while_asked(page, "When did Notre-Dame reopen?", stop_milvus, services.kill_milvus)
    expect(page.get_by_text(re.compile("Milvus at .* cannot be reached; start it")).first).to_be_visible()
    services.start_milvus()
    ask(page, "When did Notre-Dame reopen?", answers=3)

    def stop_model() -> Callable[[], bool]:
        services.llama.stop()
        return lambda: unread(services.llama.port)

    kill_while_asked(
        page, "Who designed the rooster on the spire of Notre-Dame?", stop_model, services.llama.kill
    )
    expect(page.locator(".answer .foot")).to_have_count(4, timeout=60_000)
    expect(page.locator(".answer").last).to_contain_text("without the model")
    services.llama.start()
    again = ask_api(address, ROOSTER)
    assert [again[part] for part in ("statements", "citations", "codes")] == [
        answer[part] for part in ("statements", "citations", "codes")
    ]
    # The conversation is whole, also for who comes back to it.
    page.reload()
    expect(page.locator(".answer .foot")).to_have_count(4)
    assert page.locator(".answer").first.locator(".statement").first.inner_text() == first
    with closing(open_store(tmp_path, services.database)) as store:
        assert store.coverage().articles == 48 and not store.altered()
