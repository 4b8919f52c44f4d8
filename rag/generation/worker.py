"""The child process that owns a GGUF model: assembles the prompt as tokens, streams, stops. The only room that imports llama_cpp.

It speaks JSON lines. In: {"id", "messages", "max_tokens", "temperature", "stop"}, the same with "sentences" and "leanings" in place of the
last two (`rag.generation.decoding`), {"id", "count"} or {"cancel": id}. Out: {"ready": {...}} or {"failed": why} once, then {"id", "text"}*, before
them {"id", "chances"} where there are sentences, and {"id", "done": why, "read", "tokens"}: the tokens of a prompt and those written (or counted).
It may crash without harm: `rag.generation.chat_model` starts another.
"""

import codecs
import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import llama_cpp
import numpy as np
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from numpy.typing import NDArray

from rag.generation.decoding import SentenceTokens, probabilities

_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
Message = dict[str, str]


class LoadedModel:
    """One loaded GGUF, with an adapter or without. Not safe for threads: `main` calls it from one."""

    def __init__(self, path: str, context: int, threads: int, adapter: str | None = None) -> None:
        self._model = llama_cpp.Llama(
            path, n_ctx=context, n_threads=threads, n_threads_batch=threads, lora_path=adapter, verbose=False
        )
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model.model)
        self._beginning: list[int] = []
        # Requests are numbered upwards; all up to `cancel_up_to` are given up, the one that has not begun yet too.
        self.request, self.cancel_up_to = 0, -1
        self.read, self.written = 0, 0  # tokens of the last prompt, and of what was written after it
        # llama.cpp asks between graph nodes, so that a long prompt can be given up too. The object must outlive the context.
        self._abort = llama_cpp.ggml_abort_callback(lambda _: self.cancelled)
        llama_cpp.llama_set_abort_callback(self._model.ctx, self._abort, None)

    @property
    def cancelled(self) -> bool:
        return self.request <= self.cancel_up_to

    @property
    def facts(self) -> dict[str, Any]:
        return {"name": self._model.metadata.get("general.name", ""), "context": self._model.n_ctx()}

    def prompt(self, messages: list[Message]) -> tuple[list[int], int]:
        """Tokens of a chat, and how many of them come before the last message's content.

        Only the template's own words become control tokens; contents are plain text, whatever they spell.
        """
        marks = [f"\x02{n}\x03" for n in range(len(messages))]
        rendered = self._render(
            [
                {"role": message["role"], "content": mark}
                for message, mark in zip(messages, marks, strict=True)
            ]
        )
        tokens: list[int] = []
        before_last = 0
        for mark, message in zip(marks, messages, strict=True):
            before, found, rendered = rendered.partition(mark)
            if not found:
                raise ValueError("the model's chat template drops or reorders messages; use another model")
            tokens += self._tokens(before, special=True)
            before_last = len(tokens)
            tokens += self._tokens(message["content"], special=False)
        tokens += self._tokens(rendered, special=True)
        bos = self._model.token_bos()
        if llama_cpp.llama_vocab_get_add_bos(self._vocabulary) and tokens[:1] != [bos]:
            tokens.insert(0, bos)
            before_last += 1
        return tokens, before_last

    def _render(self, messages: list[Message]) -> str:
        template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
            self._model.metadata.get("tokenizer.chat_template", _CHATML)
        )
        words = {
            n: self._model.detokenize([token], special=True).decode() if token >= 0 else ""
            for n, token in (("bos_token", self._model.token_bos()), ("eos_token", self._model.token_eos()))
        }

        def refuse(reason: str) -> None:
            raise TemplateError(reason)

        try:
            return template.render(
                messages=messages, add_generation_prompt=True, raise_exception=refuse, **words
            )
        except TemplateError:
            # Some templates know no system role: its text goes in front of the first question.
            first, second, *rest = messages
            if first["role"] != "system":
                raise
            merged = {"role": second["role"], "content": f"{first['content']}\n\n{second['content']}"}
            return template.render(
                messages=[merged, *rest], add_generation_prompt=True, raise_exception=refuse, **words
            )

    def _tokens(self, text: str, special: bool) -> list[int]:
        return (
            self._model.tokenize(text.encode("utf-8", "replace"), add_bos=False, special=special)
            if text
            else []
        )

    def count(self, text: str) -> int:
        return len(self._tokens(text, special=False))

    def write(
        self, messages: list[Message], max_tokens: int, temperature: float, stop: list[str]
    ) -> Iterator[str]:
        """The answer in pieces, ending before any text in `stop`; nothing more once it is cancelled.

        Raises:
            ValueError: the prompt leaves no room for the answer.
        """
        prompt, before_last = self._fitting(messages, max_tokens)
        held, decoder = "", codecs.getincrementaldecoder("utf-8")("replace")
        longest = max(map(len, stop), default=0)
        for token in self._generate(prompt, before_last, max_tokens, temperature):
            held += decoder.decode(self._model.detokenize([token]))
            ends = [held.index(mark) for mark in stop if mark in held]
            if ends:
                held = held[: min(ends)]
                break
            ready = len(held) - longest
            if ready > 0:
                yield held[:ready]
                held = held[ready:]
        if held:
            yield held

    def _fitting(self, messages: list[Message], max_tokens: int) -> tuple[list[int], int]:
        prompt, before_last = self.prompt(messages)
        self.read, self.written = len(prompt), 0
        needed, room = len(prompt) + max_tokens, self._model.n_ctx()
        if needed > room:
            raise ValueError(
                f"prompt and answer need {needed} tokens and the context has {room}; ask a shorter question, or raise DATELINE_CONTEXT"
            )
        return prompt, before_last

    def point(
        self, messages: list[Message], max_tokens: int, sentences: list[str], leanings: list[float]
    ) -> Iterator[str | list[float]]:
        """First the chances of the refusal, "[0]", and of each sentence, then the likeliest as "[n]" and words of it, a line for each.

        `leanings`, as many as there are chances, are added to the log-odds before the likeliest is chosen; the chances told are without them.

        Raises:
            ValueError: the prompt leaves no room for the answer, or there are more than nine sentences.
        """
        prompt, before_last = self._fitting(messages, max_tokens)
        digits = [token for n in range(len(sentences) + 1) for token in self._tokens(str(n), special=False)]
        if len(digits) != len(sentences) + 1 or len(digits) != len(leanings):
            raise ValueError("a reader points to one of at most nine sentences")
        spans = list(map(self.span, sentences))
        opening, closing, newline = (self._tokens(mark, special=False) for mark in ("[", "]", "\n"))
        left = dict(enumerate(digits))
        with self._abortable():
            self._read_beginning(prompt[:before_last])
            self._model.eval([*prompt[before_last:], *opening])
            logits = self._logits()
            yield probabilities(logits, digits)
            while True:
                n = max(left, key=lambda n: float(logits[left[n]]) + leanings[n])
                yield f"[{n}]"
                self._model.eval([left[n], *closing])
                words: list[int] = []
                while n and self.written < max_tokens and not self.cancelled:
                    self.written += 1
                    logits = self._logits()
                    allowed, may_end = spans[n - 1].next_tokens(words)
                    best = max(allowed, key=lambda token: float(logits[token]), default=None)
                    if best is None or (
                        may_end and max(logits[self._model.token_eos()], logits[newline[0]]) > logits[best]
                    ):
                        break
                    words.append(best)
                    self._model.eval([best])
                yield self._model.detokenize(words).decode("utf-8", "replace")
                # Only what was said of two days has two lines; none of them is the refusal, and no sentence is pointed to twice.
                left = {other: digit for other, digit in left.items() if other not in (0, n)}
                logits = self._logits()
                if (
                    not n
                    or not left
                    or self.written >= max_tokens
                    or self.cancelled
                    or logits[self._model.token_eos()] > logits[newline[0]]
                ):
                    return
                yield "\n"
                self._model.eval([*newline, *opening])
                logits = self._logits()

    def span(self, sentence: str) -> SentenceTokens:
        """What may be written of a sentence."""
        tokens = self._tokens(f" {sentence}", special=False)
        return SentenceTokens.of(tokens, [self._model.detokenize([token]) for token in tokens])

    def _logits(self) -> NDArray[np.float32]:
        """Of the next token, shape (vocabulary,); a copy, since the next step writes over it."""
        own = llama_cpp.llama_get_logits_ith(self._model.ctx, -1)
        return np.ctypeslib.as_array(own, shape=(self._model.n_vocab(),)).copy()

    def _generate(
        self, prompt: list[int], before_last: int, max_tokens: int, temperature: float
    ) -> Iterator[int]:
        with self._abortable():
            self._read_beginning(prompt[:before_last])
            for n, token in enumerate(
                self._model.generate(prompt[before_last:], temp=temperature, reset=False)
            ):
                if self.cancelled or llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
                    return
                self.written += 1
                yield token
                if n + 1 >= max_tokens:
                    return

    @contextmanager
    def _abortable(self) -> Iterator[None]:
        """An aborted decode leaves a half-filled cache behind; the next prompt starts from nothing."""
        try:
            yield
        except RuntimeError:
            self._beginning = []
            if not self.cancelled:
                raise

    def _read_beginning(self, tokens: list[int]) -> None:
        """Bring the model to the state after the part that questions share, read once.

        It is always read as one batch of its own: with llama-cpp-python's reuse of any common prefix, batches differ from call to
        call, and rounding with them, so that the same question got different answers.
        """
        if tokens and tokens == self._beginning:
            llama_cpp.llama_memory_seq_rm(llama_cpp.llama_get_memory(self._model.ctx), -1, len(tokens), -1)
            self._model.n_tokens = len(tokens)
            return
        self._beginning = []
        self._model.reset()
        self._model.eval(tokens)
        self._beginning = tokens


