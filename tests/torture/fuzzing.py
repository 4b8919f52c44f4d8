"""Send malformed requests to every endpoint of a real server: each is answered, and no defect or path is shown."""

import json
import math
import re
from collections.abc import Iterator
from time import monotonic
from typing import Any

import httpx
import numpy as np
from hostile import PAYLOADS
from serving import ROOT, run_server

from corpus.store.database import Store
from torture.faults import without_faults
from torture.kills import Lab
from torture.reading import mutate
from torture.trials import Trial

_MAX_SECONDS = 30.0  # of one request, while another process uses the processor
_DAY = {"since": "2018", "until": "2020-01", "publishers": ["Meridian Wire"], "articles": ["0" * 12]}
_TURNS = [{"role": "user", "text": "When did Notre-Dame reopen?"}, {"role": "assistant", "text": "In 2024."}]
_FILE = {"path": "/etc/passwd", "orig_name": "a.txt", "meta": {"_type": "gradio.FileData"}}
# A valid call of each endpoint, where there is one without an upload.
_CALLS: dict[str, list[Any]] = {
    "ask": ["What does HS2 cost?", _TURNS, _DAY],
    "ask_stream": ["What does HS2 cost?", _TURNS, _DAY],
    "search": ["What does HS2 cost?", 3, _DAY],
    "articles": ["ferry", "newest", 5],
    "article": ["0" * 12],
    "add": ["The otter swam at noon.", "Corrin Wire", "2020-01-02", "An otter", "http://a.example/", [_FILE]],
    "remove": ["0" * 12],
    "feedback": [{}, "good", "It was otherwise.", _TURNS],
    "health": [],
}
# What stands in the place of a value.
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, -(10**400), 1e308, math.nan, math.inf, "", " ", "\0", "\ud800", "\u202e", "9" * 400, "x" * 2_001,
    "x" * 100_000, [], {}, [None], {"": ""}, {"a": 1}, ["x"] * 51, [[]] * 999, "9999-99-99", "0000", "2018-02-30", "1-1-1", b"".hex(),
    _FILE, {**_FILE, "path": "../" * 9 + "etc/passwd"}, {**_FILE, "path": "http://127.0.0.1:1/"}, {**_FILE, "path": 3}, {"__type__": "update"},
    {"role": "system", "text": "x"}, {"role": "user"}, {"since": []}, {"publishers": "x"}, {"schema": 1, "statements": [{}]}, *PAYLOADS[::40],
)  # fmt: skip
_HEADERS = (
    {"content-type": "text/plain"}, {"content-type": "multipart/form-data; boundary=x"}, {"content-type": "application/json; charset=utf-16"},
    {"origin": "http://["}, {"origin": "null"}, {"origin": "\x7f"}, {"origin": "http://127.0.0.1:99999"}, {"host": "127.0.0.1:x"}, {"host": "[::1"},
    {"cookie": "session=" + "x" * 4_000}, {"cookie": "=;;="}, {"accept": "x"}, {"range": "bytes=9-1,0-0,,"}, {"content-encoding": "gzip"},
    {"x-forwarded-for": "'\"<>"}, {"sec-fetch-site": "x"}, {"authorization": "Basic !!!"}, {"x-gradio-user": "a"},
)  # fmt: skip
_BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff\xfe{",
    b'{"data": ' + b"[" * 50_000,
    b'{"data": ' + b'{"a":' * 50_000,
    b'{"data": [], "data": 1}',
)
_PATHS = ("call/none", "call/", "call/ask/none", "queue/join", "queue/data", "upload", "file=", "cancel", "reset", "component_server", "info", "run/predict")  # fmt: skip
_CODES = frozenset(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/api.md").read_text(), re.MULTILINE))
_DATA = re.compile(r"^data: (.*)$", re.MULTILINE)
_INSIDE = re.compile(rf"Traceback|site-packages|{re.escape(str(ROOT))}|root:x:0|File \"")


def malformed_requests(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Send `count` requests, each with something wrong; the server answers all of them, and then a valid one."""
    data, log = lab.keep(), lab.keep() / "log"
    store = Store(data)
    for item in lab.items:
        store.add(item.article, item.passages, item.vectors, item.raw, item.article.id)
    store.close()
    with (
        without_faults(),
        run_server(data, log, DATELINE_MODEL="none") as (address, server),
        httpx.Client(base_url=f"{address}/gradio_api/", timeout=_MAX_SECONDS) as client,
    ):
        question = {"data": [_CALLS["ask"][0], None, None]}
        answer = json.loads(_DATA.findall(_call(client, "call/ask", json=question).text)[-1])[0]
        for n in range(count):
            name, began = list(_CALLS)[n % len(_CALLS)], monotonic()
            values = [answer, *_CALLS[name][1:]] if name == "feedback" else _CALLS[name]
            step, problem = _send(client, name, values, rng)
            problem = problem if server.poll() is None else f"the server ended: {log.read_text()[-300:]}"
            yield Trial(f"{name}: {step}", problem, monotonic() - began)
        again = _call(client, "call/ask", json=question).text
        yield Trial("in the end", "" if "event: complete" in again else again[-300:])


def _send(client: httpx.Client, name: str, values: list[Any], rng: np.random.Generator) -> tuple[str, str]:
    """Return what was wrong with a request, and what is wrong with its reply ("" for nothing)."""
    kind, headers, path = rng.random(), {"content-type": "application/json"}, f"call/{name}"
    body = json.dumps({"data": values}).encode()
    if kind < 0.7:
        changed: Any = {"data": values}
        for _ in range(int(rng.integers(1, 4))):
            changed = _changed(changed, rng)
        what, body = "values", json.dumps(changed).encode()
    elif kind < 0.85:
        what = "bytes"
        body = mutate(body, body, rng) if kind < 0.8 else _BODIES[int(rng.integers(len(_BODIES)))]
    elif kind < 0.95:
        what = "header"
        headers |= _HEADERS[int(rng.integers(len(_HEADERS)))]
    else:
        what, path = "path", _PATHS[int(rng.integers(len(_PATHS)))]
    try:
        problem = _problem(_call(client, path, content=body, headers=headers))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        problem = f"{type(error).__name__}: {error}"
    return what, f"{problem} for {path} {headers} {body[:300]!r}" if problem else ""


def _changed(value: Any, rng: np.random.Generator) -> Any:
    """Return a value of JSON with a part of it left out, doubled or replaced."""
    if isinstance(value, list | dict) and value and rng.random() < 0.9:
        names = list(range(len(value)) if isinstance(value, list) else value)
        name, choice = names[int(rng.integers(len(names)))], rng.random()
        copy = value.copy()
        if choice < 0.1:
            del copy[name]
        elif choice < 0.15 and isinstance(copy, list):
            copy.append(copy[name])
        elif choice < 0.2 and isinstance(copy, dict):
            copy[f"{name}'"] = copy[name]
        else:
            copy[name] = _changed(copy[name], rng)
        return copy
    return _VALUES[int(rng.integers(len(_VALUES)))]


def _call(client: httpx.Client, path: str, **request: Any) -> httpx.Response:
    """Send a request as scripts do; return the reply to the second part of it, or to the first if that fails."""
    reply = client.post(path, **request)
    try:
        event = reply.json()["event_id"]
    except (ValueError, KeyError, TypeError):
        return reply
    return client.get(f"{path}/{event}") if path.startswith("call/") else reply


def _problem(reply: httpx.Response) -> str:
    """Return "" for a result, or for an error with a code of docs/api.md that says nothing of the inside."""
    said = " ".join(reply.text.split())[-300:]
    if reply.status_code >= 500 and "queue_full" not in reply.text:
        return f"status {reply.status_code}: {said}"
    if found := _INSIDE.search(reply.text):
        return f"“{found[0]}” is shown: {said}"
    if "event: error" in reply.text:
        error = json.loads(_DATA.findall(reply.text)[-1])
        wrong_count = error == {"error": None}  # of values, which Gradio finds before Dateline sees them
        if not wrong_count and (
            not isinstance(error, dict) or error.get("title") not in _CODES - {"internal"}
        ):
            return f"an error without a code: {said}"
    return ""
