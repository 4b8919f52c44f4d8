"""A GGUF file behind langchain's `BaseChatModel`, and the one process that owns it. Knows messages and processes, not articles."""

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

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class ModelError(RuntimeError):
    """The model cannot answer; the message says why and what to do. The next question may work again."""

    code = "model_failed"


class ModelProcess:
    """The owner of one GGUF model. Requests wait for each other; a crash or a hang ends the process, and the next request starts another."""

    def __init__(
        self,
        path: Path,
        context: int,
        threads: int,
        seconds: float = limits.ANSWER_TIMEOUT_SECONDS,
        adapter: Path | None = None,
    ) -> None:
        self._command = [
            sys.executable,
            "-m",
            "rag.generation.worker",
            str(path),
            str(context),
            str(threads),
            *([str(adapter)] if adapter else []),
        ]
        self._seconds = seconds
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._number = 0
        self.path = path

    @property
    def pid(self) -> int | None:
        """The process id of the running child, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Load the model now rather than at the first question.

        Raises:
            ModelError: the file is no model, or does not load in time.
        """
        with self._turn:
            self._running()

    def count(self, text: str) -> int:
        """How many of the model's tokens a text has."""
        return int(list(self._request(count=text))[-1]["tokens"])

    def write(
        self,
        messages: list[dict[str, str]],
        max_tokens: int,
        temperature: float,
        stop: list[str],
        used: Callable[[UsageMetadata], None] = lambda tokens: None,
    ) -> Generator[str, None, None]:
        """The model's answer in pieces; `used` hears at the end how many tokens were read and written. Closing the iterator stops the model within a token.

        Raises:
            ModelError: the model failed, crashed or took too long.
        """
        request = {"messages": messages, "max_tokens": max_tokens, "temperature": temperature, "stop": stop}
        for piece in self._told(used, request):
            assert isinstance(piece, str)
            yield piece

    def point(
        self,
        messages: list[dict[str, str]],
        max_tokens: int,
        sentences: list[str],
        leanings: list[float],
        used: Callable[[UsageMetadata], None] = lambda tokens: None,
    ) -> Generator[str | list[float], None, None]:
        """What a trained reader points to, in pieces, behind the chances of the refusal and of each of at most nine sentences.

        `leanings`, one for each of these chances, are added to their log-odds before the likeliest is chosen.

        Raises:
            ModelError: the model failed, crashed or took too long.
        """
        yield from self._told(
            used,
            {"messages": messages, "max_tokens": max_tokens, "sentences": sentences, "leanings": leanings},
        )

    def _told(
        self, used: Callable[[UsageMetadata], None], request: dict[str, Any]
    ) -> Generator[str | list[float], None, None]:
        for event in self._request(**request):
            if "done" in event:
                read, written = event["read"], event["tokens"]
                used(UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written))
            else:
                yield event["text"] if "text" in event else event["chances"]

    def _request(self, **request: Any) -> Iterator[dict[str, Any]]:
        with self._turn:
            process = self._running()
            self._number += 1
            number, finished = self._number, False
            try:
                self._send(process, id=number, **request)
                deadline = time.monotonic() + self._seconds
                while not finished:
                    event = self._event(deadline)
                    if event.get("id") != number:
                        continue  # the rest of an answer that was given up
                    finished = "done" in event
                    if event.get("done") == "failed":
                        raise ModelError(f"the model could not answer: {event['why']}")
                    yield event
            finally:
                if not finished and self.pid is not None:
                    self._send(process, cancel=number)

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
            ),
        }
        # A session of its own: Ctrl-C in the terminal is the server's to handle, not the model's.
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=True,
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=_pump, args=(self._process, self._lines), daemon=True).start()
        event = self._event(time.monotonic() + limits.START_TIMEOUT_SECONDS)
        if "failed" in event:
            self.close()
            raise ModelError(
                f"{self.path} cannot be loaded ({event['failed']}); set DATELINE_MODEL to a GGUF file, or to none"
            )
        return self._process

    def _send(self, process: "subprocess.Popen[str]", **request: Any) -> None:
        assert process.stdin is not None
        # Whoever reads its output notices that the process is gone.
        with suppress(BrokenPipeError, ValueError):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()

    def _event(self, deadline: float) -> dict[str, Any]:
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
        """End the child at once; the next request starts another."""
        if self._process is not None:
            self._process.kill()
            self.close()

    def close(self) -> None:
        """Ask the child to end, and make sure that it did."""
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


def _pump(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]") -> None:
    assert process.stdout is not None
    with process.stdout as stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


class LocalChatModel(BaseChatModel):
    """langchain's chat model over one `ModelProcess`. Answers are greedy unless `temperature` says otherwise."""

    model_name: str
    max_tokens: int = limits.MAX_ANSWER_TOKENS
    temperature: float = 0.0
    _process: ModelProcess = PrivateAttr()

    def __init__(self, process: ModelProcess, **fields: Any) -> None:
        super().__init__(**{"model_name": process.path.stem, **fields})
        self._process = process

    @property
    def process(self) -> ModelProcess:
        return self._process

    @property
    def _llm_type(self) -> str:
        return "dateline-gguf"

    def get_num_tokens(self, text: str) -> int:
        return self._process.count(text)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        chat = [{"role": _ROLES.get(message.type, "user"), "content": message.text} for message in messages]
        used: list[UsageMetadata] = []
        most = kwargs.get("max_tokens", self.max_tokens)
        pieces: Generator[str | list[float], None, None]
        if "sentences" in kwargs:
            pieces = self._process.point(chat, most, kwargs["sentences"], kwargs["leanings"], used.append)
        else:
            pieces = self._process.write(
                chat, most, kwargs.get("temperature", self.temperature), stop or [], used.append
            )
        with closing(pieces):
            for piece in pieces:
                told = (
                    {"content": piece}
                    if isinstance(piece, str)
                    else {"content": "", "response_metadata": {"chances": piece}}
                )
                chunk = ChatGenerationChunk(message=AIMessageChunk(**told))
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=used[0]))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))
