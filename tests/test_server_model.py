"""A model behind a server: llama-cpp-python's own, and small ones that fail in every way that servers do."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from model_server import events, send, server_that
from serving import free_port, wait_for, wait_until

from embeddings.library import Library
from rag import limits
from rag.assistant import Assistant
from rag.evaluation.gold.questions import read_gold
from rag.generation.guided import Abilities
from rag.generation.model_process import ModelError
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel, open_model, packaged_file
from rag.generation.server_model import ServerChatModel
from rag.generation.writer import ModelOutput, write_answer
from rag.query.parse import parse_question
from rag.retrieval.retrieve import retrieve
from rag.retrieval.search import Retriever
from rag.retrieval.selection import select_evidence
from rag.settings import Settings

BERLIN = "Why was the opening of Berlin airport called off in May 2012?"
QUESTIONS = 3  # of the gold file, for one fact each


class LlamaServer:
    """`python -m llama_cpp.server` with the packaged model and its adapter, on a port of its own."""

    def __init__(self, log: Path) -> None:
        self.port, self._log = free_port(), log
        self.model = f"openai:small@http://127.0.0.1:{self.port}/v1"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {
            "model": packaged_file(),
            "lora_path": ROOT / "rag/adapters/reader.gguf",
            "model_alias": "small",
            "port": self.port,
            "n_ctx": 1536,
            "n_threads": 1,
            "n_threads_batch": 1,
            "interrupt_requests": False,
        }
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "llama_cpp.server", *words], stdout=output, stderr=subprocess.STDOUT
            )
        wait_for(f"http://127.0.0.1:{self.port}/v1/models", self._process, self._log)

    def stop(self) -> None:
        """Let it do nothing from here on, and keep its connections."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    server = LlamaServer(tmp_path_factory.mktemp("llama") / "log")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def served(llama: LlamaServer) -> AnswerModel:
    return open_model(Settings(model=llama.model, adapter="served", threads=1))


def output(question: str, library: Library, model: AnswerModel) -> ModelOutput:
    retriever = Retriever(library=library, k=8)
    parsed = parse_question(question, publishers=library.coverage().publishers)
    evidence = select_evidence(parsed, retrieve(parsed, retriever), library.reranker, 8)
    *_, last = write_answer(question, evidence.shown, model, Prompts.for_model(model.extractive))
    return last


def test_a_server_with_the_packaged_adapter_answers_as_the_packaged_model_does(
    sample: Library, served: AnswerModel, trained_model: AnswerModel
) -> None:
    """Number and words are the same, and the probabilities of the numbers up to rounding."""
    gold = read_gold(ROOT / "corpus/gold.jsonl")
    asked = [item.question for item in gold if item.kind == "fact" and not item.history][:QUESTIONS]
    for question in asked:
        here, there = output(question, sample, trained_model), output(question, sample, served)
        assert there.text == here.text and not there.failure and there.text.startswith("[")
        assert np.allclose(there.probabilities, here.probabilities, atol=0.03)
    assert isinstance(served.chat, ServerChatModel)
    assert served.chat._abilities == Abilities(logprobs=True, guide="grammar")


def test_a_bias_changes_the_number_and_the_words_are_then_of_that_sentence(served: AnswerModel) -> None:
    assert served.chat
    sentences = ["The bridge cost 34 million crowns.", "The ferry costs 12 crowns a day."]
    asked = "[1] Gull, 2 May 2018: {}\n[2] Gull, 3 May 2018: {}\n\nQuestion: What did the bridge cost?"
    prompt = asked.format(*sentences)
    for bias, number in (([-100.0, 0.0, 0.0], 1), ([-100.0, -100.0, 0.0], 2), ([0.0, -100.0, -100.0], 0)):
        chunks = list(served.chat.stream(prompt, sentences=sentences, logit_bias=bias))
        text = "".join(chunk.text for chunk in chunks)
        assert text.startswith(f"[{number}]")
        first = text.splitlines()[0]
        assert first == "[0]" if number == 0 else first[4:] in sentences[number - 1] and len(first) > 4
        (found,) = [
            chunk.response_metadata["probabilities"]
            for chunk in chunks
            if "probabilities" in chunk.response_metadata
        ]
        assert len(found) == 3 and sum(found) == pytest.approx(1)


