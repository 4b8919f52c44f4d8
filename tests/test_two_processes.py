"""Two processes of Dateline over one data folder, as behind one address."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from conftest import ROOT, copy_collection
from serving import run_server

sys.path.insert(0, str(ROOT))

from benchmarks.askers import ask, ask_together
from rag.serving.authentication import set_login

ADA = ("ada", "kestrel bay ferry")


@pytest.fixture(scope="module")
def folder(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_collection(sample_folder, tmp_path_factory.mktemp("shared") / "data")


@pytest.fixture(scope="module")
def processes(folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of two processes that share a collection and its logins."""
    logins = folder.parent / "logins"
    set_login(logins, *ADA)
    settings = {"DATELINE_MODEL": "none", "DATELINE_METRICS": "on", "DATELINE_LOGINS": str(logins)}
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(run_server(folder, folder.parent / f"log-{n}", **settings))[0] for n in (1, 2)
        )
        yield first, second


@pytest.fixture(scope="module")
def cookies(processes: tuple[str, str]) -> httpx.Cookies:
    """The cookies of a login at the first process."""
    reply = httpx.post(f"{processes[0]}/login", data={"username": ADA[0], "password": ADA[1]}, timeout=60)
    assert reply.status_code == 200
    return reply.cookies


def test_a_login_at_one_holds_at_the_other(processes: tuple[str, str], cookies: httpx.Cookies) -> None:
    for address in processes:
        assert httpx.get(f"{address}/gradio_api/info", timeout=60).status_code == 401
        assert httpx.get(f"{address}/gradio_api/info", cookies=cookies, timeout=60).status_code == 200


def test_no_answer_is_crossed_or_lost(processes: tuple[str, str], cookies: httpx.Cookies) -> None:
    """`python -m benchmarks.askers` is the long form: 50 askers for five minutes."""
    done = ask_together(processes, askers=4, seconds=4, cookies=cookies)
    assert done.answered >= 4 and (done.crossed, done.lost) == (0, 0), done
    assert all(done.by_address[address] for address in processes)


def test_feedback_at_both_is_kept_whole(
    processes: tuple[str, str], cookies: httpx.Cookies, folder: Path
) -> None:
    answer = ask(processes[0], "When did Notre-Dame reopen?", cookies)
    for n, address in enumerate(processes * 2):
        calls, data = f"{address}/gradio_api/call/feedback", [answer, "good", f"number {n}", None]
        event = httpx.post(calls, json={"data": data}, cookies=cookies, timeout=60).json()["event_id"]
        assert "event: complete" in httpx.get(f"{calls}/{event}", cookies=cookies, timeout=60).text
    lines = [json.loads(line) for line in (folder / "proposed.jsonl").read_text().splitlines()]
    assert [line["comment"] for line in lines] == [f"number {n}" for n in range(4)]


def test_probes_and_metrics_need_no_login_and_say_nothing_of_questions(
    processes: tuple[str, str], cookies: httpx.Cookies
) -> None:
    ask(processes[1], "When did Notre-Dame reopen?", cookies)
    for address in processes:
        assert httpx.get(f"{address}/health/live", timeout=60).text == "live"
        assert httpx.get(f"{address}/health/ready", timeout=60).json() == {"status": "ready"}
        text = httpx.get(f"{address}/metrics", timeout=60).text
        answered = re.search(r'^dateline_questions_total\{status="answered"\} (\d+)', text, re.MULTILINE)
        assert answered and int(answered[1]) and "Notre" not in text
    foreign = httpx.get(f"{processes[0]}/metrics", headers={"host": "evil.example"}, timeout=60)
    assert foreign.status_code == 400
