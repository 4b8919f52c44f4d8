"""A local GGUF model as a langchain chat model, run by a child process of its own."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from rag import limits

_ROOT = Path(__file__).parent.parent.parent
_ROLES = {"human": "user", "ai": "assistant", "system": "system"}
OnUsage = Callable[[UsageMetadata], None]


class ModelError(RuntimeError):
    """Raised when the model cannot answer; the next question may work again."""

    code = "model_failed"


class ModelProcess:
    """A child process that runs one GGUF model (`rag.generation.worker`).

    It is started on the first request, and again after a crash or a timeout. Requests wait for each other.
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
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._request_id = 0
        self.path = path

    @property
    def pid(self) -> int | None:
        """The process id of the running child, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Load the model now instead of at the first request.

        Raises:
            ModelError: The file is not a model or does not load in time.
        """
        with self._lock:
            self._ensure_running()

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

    def _stream(self, on_usage: OnUsage, request: dict[str, Any]) -> Generator[str | list[float], None, None]:
        for event in self._request(**request):
            if "done" in event:
                read, written = event["read"], event["tokens"]
                on_usage(UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written))
            else:
                yield event["text"] if "text" in event else event["probabilities"]

    def _request(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Send a request and yield the events that answer it; cancel it if the caller stops early."""
        with self._lock:
            process = self._ensure_running()
            self._request_id += 1
            request_id, finished = self._request_id, False
            try:
                self._send(process, id=request_id, **request)
                deadline = time.monotonic() + self._seconds
                while not finished:
                    event = self._next_event(deadline)
                    if event.get("id") != request_id:
                        continue  # the rest of an answer that was cancelled
                    finished = "done" in event
                    if event.get("done") == "failed":
                        raise ModelError(f"the model could not answer: {event['why']}")
                    yield event
            finally:
                if not finished and self.pid is not None:
                    self._send(process, cancel=request_id)

    def _ensure_running(self) -> "subprocess.Popen[str]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # so that Ctrl-C in the terminal reaches the server only
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=_read_lines, args=(self._process, self._lines), daemon=True).start()
        event = self._next_event(time.monotonic() + limits.START_TIMEOUT_SECONDS)
        if "failed" in event:
            self.close()
            raise ModelError(
                f"{self.path} cannot be loaded ({event['failed']}); "
                "set DATELINE_MODEL to a GGUF file, or to none"
            )
        return self._process

    def _send(self, process: "subprocess.Popen[str]", **request: Any) -> None:
        assert process.stdin is not None
        # If the process is gone, reading its output says so.
        with suppress(BrokenPipeError, ValueError):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()

    def _next_event(self, deadline: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self.kill()
            raise ModelError(
                "the model took too long and was stopped; ask again, or set DATELINE_MODEL to a smaller model"
            ) from None
        if line is None:
            self.kill()
            raise ModelError("the model's process ended unexpectedly; ask again, it is started anew")
        event: dict[str, Any] = json.loads(line)
        return event

    def kill(self) -> None:
        """Kill the child; the next request starts another."""
        if self._process is not None:
            self._process.kill()
            self.close()

    def close(self) -> None:
        """Ask the child to end, and kill it if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(BrokenPipeError):
            if process.stdin:
                process.stdin.close()
        try:
            process.wait(limits.EOF_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _message(piece: str | list[float]) -> AIMessageChunk:
    if isinstance(piece, str):
        return AIMessageChunk(content=piece)
    return AIMessageChunk(content="", response_metadata={"probabilities": piece})


def _read_lines(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]") -> None:
    """Put each line of the child's output into a queue, and None at its end."""
    assert process.stdout is not None
    with process.stdout as stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


class LocalChatModel(BaseChatModel):
    """langchain's chat model over a `ModelProcess`.

    Decoding is greedy unless `temperature` is given. With `sentences` and `logit_bias` it writes what
    `ModelProcess.extract` does; the probabilities are in the `response_metadata` of a chunk.
    """

    model_name: str
    max_tokens: int = limits.MAX_ANSWER_TOKENS
    temperature: float = 0.0
    _process: ModelProcess = PrivateAttr()

    def __init__(self, process: ModelProcess, **fields: Any) -> None:
        super().__init__(**{"model_name": process.path.stem, **fields})
        self._process = process

    @property
    def process(self) -> ModelProcess:
        """The process that runs the model."""
        return self._process

    @property
    def _llm_type(self) -> str:
        return "dateline-gguf"

    def get_num_tokens(self, text: str) -> int:
        """Return the number of the model's tokens in a text."""
        return self._process.count(text)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        usage: list[UsageMetadata] = []
        with closing(self._pieces(messages, stop or [], usage.append, kwargs)) as pieces:
            for piece in pieces:
                chunk = ChatGenerationChunk(message=_message(piece))
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage[0]))

    def _pieces(
        self, messages: list[BaseMessage], stop: list[str], on_usage: OnUsage, options: dict[str, Any]
    ) -> Generator[str | list[float], None, None] | Generator[str, None, None]:
        chat = [{"role": _ROLES.get(message.type, "user"), "content": message.text} for message in messages]
        max_tokens = options.get("max_tokens", self.max_tokens)
        if "sentences" in options:
            return self._process.extract(
                chat, max_tokens, options["sentences"], options["logit_bias"], on_usage
            )
        temperature = options.get("temperature", self.temperature)
        return self._process.generate(chat, max_tokens, temperature, stop, on_usage)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))