def test_a_server_that_is_killed_in_mid_answer_and_comes_back(sample: Library, llama: LlamaServer) -> None:
    """The reader is given the quotes and the reason; the next question is answered with the model."""
    model = open_model(Settings(model=llama.model))
    assistant = Assistant(Retriever(library=sample, k=8), model, Prompts())
    whole = assistant.ask(BERLIN)
    assert whole.statements and not any("without the model" in warning for warning in whole.warnings)
    assert model.chat
    endless = {"grammar": 'root ::= "one "+'}
    chunks = model.chat.stream("Count.", max_tokens=1000, extra_body=endless)
    assert next(chunk for chunk in chunks if chunk.text)
    llama.kill()
    with pytest.raises(ModelError, match="broke off its answer; see that it runs, and ask again"):
        list(chunks)
    away = assistant.ask(BERLIN)
    assert away.statements[0].verdict == "quoted" and "without_model" in away.codes
    assert any("cannot be reached; start it" in warning for warning in away.warnings)
    llama.start()
    again = assistant.ask(BERLIN)
    assert (again.text, again.warnings) == (whole.text, whole.warnings)


# What servers do wrong.

Handler = BaseHTTPRequestHandler
EVENTS = "text/event-stream"


@contextmanager
def asked(reply: Callable[[Handler, dict[str, Any]], None]) -> Iterator[tuple[ServerChatModel, list[Any]]]:
    """Give the model of a server that leaves each request to a function, and the requests so far."""
    requests: list[Any] = []

    def note(handler: Handler, request: dict[str, Any]) -> None:
        requests.append(request)
        reply(handler, request)

    with server_that(note) as name:
        chat = open_model(Settings(model=name)).chat
        assert isinstance(chat, ServerChatModel)
        yield chat, requests


def text_of(chat: ServerChatModel) -> str:
    return "".join(chunk.text for chunk in chat.stream("Hi")).strip()


def failing(status: int, message: str = "no", **headers: str) -> Callable[[Handler, Any], None]:
    body = json.dumps({"error": {"message": message}}).encode()
    return lambda handler, request: send(handler, body, "application/json", status, **headers)


def answering(text: str = "Six ferries.") -> Callable[[Handler, Any], None]:
    return lambda handler, request: send(handler, events(text, "stream_options" in request), EVENTS)


def in_turn(*replies: Callable[[Handler, Any], None]) -> Callable[[Handler, Any], None]:
    waiting = list(replies)
    return lambda handler, request: waiting.pop(0)(handler, request)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SERVER_RETRY_SECONDS", 0.01)
    monkeypatch.setattr("rag.generation.server_model._back_off", lambda state: 0.01)


@pytest.mark.parametrize("passing", [429, 500, 503])
def test_what_fails_in_passing_is_asked_again(hurried: None, passing: int) -> None:
    with asked(in_turn(failing(passing), failing(passing), answering())) as (chat, requests):
        assert text_of(chat) == "Six ferries." and len(requests) == 3
        assert requests[0]["max_tokens"] == limits.MAX_ANSWER_TOKENS  # by the name that all servers know


