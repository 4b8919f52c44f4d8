import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from embeddings.library import Library
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.query.validation import InvalidQuestion
from rag.retrieval.search import Retriever
from rag.telemetry import Telemetry

pytest.importorskip("prometheus_client", reason="pip install -r requirements-telemetry.txt")
QUESTION = "When did Notre-Dame reopen?"


def assistant(library: Library, telemetry: Telemetry) -> Assistant:
    model, retriever = AnswerModel("none", None), Retriever(library=library, k=8)
    return Assistant(retriever, model, Prompts(), telemetry=telemetry)


def values(telemetry: Telemetry) -> dict[str, float]:
    text = (telemetry.metrics() or (b"", ""))[0].decode()
    return {name: float(value) for name, value in re.findall(r"^(dateline.*) (\S+)$", text, re.MULTILINE)}


def test_questions_and_steps_are_counted_without_a_word_of_them(sample: Library) -> None:
    telemetry = Telemetry(metrics=True)
    asked = assistant(sample, telemetry)
    assert asked.ask(QUESTION).status == "answered"
    stream: Iterator[Answer] = asked.stream("What does HS2 cost?")
    next(stream)
    assert values(telemetry)["dateline_questions_in_progress"] == 1
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(InvalidQuestion):
        asked.ask("")
    found = values(telemetry)
    counted = {
        status: found[f'dateline_questions_total{{status="{status}"}}']
        for status in ("answered", "stopped", "failed")
    }
    assert counted == {"answered": 1, "stopped": 1, "failed": 1}
    assert found["dateline_question_seconds_count"] == 3 and found["dateline_questions_in_progress"] == 0
    assert found['dateline_step_seconds_count{step="select evidence"}'] == 2
    assert found["dateline_articles"] == sample.coverage().articles > 5
    text = (telemetry.metrics() or (b"", ""))[0].decode()
    assert not re.search("notre|dame|reopen|hs2|meridian", text, re.IGNORECASE)
    assert Telemetry().metrics() is None


def test_spans_are_sent_without_a_word_of_the_question(sample: Library) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="requirements-telemetry.txt")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        telemetry = Telemetry(traces=f"http://127.0.0.1:{server.server_port}/v1/traces")
        assistant(sample, telemetry).ask(QUESTION)
        telemetry.close()
        server.shutdown()
    spans = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(
            __import__("gzip").decompress(body) if body[:2] == b"\x1f\x8b" else body
        ).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    (whole,) = [span for span in spans if span.name == "question"]
    steps = [span for span in spans if span.parent_span_id == whole.span_id]
    assert [span.name for span in steps] == ["parse", "retrieve", "select evidence", "answerability"]
    assert {item.key: item.value.string_value for item in whole.attributes}["dateline.status"] == "answered"
    assert not re.search("notre|dame|reopen|meridian", str(spans), re.IGNORECASE)
