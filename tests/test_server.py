"""Test the real server over the sample collection with the packaged model, as scripts use it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Semaphore
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import ROOT
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from gradio_client.utils import QueueError
from model_server import model_server
from serving import free_port, model_processes, run_server, wait_until
from test_bad_files import docx_of

from benchmarks.speed.askers import ask_together, content, overtaken
from rag.limits import CONCURRENT_SEARCHES

BERLIN = "Why was the opening of Berlin airport called off in May 2012?"


@pytest.fixture(scope="module")
def server(
    sample_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    log = tmp_path_factory.mktemp("log") / "app.log"
    with run_server(sample_folder, log) as running:
        yield running


@pytest.fixture(scope="module")
def address(server: tuple[str, object]) -> str:
    return server[0]


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    client = Client(address, verbose=False)
    yield client
    client.close()


def example(document: str, language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    (block,) = [block for block in blocks if containing in block]
    return block


def test_python_example_of_the_readme(address: str) -> None:
    code = example("README.md", "python", "gradio_client").replace("http://127.0.0.1:7860", address)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "answered" in done.stdout and "Meridian Wire" in done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_example_of_the_documents(address: str) -> None:
    code = example("docs/api.md", "sh", "curl").replace("http://127.0.0.1:7860", address)
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=120)
    (answer,) = json.loads(re.findall(r"^data: (.*)$", done.stdout, re.MULTILINE)[-1])
    assert answer["status"] == "answered" and answer["citations"]


@pytest.mark.threat("W9")
def test_every_public_endpoint_is_documented(client: Client) -> None:
    named = {
        "/ask",
        "/ask_stream",
        "/search",
        "/articles",
        "/article",
        "/add",
        "/remove",
        "/feedback",
        "/health",
    }
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == named and all(endpoint["description"] for endpoint in endpoints.values())
    assert all(f"`{name}`" in (ROOT / "docs/api.md").read_text() for name in named)


def test_an_answer_is_streamed_from_evidence_to_checked_text(client: Client) -> None:
    # A question that is answered in words: the packaged model answers "why" with a source number alone.
    *partial, last = client.submit(
        "Who designed the new rooster that was put on the spire of Notre-Dame?", api_name="/ask_stream"
    )
    assert partial[0]["status"] == "writing" and partial[0]["evidence"] and not partial[0]["draft"]
    assert any(answer["draft"] for answer in partial) and last["status"] == "answered" and last["citations"]


def test_feedback_is_recorded(client: Client, sample_folder: Path) -> None:
    proposal = client.predict(
        client.predict(BERLIN, api_name="/ask"), "incomplete", "Name the part.", api_name="/feedback"
    )
    *_, line = (sample_folder / "proposed.jsonl").read_text().splitlines()  # others' before it
    assert json.loads(line) == proposal and proposal["question"] == BERLIN and proposal["cited"]
    (sample_folder / "proposed.jsonl").unlink()


def test_history_and_filters_are_used(client: Client) -> None:
    history = [
        {"role": "user", "text": "When did Notre-Dame reopen?"},
        {"role": "assistant", "text": "In December 2024."},
    ]
    answer = client.predict("How much did it cost?", history, {"since": "2020"}, api_name="/ask")
    assert "Notre-Dame" in answer["searched"] and answer["filters"]["since"] == "2020-01-01"


@pytest.mark.parametrize(
    ("endpoint", "arguments", "code", "message"),
    [
        ("ask", ["", None, None], "question_empty", "empty"),
        ("ask", ["x" * 100_000, None, None], "question_too_long", "100,000 characters"),
        ("ask_stream", ["x" * 2_001, None, None], "question_too_long", "2,001 characters"),
        ("ask", [BERLIN, "no list", None], "bad_request", "history"),
        ("ask", [BERLIN, None, {"sinse": 1}], "bad_request", "filters"),
        ("ask", [BERLIN, None, {"since": "soon"}], "bad_request", "no date"),
        ("ask", [BERLIN, [{"role": "system", "text": "x"}], None], "bad_request", "turn"),
        ("article", ["none"], "not_found", "No article has the id"),
        ("articles", ["", "colour", 5], "bad_request", "no sort order"),
        ("add", ["x" * 600_000, "", "", "", "", None], "too_large", "600,000 characters"),
        ("feedback", [{"schema": 2}, "good", "", None], "bad_request", "no answer as /ask returns it"),
    ],
)
def test_errors_have_a_message_and_a_code(
    address: str, client: Client, endpoint: str, arguments: list, code: str, message: str
) -> None:
    with pytest.raises(AppError, match=message) as caught:
        client.predict(*arguments, api_name=f"/{endpoint}")
    assert caught.value.title == code
    reply = call(address, endpoint, arguments).text
    assert re.search(r"^event: (\w+)$", reply, re.MULTILINE)[1] == "error"  # type: ignore[index]
    error = json.loads(re.findall(r"^data: (.*)$", reply, re.MULTILINE)[-1])
    assert error["title"] == code and message in error["error"]
    assert f"| `{code}` |" in (ROOT / "docs/api.md").read_text()


def test_an_unanswerable_question_has_a_code(client: Client) -> None:
    empty = client.predict(BERLIN, [], {"publishers": ["No Such Paper"]}, api_name="/ask")
    assert (empty["status"], empty["codes"]) == ("unanswerable", ["nothing_in_filter"])
    assert client.predict("What is the boiling point of tungsten?", api_name="/ask")["codes"] == ["not_said"]
    assert client.predict(BERLIN, api_name="/ask")["codes"] == []


@pytest.mark.parametrize(
    "data",
    [
        [None, None, None],
        [3, None, None],
        [True, None, None],
        [[], None, None],
        [{"a": 1}, None, None],
        ["\x00", None, None],
        ["x" * 10_000_000, None, None],
    ],
)
@pytest.mark.threat("Q7", "W8", "W11", n="7 values that are no question")
def test_invalid_json_values_give_an_error_without_internals(address: str, data: list) -> None:
    event = httpx.post(f"{address}/gradio_api/call/ask", json={"data": data}, timeout=60).json()["event_id"]
    text = httpx.get(f"{address}/gradio_api/call/ask/{event}", timeout=60).text
    assert "event: error" in text and "Traceback" not in text and str(ROOT) not in text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("call/none", b'{"data": []}', 404),
        ("run/predict", b'{"data": []}', 404),
        ("call/ask", b'"\\ud800"', 422),
        ("call/ask", b"{", 422),
    ],
)
@pytest.mark.threat("W8", n="2 functions that there are not and 2 bodies that are none")
def test_what_is_no_call_of_a_function_is_refused_with_a_code(
    address: str, path: str, body: bytes, status: int
) -> None:
    headers = {"content-type": "application/json"}
    reply = httpx.post(f"{address}/gradio_api/{path}", content=body, headers=headers)
    assert reply.status_code == status and reply.json()["title"] in ("not_found", "bad_request")


@pytest.mark.threat("W5", "W6")
def test_foreign_hosts_and_origins_are_refused_and_security_headers_sent(address: str) -> None:
    assert httpx.get(address, headers={"host": "evil.example"}).status_code == 400
    assert (
        httpx.post(
            f"{address}/gradio_api/upload", headers={"origin": "http://evil.example"}, files={"files": b"x"}
        ).status_code
        == 403
    )
    headers = httpx.get(address).headers
    assert (
        "frame-ancestors 'none'" in headers["content-security-policy"]
        and headers["x-content-type-options"] == "nosniff"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../etc/passwd",
        "/gradio_api/file=corpus/gold.jsonl",
        "/gradio_api/file=data/collection.sqlite",
        "/monitoring",
    ],
)
@pytest.mark.threat("W3", n="5 paths")
def test_no_file_is_served(address: str, path: str) -> None:
    assert httpx.get(f"{address}{path}").status_code in (400, 403, 404)


@pytest.mark.threat("Q1", n="16 people, one question each; 50 people are in [performance](performance.md)")
def test_concurrent_questions_get_their_own_answers(address: str) -> None:
    questions = [
        ("When did Notre-Dame reopen?", "Notre-Dame"),
        (BERLIN, "Berlin"),
        ("What does HS2 cost?", "HS2"),
        ("What does the Kestrel Bay ferry cost?", "erry"),
    ]
    words = dict(questions)
    asked = ask_together(address, [[question] for question, _ in questions * 4])
    assert len(asked) == 16 and all(one.answer["question"] == one.question for one in asked)
    answers: dict[str, set[str]] = {}
    for one in asked:
        assert words[one.question] in " ".join(item["headline"] for item in one.answer["evidence"])
        answers.setdefault(one.question, set()).add(json.dumps(content(one.answer), sort_keys=True))
    assert all(len(found) == 1 for found in answers.values())
    assert overtaken(asked, "evidence") <= CONCURRENT_SEARCHES
    assert any(one.drafted and one.evidence < one.answered for one in asked)


def test_the_command_line_gives_the_same_answer(client: Client, sample_folder: Path) -> None:
    environment = {**os.environ, "DATELINE_DATA": str(sample_folder)}
    done = subprocess.run(
        [sys.executable, "-m", "rag", "ask", BERLIN, "--json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    cold, hot = json.loads(done.stdout), client.predict(BERLIN, api_name="/ask")
    assert {**cold, "timings": None} == {**hot, "timings": None}


@pytest.mark.threat("Q4")
def test_a_killed_model_process_is_replaced(
    server: tuple[str, "subprocess.Popen[bytes]"], client: Client
) -> None:
    (worker,) = model_processes(server[1])
    os.kill(worker, signal.SIGKILL)
    assert client.predict(BERLIN, api_name="/ask")["statements"]
    after = client.predict(
        "What was the weight of the burnt scaffolding above Notre-Dame, and of how many tubes did it consist?",
        api_name="/ask",
    )
    assert any(item["words"] for item in after["statements"]) and not any(
        "without the model" in warning for warning in after["warnings"]
    )


def test_articles_added_by_another_process_are_found(
    address: str, client: Client, sample_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "otters.md"
    file.write_text(
        "---\ntitle: Otters return to Kestrel Bay harbour\npublisher: Kestrel Bay Times\ndate: 2024-05-02\n---\nSeventeen otters were counted in Kestrel Bay harbour on Thursday.\n"
    )
    environment = {**os.environ, "DATELINE_DATA": str(sample_folder)}
    for verb in (("add", str(file), "--json"), ("list", "--json")):
        done = subprocess.run(
            [sys.executable, "-m", "corpus", *verb],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
    added = next(json.loads(line)["id"] for line in done.stdout.splitlines() if "Otters" in line)
    assert (
        "eventeen" in client.predict("How many otters were counted in the harbour?", api_name="/ask")["text"]
    )
    subprocess.run(
        [sys.executable, "-m", "corpus", "remove", added],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    assert (
        "eventeen"
        not in client.predict("How many otters were counted in the harbour?", api_name="/ask")["text"]
    )


def test_a_date_set_by_another_process_is_that_of_the_next_answer(
    client: Client, sample_folder: Path
) -> None:
    """The article's day decides which filter finds it, and the answer states the new one."""
    question = "Why was the opening of Berlin airport called off?"

    def cited(since: str, until: str) -> set[str]:
        answer = client.predict(question, [], {"since": since, "until": until}, api_name="/ask")
        return {item["published"] for item in answer["citations"] if item["article"] == name}

    (name,) = {item["article"] for item in client.predict(BERLIN, api_name="/ask")["citations"]}
    before = client.predict(name, api_name="/article")["published"]
    version = client.predict(api_name="/health")["index_version"]
    assert before == "2012-05-08" and cited("2012-05-01", "2012-05-31") == {before}
    environment = {**os.environ, "DATELINE_DATA": str(sample_folder)}
    for published in ("2013-06-09", before):
        command = [sys.executable, "-m", "corpus", "set", name, f"published={published}"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        assert client.predict(name, api_name="/article")["published"] == published
        found = {year: cited(f"{year}-05-01", f"{year}-06-30") for year in (2012, 2013)}
        assert found == {
            year: {published} if published.startswith(str(year)) else set() for year in (2012, 2013)
        }
        assert (client.predict(api_name="/health")["index_version"] == version) == (published == before)


def test_a_forged_answer_gains_nothing_by_being_sent_back(client: Client, sample_folder: Path) -> None:
    """Neither a forged quote nor a figure becomes evidence of the question that is proposed."""
    answer = client.predict(BERLIN, api_name="/ask")
    forged = json.loads(json.dumps(answer))
    (citation,) = forged["citations"]
    citation["quote"] = "The mayor took 4,711 crowns."
    for statement in forged["statements"]:
        statement["text"] = "The mayor took 4,711 crowns."
    proposal = client.predict(forged, "good", "", api_name="/feedback")
    assert (proposal["answers"], proposal["evidence"], proposal["cited"]) == ([], [], [])
    (sample_folder / "proposed.jsonl").unlink()
    elsewhere = {**answer, "citations": [{**answer["citations"][0], "start": -5}]}
    with pytest.raises(AppError) as caught:
        client.predict(elsewhere, "good", "", api_name="/feedback")
    assert caught.value.title == "bad_request" and not (sample_folder / "proposed.jsonl").exists()


def test_articles_can_be_added_and_removed_over_the_api(client: Client, tmp_path: Path) -> None:
    before = client.predict(api_name="/health")
    (tmp_path / "seals.txt").write_text(
        "Ninety-one seals were counted on the sandbanks of Corrin on Friday, the warden told the council of the island.\n"
    )
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    text = "Forty-two lanterns were lit along the quay of Corrin on Saturday evening, the harbour master said afterwards."
    files = [handle_file(tmp_path / name) for name in ("seals.txt", "bad.pdf")]
    reports = client.predict(text, "Corrin Courier", "2024-05-02", files=files, api_name="/add")
    assert [(report["origin"].split(",")[0], report["status"]) for report in reports] == [
        ("seals.txt", "added"),
        ("bad.pdf", "refused"),
        ("pasted text", "added"),
    ]
    assert (
        "orty-two"
        in client.predict(
            "How many lanterns were lit along the quay?",
            [],
            {"publishers": ["Corrin Courier"]},
            api_name="/ask",
        )["text"]
    )
    listed = client.predict("corrin", api_name="/articles")
    assert listed["total"] == 2 and {line["publisher"] for line in listed["articles"]} == {"Corrin Courier"}
    for line in listed["articles"]:
        assert client.predict(line["article"], api_name="/article")["body"].endswith(
            ("island.", "afterwards.")
        )
        client.predict(line["article"], api_name="/remove")
    assert client.predict(api_name="/health") == before
    with pytest.raises(AppError, match="may have been removed"):
        client.predict(listed["articles"][0]["article"], api_name="/remove")


def call(address: str, name: str, data: list, **headers: str) -> httpx.Response:
    """Call an endpoint as curl does; return the reply to the second request, or to the first if it is refused."""
    reply = httpx.post(f"{address}/gradio_api/call/{name}", json={"data": data}, headers=headers, timeout=60)
    return (
        reply
        if reply.status_code != 200
        else httpx.get(f"{address}/gradio_api/call/{name}/{reply.json()['event_id']}", timeout=60)
    )


@pytest.mark.threat("W4", "W5", n="3 files in 2 forms; 3 foreign senders")
def test_other_sites_cannot_change_anything_and_local_files_cannot_be_read(
    address: str, client: Client, tmp_path: Path
) -> None:
    before = client.predict(api_name="/health")
    name = client.predict(api_name="/articles")["articles"][0]["article"]
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ):
        assert call(address, "remove", [name], **headers).status_code == 403
        assert call(address, "add", ["x" * 200, "", "", "", "", None], **headers).status_code == 403
    mine = tmp_path / "mine.txt"
    mine.write_text(
        "The secret of the house is kept under the third stone of the garden path, the gardener told his son."
    )
    for path in (str(mine), f"{tmp_path}/../{tmp_path.name}/mine.txt", "/etc/passwd"):
        for file in ({"path": path}, {"path": path, "meta": {"_type": "gradio.FileData"}}):
            reply = call(address, "add", ["", "", "", "", "", [file]]).text
            assert (
                "event: error" in reply
                and "third stone" not in reply
                and ("meta" in file or "not uploaded" in reply)
            )
    assert mine.exists() and client.predict(api_name="/health") == before


