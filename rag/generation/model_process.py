"""The child process that runs a GGUF model: start it, ask it, stop it."""

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from corpus.signals import APART
from rag import limits

_ROOT = Path(__file__).parent.parent.parent
_STDERR_LINES = 20  # limit: lines of the child's standard error that are kept
_LINE_CHARS = 500  # limit: of each
_STDERR_GRACE_SECONDS = 1.0  # limit: for them to arrive after the child has ended
_EVENT_CHARS = 1_000_000  # limit: of one event; a piece of an answer has a hundred
_EVENTS = ("ready", "failed", "text", "probabilities", "done")  # one of these is in each event
_log = logging.getLogger(__name__)
OnUsage = Callable[[UsageMetadata], None]


class ModelError(RuntimeError):
    """Raised when the model cannot answer; the next question may work again."""

    code = "model_failed"


class ModelMissing(ValueError):
    """Raised when the named model cannot be opened; the message says how to get one."""

    code = "model_missing"


class _Child:
    """A started worker process, and the last lines that it wrote to standard error."""

    def __init__(self, command: list[str]) -> None:
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONPATH": path},
            **APART,
        )
        self.output_ended = False
        self._sending = threading.Lock()
        self._last_lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._stderr_reader = threading.Thread(target=self._read_stderr, daemon=True)
        self._stderr_reader.start()

    @property
    def alive(self) -> bool:
        return not self.output_ended and self.process.poll() is None

    def send(self, **message: Any) -> None:
        assert self.process.stdin is not None
        # If the process is gone, reading its output says so.
        with self._sending, suppress(BrokenPipeError, ValueError):
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield what the process answers; one that writes anything else is killed."""
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            while line := stream.readline(_EVENT_CHARS):
                event = _parse_event(line)
                if event is None:
                    if (
                        line.endswith("\n") or len(line) == _EVENT_CHARS
                    ):  # not half a line of a killed process
                        self._last_lines.append("it wrote what is no event")
                        self.process.kill()
                    return
                yield event

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            self._last_lines.extend(line.rstrip()[:_LINE_CHARS] for line in stream if not line.isspace())

    def ending(self) -> list[str]:
        """Return how the process ended, after the last lines of its standard error."""
        self.close()
        self._stderr_reader.join(_STDERR_GRACE_SECONDS)
        code = self.process.returncode
        return [*self._last_lines, f"exit code {code}" if code >= 0 else str(signal.strsignal(-code))]

    def close(self) -> None:
        """Ask the process to end, and kill it if it does not."""
        with suppress(BrokenPipeError):
            if self.process.stdin:
                self.process.stdin.close()
        try:
            self.process.wait(limits.EOF_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _parse_event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line) if line.endswith("\n") else None
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and any(name in event for name in _EVENTS) else None


@dataclass(slots=True)
class _Request:
    """A request that the child works on, until its last event has arrived."""

    id: int
    deadline: float  # of time.monotonic
    child: _Child | None = None
    # What the child answers; None where its output ended. Unread events are kept, at most one answer's.
    events: "queue.SimpleQueue[dict[str, Any] | None]" = field(default_factory=queue.SimpleQueue)


class ModelProcess:
    """A child process that runs one GGUF model (`rag.generation.worker`).

    It is started on the first request, and again after a crash or a timeout. Requests wait for each other in
    the order of their coming, but never for a caller: a request ends when the child has finished it, even if
    nobody reads its events.
    """

    def __init__(
        self,
        path: Path,
        context: int,
        threads: int,
        seconds: float = limits.ANSWER_TIMEOUT_SECONDS,
        adapter: Path | None = None,
    ) -> None:
        self._command = [sys.executable, "-m", "rag.generation.worker", str(path), str(context), str(threads)]
        self._command += [str(adapter)] if adapter else []
        self._seconds = seconds
        self._changed = threading.Condition()  # guards the next four
        self._waiting: deque[object] = deque()  # a ticket of each request, in the order of their coming
        self._child: _Child | None = None
        self._current: _Request | None = None
        self._request_id = 0
        self.path, self.adapter = path, adapter

    @property
    def pid(self) -> int | None:
        """The process id of the running child, or None."""
        child = self._child
        return child.process.pid if child and child.alive else None

    def start(self) -> None:
        """Load the model now instead of at the first request.

        Raises:
            ModelError: The file is not a model or does not load in time.
        """
        request = self._begin()
        try:
            self._running_child(request)
        finally:
            self._end(request)

    def count(self, text: str) -> int:
        """Return the number of the model's tokens in a text."""
        return int(list(self._request(count=text))[-1]["tokens"])

    def generate(
        self,
        messages: list[dict[str, str]],
        max_tokens: int,
        temperature: float,
        stop: list[str],
        on_usage: OnUsage = lambda usage: None,
    ) -> Generator[str, None, None]:
        """Yield the model's answer in pieces; closing the iterator stops the model within a token.

        `on_usage` is called at the end with the numbers of tokens.

        Raises:
            ModelError: The model failed, crashed or took too long.
        """
        request = {"messages": messages, "max_tokens": max_tokens, "temperature": temperature, "stop": stop}
        for piece in self._stream(on_usage, request):
            assert isinstance(piece, str)
            yield piece

    def extract(
        self,
        messages: list[dict[str, str]],
        max_tokens: int,
        sentences: list[str],
        logit_bias: list[float],
        on_usage: OnUsage = lambda usage: None,
    ) -> Generator[str | list[float], None, None]:
        """Yield the probabilities of a refusal and of each sentence, then the answer in pieces.

        There are at most nine sentences.
        `logit_bias` has a value for each of these options, which is added to its logit before the likeliest
        is chosen; the probabilities are without it. `rag.generation.decoding` describes the answer.

        Raises:
            ModelError: The model failed, crashed or took too long.
        """
        request = {
            "messages": messages,
            "max_tokens": max_tokens,
            "sentences": sentences,
            "logit_bias": logit_bias,
        }
        yield from self._stream(on_usage, request)

    def compare(
        self,
        messages: list[dict[str, str]],
        endings: list[str],
        choices: list[str],
        on_usage: OnUsage = lambda usage: None,
    ) -> Generator[str | list[float], None, None]:
        """Yield, for each ending of the last message, the probability that an answer begins with each choice.

        A choice stands for its first token. What the endings share is read once.

        Raises:
            ModelError: The model failed, crashed or took too long, or two choices begin with the same token.
        """
        yield from self._stream(on_usage, {"messages": messages, "endings": endings, "choices": choices})

    def _stream(self, on_usage: OnUsage, request: dict[str, Any]) -> Generator[str | list[float], None, None]:
        for event in self._request(**request):
            if "done" in event:
                read, written = event["read"], event["tokens"]
                on_usage(UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written))
            else:
                yield event["text"] if "text" in event else event["probabilities"]

    def _request(self, **body: Any) -> Iterator[dict[str, Any]]:
        """Send a request and yield the events that answer it; cancel it if the caller stops early."""
        request, finished = self._begin(), False
        try:
            child = self._running_child(request)
            request.deadline = time.monotonic() + self._seconds
            late = self._kill_later(
                request, self._seconds
            )  # a child that hangs may not even read the request
            child.send(id=request.id, **body)
            late.cancel()
            while not finished:
                event = self._next_event(request)
                finished = "done" in event
                if event.get("done") == "failed":
                    raise ModelError(f"the model could not answer: {event['why']}")
                yield event
        finally:
            if not finished:
                self._cancel(request)

    def _begin(self) -> _Request:
        """Return a new request when those before it have ended; a child past its deadline is killed."""
        with self._changed:
            ticket = object()
            self._waiting.append(ticket)
            try:
                while self._current is not None or self._waiting[0] is not ticket:
                    left = self._current.deadline - time.monotonic() if self._current else None
                    if left is None or left > 0:
                        self._changed.wait(left)
                    elif self._current:
                        self._kill(self._current)
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            self._request_id += 1
            self._current = _Request(self._request_id, time.monotonic() + limits.START_TIMEOUT_SECONDS)
            return self._current

    def _end(self, request: _Request) -> None:
        with self._changed:
            if self._current is request:
                self._current = None
                self._changed.notify_all()

    def _cancel(self, request: _Request) -> None:
        """Have the child stop a request, which ends when it says so; a child that does not is killed."""
        with self._changed:
            child = request.child if self._current is request else None
        if child and child.alive:
            self._kill_later(request, limits.CANCEL_TIMEOUT_SECONDS)
            child.send(cancel=request.id)
        else:
            self._end(request)

    def _running_child(self, request: _Request) -> _Child:
        """Return the child that answers a request, which is started if there is none."""
        with self._changed:
            if self._child and self._child.alive:
                request.child = self._child
                return self._child
            try:
                child = request.child = self._child = _Child(self._command)
            except OSError as error:
                raise ModelError(
                    f"the model's process cannot start ({error.strerror}); end other programs and ask again"
                ) from error
        threading.Thread(target=self._read_events, args=(child,), daemon=True).start()
        event = self._next_event(request, starting=True)
        if "failed" in event:
            self.close()
            raise ModelError(
                f"{self.path} cannot be loaded ({event['failed']}); "
                "set DATELINE_MODEL to a GGUF file, or to none"
            )
        return child

    def _read_events(self, child: _Child) -> None:
        """Give each event to the request that it answers, and end that request after the last one."""
        for event in child.events():
            request = self._current
            if request and event.get("id", request.id) == request.id:
                request.events.put(event)
                if "done" in event:
                    self._end(request)
        with self._changed:
            child.output_ended = True
            request = self._current
        if request and request.child is child:
            request.events.put(None)
            self._end(request)

    def _next_event(self, request: _Request, starting: bool = False) -> dict[str, Any]:
        try:
            event = request.events.get(timeout=max(0.0, request.deadline - time.monotonic()))
        except queue.Empty:
            self._kill(request)
            raise ModelError(
                "the model took too long and was stopped; ask again, or set DATELINE_MODEL to a smaller model"
            ) from None
        if event is not None:
            return event
        assert request.child is not None
        lines = request.child.ending()
        if starting:
            raise ModelError(
                f"the model's process cannot start ({'; '.join(lines[-2:])}); run: pip install "
                "--force-reinstall llama-cpp-python (or set DATELINE_MODEL=none)"
            )
        _log.warning("the model's process ended unexpectedly:\n%s", "\n".join(lines))
        raise ModelError("the model's process ended unexpectedly; ask again, it is started anew")

    def _kill_later(self, request: _Request, seconds: float) -> threading.Timer:
        """Kill the child of a request unless the request has ended or the timer is cancelled by then."""
        timer = threading.Timer(seconds, self._kill, (request,))
        timer.daemon = True
        timer.start()
        return timer

    def _kill(self, request: _Request) -> None:
        """Kill the child of a request that has not ended; the next request starts another."""
        with self._changed:
            if self._current is request:
                if request.child:
                    request.child.process.kill()
                    request.child.close()
                self._end(request)

    def close(self) -> None:
        """Ask the child to end, and kill it if it does not."""
        with self._changed:
            child, self._child = self._child, None
        if child:
            child.close()
