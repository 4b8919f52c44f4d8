"""Add, ask, evaluate and serve in one process, which lists what it would have asked of other computers.

    python tests/offline_process.py FOLDER ARTICLE QUESTION GOLD PORT MARK

Standard output ends with the list as JSON; while it serves, output goes to FOLDER/log.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

ASKED: list[str] = []
_LOCAL = ("127.0.0.1", "::1", "localhost", "", None)


def _watch(event: str, values: tuple[Any, ...]) -> None:
    """Note each name that is looked up and each address that is connected to, but for this computer's."""
    if event == "socket.connect" and isinstance(values[1], tuple) and values[1][0] not in _LOCAL:
        ASKED.append(f"{event} {values[1]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and values[0] not in _LOCAL:
        ASKED.append(f"{event} {values[0]}")


def _use(address: str, question: str, mark: str) -> None:
    """Ask the server what it answers, what it refuses and what fails inside, each with a marked word."""
    import httpx

    calls = f"{address}/gradio_api/call"

    def call(name: str, *data: Any) -> str:
        event = httpx.post(f"{calls}/{name}", json={"data": data}, timeout=60).json()["event_id"]
        return httpx.get(f"{calls}/{name}/{event}", timeout=60).text

    def trigger(name: str, event: dict[str, Any]) -> str:
        config = httpx.get(f"{address}/config", timeout=60).json()
        number = next(entry["id"] for entry in config["dependencies"] if entry["api_name"] == name)
        inputs = [None] * len(config["dependencies"][number]["inputs"])
        body = {"fn_index": number, "data": inputs, "event_data": event, "session_hash": mark}
        httpx.post(f"{address}/gradio_api/queue/join", json=body, timeout=60)
        with httpx.stream(
            "GET", f"{address}/gradio_api/queue/data?session_hash={mark}", timeout=60
        ) as stream:
            return next(line for line in stream.iter_lines() if "process_completed" in line)

    assert mark in call("ask", f"{question} {mark}", None, None)
    assert "bad_request" in call("ask", question, None, {"since": mark})
    assert "bad_request" in call("ask", question, [{"role": mark, "text": mark}], None)
    assert "not_found" in call("article", mark)
    assert "bad_request" in call("feedback", {"schema": mark}, "good", mark, None)
    assert "process_completed" in trigger("open_citation", {"turn": mark, "citation": mark})
    files = {"files": (f"{mark}.pdf", b"%PDF-1.4 nothing")}
    (path,) = httpx.post(f"{address}/gradio_api/upload", files=files, timeout=60).json()
    assert "refused" in call(
        "add", "", "", "", "", "", [{"path": path, "meta": {"_type": "gradio.FileData"}}]
    )
    assert "added" in call(
        "add", f"The {mark} of Corrin has nine lanterns, its keeper said on Friday.", mark, "", "", "", []
    )
    for path in (f"/{mark}", f"/gradio_api/file={mark}", f"/gradio_api/call/{mark}"):
        httpx.get(f"{address}{path}?{mark}", timeout=60)
    httpx.post(f"{calls}/ask", content=mark, timeout=60)


def _use_and_stop(address: str, question: str, mark: str) -> None:
    import httpx

    try:
        for _ in range(600):
            try:
                if httpx.get(address, timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                threading.Event().wait(0.2)
        _use(address, question, mark)
        print("served", file=RESULT)
    finally:
        os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    folder, article, question, gold, port, mark = sys.argv[1:]
    sys.addaudithook(_watch)
    from rag.cli.main import main

    RESULT = os.fdopen(os.dup(1), "w")
    for arguments in (["add", article], ["ask", question], ["evaluate", gold, "--out", f"{folder}/run.json"]):
        sys.stdout.flush()
        print(arguments[0], main(arguments), file=RESULT)
    log = os.open(f"{folder}/log", os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    using = threading.Thread(target=_use_and_stop, args=(f"http://127.0.0.1:{port}", question, mark))
    using.start()
    print("serve", main(["serve", "--port", port, "--no-browser"]), file=RESULT)
    using.join()
    print(json.dumps(ASKED), file=RESULT, flush=True)