FOREIGN_SENDERS = (
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
    {"host": "evil.example"},
    {"host": "evil.example", "origin": "http://evil.example"},  # a name that now leads here
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
)


@pytest.mark.threat("W5", "W9", n="every function of the page and the API, from 7 foreign senders, in 2 ways")
def test_no_function_can_be_called_by_another_site(address: str, client: Client) -> None:
    """The functions are those of the page's own configuration, so that a new one is among them."""
    listed = httpx.get(f"{address}/config").json()["dependencies"]
    functions = [entry for entry in listed if entry["backend_fn"]]
    assert len(functions) > 30 and {"add", "remove", "feedback", "edit", "run"} <= {
        entry["api_name"] for entry in functions
    }
    before = client.predict(api_name="/health")
    with httpx.Client(base_url=address, timeout=60) as browser:
        for entry in functions:
            name, inputs = entry["api_name"], [None] * len(entry["inputs"])
            text = json.dumps({"fn_index": entry["id"], "data": inputs, "session_hash": "another"})
            for sender in FOREIGN_SENDERS:
                refused = 400 if "host" in sender else 403
                # A browser sends plain text without asking the server first.
                for path, kind in (("queue/join", "text/plain"), (f"call/{name}", "application/json")):
                    headers = {**sender, "content-type": kind}
                    reply = browser.post(f"/gradio_api/{path}", content=text, headers=headers)
                    assert reply.status_code == refused, (name, sender, path)
    assert client.predict(api_name="/health") == before