def test_pauses_grow_and_a_server_may_ask_for_longer_ones() -> None:
    with asked(in_turn(failing(503, Retry_After="1"), answering())) as (chat, _):
        began = time.monotonic()
        assert text_of(chat) == "Six ferries." and time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("status", "times", "why"),
    [
        (500, limits.SERVER_ATTEMPTS, "failed with status 500; see its log"),
        (429, limits.SERVER_ATTEMPTS, "has too much to do; ask again in a minute"),
        (401, 1, "refuses the key; set OPENAI_API_KEY"),
        (404, 1, "has no model small, or its address should end in /v1"),
        (413, 1, "refuses the request .*too long.*; check its settings"),
    ],
)
def test_what_goes_on_failing_says_why_and_what_to_do(
    hurried: None, status: int, times: int, why: str
) -> None:
    with asked(failing(status, "too long")) as (chat, requests):
        with pytest.raises(ModelError, match=why) as caught:
            text_of(chat)
        assert len(requests) == times and chat.address in str(caught.value)


def test_nobody_listening_says_what_to_do(hurried: None) -> None:
    chat = open_model(Settings(model=f"openai:m@http://ada:kestrel@127.0.0.1:{free_port()}/v1?key=bay")).chat
    assert isinstance(chat, ServerChatModel)
    with pytest.raises(ModelError, match=r"127.0.0.1:\d+/v1 cannot be reached; start it") as caught:
        text_of(chat)
    assert not any(secret in str(caught.value) for secret in ("ada", "kestrel", "bay"))


def head(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", EVENTS)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()


def drop(handler: Handler, request: Any) -> None:
    head(handler)
    handler.wfile.write(events("Six ferries run", False)[:400])
    handler.close_connection = True


def whole_but_unfinished(handler: Handler, request: Any) -> None:
    """As llama-cpp-python's server does where another question interrupts an answer."""
    kept = [event for event in events("Six ferries", False).split(b"\n\n") if b'"stop"' not in event]
    send(handler, b"\n\n".join(kept), EVENTS)


def in_an_event(handler: Handler, request: Any) -> None:
    first = events("Six", False).split(b"\n\n")[0]
    send(handler, first + b'\n\ndata: {"error": {"message": "out of memory"}}\n\n', EVENTS)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (drop, "broke off its answer"),
        (whole_but_unfinished, "broke off its answer"),
        (in_an_event, r"failed \(out of memory\); see its log"),
        (
            lambda handler, _: send(handler, b"<html>Welcome</html>", "text/html"),
            "does not answer as an OpenAI-compatible",
        ),
        (
            lambda handler, _: send(handler, b"data: {nothing\n\n", EVENTS),
            "does not answer as an OpenAI-compatible",
        ),
        (
            lambda handler, _: send(handler, b"data: [1, 2]\n\n", EVENTS),
            "does not answer as an OpenAI-compatible",
        ),
        (lambda handler, _: send(handler, b"", EVENTS), "does not answer as an OpenAI-compatible"),
    ],
    ids=["dropped", "unfinished", "error", "html", "half JSON", "list", "empty"],
)
def test_a_broken_answer_is_an_error_and_never_half_an_answer(
    hurried: None, reply: Callable[[Handler, Any], None], why: str
) -> None:
    with asked(reply) as (chat, _), pytest.raises(ModelError, match=why):
        text_of(chat)


def test_an_answer_that_breaks_off_is_given_as_quotes_with_the_reason(sample: Library, hurried: None) -> None:
    with server_that(drop) as name:
        model = open_model(Settings(model=name))
        answer = Assistant(Retriever(library=sample, k=8), model, Prompts()).ask(BERLIN)
    assert answer.finished and answer.statements[0].verdict == "quoted" and "without_model" in answer.codes
    assert any("broke off its answer" in warning for warning in answer.warnings)


def test_a_server_that_hangs_or_drips_is_given_up_and_not_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "ANSWER_TIMEOUT_SECONDS", 0.5)
    over = Event()

    def hang(handler: Handler, request: Any) -> None:
        over.wait(20)

    def drip(handler: Handler, request: Any) -> None:
        head(handler)
        first = events("Six", False).split(b"\n\n")[0] + b"\n\n"
        while not over.wait(0.1):
            handler.wfile.write(first)

    for reply in (hang, drip):
        over.clear()
        with asked(reply) as (chat, requests):
            began = time.monotonic()
            with pytest.raises(ModelError, match="took too long"):
                text_of(chat)
            over.set()
        assert len(requests) == 1 and time.monotonic() - began < 5