def main(path: str, context: str, threads: str, adapter: str | None = None) -> None:
    """Serve requests from standard input until it closes."""
    # llama.cpp and its libraries may write to file descriptor 1; the protocol keeps a descriptor of its own.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        reader = LoadedModel(path, int(context), int(threads), adapter)
    except (ValueError, RuntimeError, OSError) as error:
        _say(out, failed=str(error))
        return
    requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(reader, requests), daemon=True).start()
    _say(out, ready=reader.facts)
    while (request := requests.get()) is not None:
        reader.request = request["id"]
        _serve(reader, request, out)


def _listen(reader: LoadedModel, requests: "queue.SimpleQueue[dict[str, Any] | None]") -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "cancel" in request:
            reader.cancel_up_to = request["cancel"]
        else:
            requests.put(request)
    reader.cancel_up_to = sys.maxsize
    requests.put(None)


def _serve(reader: LoadedModel, request: dict[str, Any], out: TextIO) -> None:
    number = request["id"]
    try:
        if "count" in request:
            _say(out, id=number, done="counted", tokens=reader.count(request["count"]))
            return
        chat, most = request["messages"], request["max_tokens"]
        if "sentences" in request:
            told: Iterator[str | list[float]] = reader.point(
                chat, most, request["sentences"], request["leanings"]
            )
        else:
            told = reader.write(chat, most, request["temperature"], request["stop"])
        for piece in told:
            _say(out, id=number, **({"text": piece} if isinstance(piece, str) else {"chances": piece}))
        _say(
            out,
            id=number,
            done="cancelled" if reader.cancelled else "finished",
            read=reader.read,
            tokens=reader.written,
        )
    except (ValueError, RuntimeError, TemplateError) as error:
        _say(out, id=number, done="failed", why=str(error))


def _say(out: TextIO, **message: Any) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