@pytest.mark.threat("W7", "I1", n="7 odd names, 10,000 files at once, and a Word file of 300 MB in 300 kB")
def test_odd_uploads_are_kept_under_safe_names_or_refused(address: str, client: Client) -> None:
    uploads = f"{address}/gradio_api/upload"
    odd = ("../../x.txt", "/etc/x.txt", "a" * 400 + ".txt", "x\u202etxt.exe", "..", "<b>.txt", "CON.txt\x01")
    kept = [httpx.post(uploads, files={"files": (name, b"x")}, timeout=60) for name in odd]
    paths = [Path(path) for reply in kept if reply.status_code == 200 for path in reply.json()]
    assert len(paths) > len(odd) // 2 and len({path.parent.parent for path in paths}) == 1
    for path in paths:
        assert path.is_file() and not path.is_symlink() and path.resolve() == path and len(path.name) < 256
    before = sum(1 for _ in paths[0].parent.parent.iterdir())
    many = httpx.post(uploads, files=[("files", (f"{n}.txt", b"x")) for n in range(10_000)], timeout=120)
    assert many.status_code == 400 and sum(1 for _ in paths[0].parent.parent.iterdir()) == before
    bomb = docx_of(b"<w:p>" + b" " * 300_000_000)
    assert len(bomb) < 1_000_000
    (path,) = httpx.post(uploads, files={"files": ("bomb.docx", bomb)}, timeout=60).json()
    reply = call(address, "add", ["", "", "", "", "", [{"path": path, "meta": {"_type": "gradio.FileData"}}]])
    assert '"status": "refused"' in reply.text and str(ROOT) not in reply.text
    assert client.predict(api_name="/health")["articles"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are set on Linux")
@pytest.mark.threat("D5", n="an upload that does not fit, and one that ends early")
def test_an_upload_that_fails_leaves_nothing_and_the_next_works(sample_folder: Path, tmp_path: Path) -> None:
    import resource

    with run_server(sample_folder, tmp_path / "log", DATELINE_MODEL="none", TMPDIR=str(tmp_path)) as (
        address,
        process,
    ):
        (uploads,), target = tmp_path.glob("dateline-*"), f"{address}/gradio_api/upload"
        before, limits = set(uploads.rglob("*")), resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, limits[1]))
        full = httpx.post(target, files={"files": ("a.txt", b"x" * 1_000_000)}, timeout=60)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
        assert full.status_code == 507 and "free space" in full.json()["error"]
        assert set(uploads.rglob("*")) == before
        head = b"--b\r\nContent-Disposition: form-data; name=files; filename=a.txt\r\n\r\n"
        with socket.create_connection(("127.0.0.1", urlsplit(address).port)) as client:
            client.sendall(
                f"POST /gradio_api/upload HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\nContent-Length: 900000\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode()
                + head
                + b"x" * 300_000
            )
            wait_until(lambda: set(uploads.rglob("*")) != before)
        wait_until(lambda: set(uploads.rglob("*")) == before)
        (path,) = httpx.post(target, files={"files": ("a.txt", b"x" * 1_000_000)}, timeout=60).json()
        assert Path(path).stat().st_size == 1_000_000
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_nothing_can_be_changed_if_changes_are_off(sample_folder: Path, tmp_path: Path) -> None:
    with run_server(sample_folder, tmp_path / "log", DATELINE_CHANGES="none", DATELINE_MODEL="none") as (
        address,
        _,
    ):
        client = Client(address, verbose=False)
        before = client.predict(api_name="/health")
        name = client.predict(api_name="/articles")["articles"][0]["article"]
        for endpoint, arguments in (("/remove", [name]), ("/add", ["x" * 200]), ("/feedback", [{}, "good"])):
            with pytest.raises(AppError, match="Changes are off here") as caught:
                client.predict(*arguments, api_name=endpoint)
            assert caught.value.title == "changes_off"
        assert httpx.post(f"{address}/gradio_api/upload", files={"files": b"x"}).status_code == 403
        assert client.predict(api_name="/health") == before and not before["changes"]
        client.close()