def test_closing_a_stream_closes_the_connection() -> None:
    gone = Event()

    def drip(handler: Handler, request: Any) -> None:
        head(handler)
        first = events("Six", False).split(b"\n\n")[0] + b"\n\n"
        try:
            for _ in range(1000):
                handler.wfile.write(first)
                time.sleep(0.01)
        except OSError:
            gone.set()

    with asked(drip) as (chat, _):
        chunks = chat.stream("Hi")
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]
        wait_until(gone.is_set, 10)


def test_a_server_that_refuses_a_field_works_without_it_and_is_remembered() -> None:
    def refuse(handler: Handler, request: dict[str, Any]) -> None:
        if "stream_options" in request:
            failing(400, "Unrecognized request argument: stream_options")(handler, request)
        elif "max_tokens" in request:
            failing(400, "Unsupported parameter; use 'max_completion_tokens' instead")(handler, request)
        else:
            answering()(handler, request)

    with asked(refuse) as (chat, requests):
        assert text_of(chat) == text_of(chat) == "Six ferries."
        assert len(requests) == 4 and requests[3]["max_completion_tokens"] == limits.MAX_ANSWER_TOKENS


def completion(text: str, logprobs: list[dict[str, Any]] | None) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    found = {"content": logprobs} if logprobs else None
    whole = {"id": "1", "object": "chat.completion", "created": 0, "model": "small"}
    return json.dumps({**whole, "choices": [{**choice, "logprobs": found}]}).encode()


@pytest.mark.parametrize("logprobs", [True, False])
@pytest.mark.parametrize("guide", ["structured_outputs", "guided_grammar", ""])
def test_what_a_server_can_do_is_found_out_once_and_used(hurried: None, logprobs: bool, guide: str) -> None:
    """A server that ignores what it does not know, as vLLM and Ollama do, and one that refuses logprobs."""
    sentences = ["The bridge cost 34 million crowns.", "The ferry costs 12 crowns a day."]
    numbers = [{"token": str(n), "logprob": value} for n, value in enumerate((-3.0, -1.0, -0.5))]
    content = [{"token": "[", "logprob": 0.0}, {"token": "2", "logprob": -0.5, "top_logprobs": numbers}]

    def reply(handler: Handler, request: dict[str, Any]) -> None:
        if request.get("logprobs") and not logprobs:
            failing(400, "logprobs is not supported")(handler, request)
            return
        guided = request.get(guide, "") if guide else ""
        grammar = guided["grammar"] if isinstance(guided, dict) else guided
        if request.get("stream"):
            answering("[1] 34 million" if "line1 (" in grammar else "[2] 12 crowns")(handler, request)
            return
        text = "[7]" if "[7]" in grammar else "[2]" if grammar else "Hello"
        given = content if logprobs else None
        send(handler, completion(text, given if request.get("logprobs") else None), "application/json")

    with asked(reply) as (chat, requests):
        told = {"sentences": sentences, "logit_bias": [-100.0, 5.0, 0.0]}
        for first in (True, False):
            before = len(requests)
            chunks = list(chat.stream("What did the bridge cost?", **told))
            found = [
                value
                for chunk in chunks
                if (value := chunk.response_metadata.get("probabilities")) is not None
            ]
            assert [len(shares) for shares in found] == ([3] if logprobs else [])
            text = "".join(chunk.text for chunk in chunks).strip()
            # The bias decides where the number is known and the words can be guided.
            assert text == ("[1] 34 million" if logprobs and guide else "[2] 12 crowns")
            assert chat._abilities == Abilities(logprobs, guide)
            if not first:
                assert len(requests) - before == 2  # the number, and the words
