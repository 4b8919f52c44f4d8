"""A small OpenAI-compatible server on a free port, whose answers, or failures, a plain function writes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {"prompt_tokens": 31, "completion_tokens": 7, "total_tokens": 38}


@contextmanager
def model_server(write: Callable[[str], str], usage: bool = True) -> Iterator[str]:
    """Run a server that answers with a function of the last message; yield its DATELINE_MODEL.

    With `usage` it reports tokens when a request asks for them.
    """

    def reply(handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        text = write(request["messages"][-1]["content"])
        streamed = bool(request.get("stream"))
        with_usage = usage and (not streamed or request.get("stream_options", {}).get("include_usage"))
        body = events(text, bool(with_usage)) if streamed else _whole(text, bool(with_usage))
        send(handler, body, "text/event-stream" if streamed else "application/json")

    with server_that(reply) as model:
        yield model


@contextmanager
def server_that(reply: Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]) -> Iterator[str]:
    """Run a server that leaves each request to a function, with its JSON; yield its DATELINE_MODEL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reply(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"openai:small@http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, kind: str, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def _whole(text: str, with_usage: bool) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps(
        {**_head("chat.completion"), "choices": [choice], **({"usage": USAGE} if with_usage else {})}
    ).encode()


def events(text: str, with_usage: bool) -> bytes:
    head = _head("chat.completion.chunk")
    words = [
        {"index": 0, "delta": {"role": "assistant", "content": f"{word} "}, "finish_reason": None}
        for word in text.split(" ")
    ]
    ends = {"index": 0, "delta": {}, "finish_reason": "stop"}
    events = [{**head, "choices": [choice]} for choice in (*words, ends)] + (
        [{**head, "choices": [], "usage": USAGE}] if with_usage else []
    )
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode() + b"data: [DONE]\n\n"


def _head(kind: str) -> dict[str, Any]:
    return {"id": "1", "object": kind, "created": 0, "model": "small"}