def test_the_page_opens_in_the_browser_when_it_is_ready(sample_folder: Path, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.part && mv {opened}.part {opened}\n')
    browser.chmod(0o700)
    settings = {"BROWSER": str(browser), "DATELINE_MODEL": "none"}
    with run_server(sample_folder, tmp_path / "log", options=("--browser",), **settings) as (address, _):
        wait_until(opened.exists)
        assert opened.read_text().strip() == address


def test_a_server_that_listens_answers_to_its_own_names_only(sample_folder: Path, tmp_path: Path) -> None:
    settings = {"DATELINE_HOSTS": "news.example, library.local", "DATELINE_MODEL": "none"}
    with run_server(sample_folder, tmp_path / "log", options=("--listen",), **settings) as (address, _):
        hosts = ("news.example", "library.local:80", "127.0.0.1:1", "192.0.2.7", socket.gethostname())
        assert {httpx.get(address, headers={"host": host}).status_code for host in hosts} == {200}
        # As a page of evil.example would, whose name now leads to this server.
        rebound = {"host": "evil.example", "origin": "http://evil.example"}
        for path in ("", "/config", "/gradio_api/info", "/gradio_api/file=x"):
            assert httpx.get(f"{address}{path}", headers=rebound).status_code == 400
        assert call(address, "health", [], **rebound).status_code == 400
    command = [sys.executable, "app.py", "--listen", "--port", str(free_port())]
    environment = {**os.environ, "DATELINE_HOSTS": "https://news.example"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "without scheme and port" in done.stderr


@pytest.mark.threat("Q2", "W7", n="40 questions at once, 2 may wait")
def test_settings_limit_questions_uploads_and_the_queue(sample_folder: Path, tmp_path: Path) -> None:
    settings = {
        "DATELINE_QUESTION": "80",
        "DATELINE_UPLOAD": "1",
        "DATELINE_QUEUE": "2",
        "DATELINE_MODEL": "none",
    }
    with run_server(sample_folder, tmp_path / "log", **settings) as (address, _):
        client = Client(address, verbose=False)
        with pytest.raises(AppError, match="at most 80") as caught:
            client.predict("x" * 81, api_name="/ask")
        assert caught.value.title == "question_too_long"
        sizes = {
            size: httpx.post(f"{address}/gradio_api/upload", files={"files": b"x" * size}).status_code
            for size in (900_000, 1_100_000)
        }
        assert sizes == {900_000: 200, 1_100_000: 413}
        asked = {"url": f"{address}/gradio_api/call/ask", "json": {"data": [BERLIN, None, None]}}
        with ThreadPoolExecutor(40) as pool:
            replies = list(pool.map(lambda _: httpx.post(**asked, timeout=60), range(40)))
        jobs = [client.submit(BERLIN, api_name="/ask") for _ in range(40)]
        assert any(isinstance(job.exception(timeout=60), QueueError) for job in jobs)
        taken, refused = (
            [reply for reply in replies if reply.status_code == status] for status in (200, 503)
        )
        assert len(taken) >= 2 and len(refused) > 20 and len(taken) + len(refused) == 40
        assert (
            refused[0].json()["title"] == "queue_full"
            and "ask again" in refused[0].json()["error"]
            and refused[0].headers["retry-after"]
        )
        for reply in taken:
            assert (
                "event: complete"
                in httpx.get(f"{address}/gradio_api/call/ask/{reply.json()['event_id']}", timeout=60).text
            )
        assert (
            httpx.post(f"{address}/gradio_api/run/ask", json={"data": [BERLIN, None, None]}).status_code
            == 404
        )
        client.close()


def test_credentials_of_the_models_server_appear_nowhere(sample_folder: Path, tmp_path: Path) -> None:
    model = f"openai:small@http://ada:kestrel@127.0.0.1:{free_port()}/v1?key=ferry"  # nobody listens there
    secrets = re.compile("ada:|kestrel@|key=ferry")
    with run_server(sample_folder, tmp_path / "log", DATELINE_MODEL=model) as (address, _):
        replies = [
            call(address, name, data).text for name, data in (("health", []), ("ask", [BERLIN, None, None]))
        ]
        for reply in replies:
            assert "openai:small@http://127.0.0.1" in reply
        (answer,) = json.loads(re.findall(r"^data: (.*)$", replies[1], re.MULTILINE)[-1])
        assert any("check DATELINE_MODEL" in warning for warning in answer["warnings"])
        replies.append(call(address, "feedback", [answer, "good", "", None]).text)
    replies += [(tmp_path / "log").read_text(), (sample_folder / "proposed.jsonl").read_text()]
    (sample_folder / "proposed.jsonl").unlink()
    environment = {**os.environ, "DATELINE_DATA": str(sample_folder), "DATELINE_MODEL": model}
    for arguments in (["doctor"], ["ask", BERLIN], ["ask", BERLIN, "--json"]):
        command = [sys.executable, "-m", "rag", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        replies.append(done.stdout + done.stderr)
    assert not any(secrets.search(reply) for reply in replies)


def test_no_evidence_waits_for_the_model_and_what_does_gets_an_error_when_the_server_stops(
    sample_folder: Path, tmp_path: Path
) -> None:
    """A model that holds its answers back, so that none of them is there before the server stops."""
    log, held, stopping, everyone = tmp_path / "log", Semaphore(0), Event(), Barrier(9)

    def hold(message: str) -> str:
        held.release()
        assert stopping.wait(120)
        return "Its fire-protection system was not ready [1]."

    def wait_for_answer(address: str) -> dict[str, str]:
        calls = f"{address}/gradio_api/call/ask"
        event = httpx.post(calls, json={"data": [BERLIN, None, None]}, timeout=60).json()["event_id"]
        with httpx.stream("GET", f"{calls}/{event}", timeout=120) as reply:
            everyone.wait(60)
            text = reply.read().decode()
        assert "event: error" in text
        return json.loads(re.findall(r"^data: (.*)$", text, re.MULTILINE)[-1])

    with (
        model_server(hold) as model,
        run_server(sample_folder, log, DATELINE_MODEL=model) as (address, process),
        ThreadPoolExecutor(8) as pool,
    ):
        try:
            waiting = [pool.submit(wait_for_answer, address) for _ in range(8)]
            everyone.wait(60)
            assert all(held.acquire(timeout=60) for _ in waiting)  # so the evidence of each was found
            refused = call(address, "ask", ["Who won the football world cup in 2018?", None, None])
            assert '"status": "unanswerable"' in refused.text
            assert "event: complete" in call(address, "search", [BERLIN, 3, None]).text
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: "shutting down" in log.read_text())
        finally:
            stopping.set()
        assert [reply.result()["title"] for reply in waiting] == 8 * ["shutting_down"]
        assert process.wait(60) == 0
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.threat("Q6", n="SIGINT and SIGTERM")
def test_signals_end_the_server_and_its_model_process(
    sample_folder: Path, tmp_path: Path, stop_signal: signal.Signals
) -> None:
    with run_server(sample_folder, tmp_path / "log") as (_, process):
        (worker,) = model_processes(process)
        process.send_signal(stop_signal)
        process.wait(60)
        wait_until(lambda: not Path(f"/proc/{worker}").exists())
    assert "Traceback" not in (tmp_path / "log").read_text()
