import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from corpus.store.connection import StoreError
from embeddings.library import Library
from rag.assistant import Assistant
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever
from rag.serving.health import LIVE, METRICS, READY, health_routes
from rag.serving.request_guard import RequestGuard
from rag.telemetry import Telemetry


def served(library: Library, telemetry: Telemetry) -> tuple[Assistant, TestClient]:
    """Serve the routes as `dateline serve` does, to somebody who has not logged in."""
    retriever, model = Retriever(library=library, k=8), AnswerModel("none", None)
    assistant = Assistant(retriever, model, Prompts(), telemetry=telemetry)
    guard = Middleware(RequestGuard, is_logged_in=lambda scope: False)
    app = Starlette(routes=health_routes(assistant), middleware=[guard])
    return assistant, TestClient(app, base_url="http://127.0.0.1")


def test_a_process_is_ready_while_its_collection_can_be_read(
    sample: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant, client = served(sample, Telemetry())
    assert client.get(LIVE).text == "live" and client.get(READY).json() == {"status": "ready"}

    def unreadable(library: Library) -> None:
        raise StoreError("the disk is gone; mount it")

    with monkeypatch.context() as patched:
        patched.setattr(Library, "refresh", unreadable)
        reply = client.get(READY)
        assert reply.status_code == 503 and reply.json()["error"] == "the disk is gone; mount it"
        assert client.get(LIVE).status_code == 200
    assistant.begin_shutdown()
    reply = client.get(READY)
    assert reply.status_code == 503 and "shutting down" in reply.json()["error"]
    assert client.get(LIVE).status_code == 200


def test_metrics_are_off_unless_they_are_asked_for(sample: Library) -> None:
    _, client = served(sample, Telemetry())
    reply = client.get(METRICS)
    assert reply.status_code == 404 and "DATELINE_METRICS=on" in reply.text
    pytest.importorskip("prometheus_client", reason="pip install -r requirements-telemetry.txt")
    assistant, client = served(sample, Telemetry(metrics=True))
    assistant.ask("When did Notre-Dame reopen?")
    reply = client.get(METRICS)
    assert reply.headers["content-type"].startswith("text/plain; version=")
    assert re.search(r'^dateline_questions_total\{status="answered"\} 1.0$', reply.text, re.MULTILINE)
    assert "Notre" not in reply.text


def test_other_routes_and_other_hosts_stay_closed(sample: Library) -> None:
    _, client = served(sample, Telemetry())
    assert client.get("/health").status_code == client.get("/health/live/x").status_code == 401
    assert client.get(LIVE, headers={"host": "evil.example"}).status_code == 400
