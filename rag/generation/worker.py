"""The child process that runs a GGUF model.

It is started by `rag.generation.model_process` and may crash without harm. Requests and answers are JSON
lines:

    in   {"id", "messages", "max_tokens", "temperature", "stop"}        generate text
         {"id", "messages", "max_tokens", "sentences", "logit_bias"}    extract an answer
                                                                        (`rag.generation.decoding`)
         {"id", "messages", "endings", "choices"}        compare words that an answer begins with
         {"id", "count"}                         count the tokens of a text
         {"cancel": id}                          stop this request and all before it
    out  {"ready": {...}} or {"failed": why}     once, at the start
         {"id", "probabilities"}                 once, before an extracted answer; for each ending
         {"id", "text"}                          each piece of an answer
         {"id", "done": why, "read", "tokens"}   the tokens of the prompt, and those written
"""

import codecs
import ctypes
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
from numpy.typing import NDArray

from rag.generation.chat_template import ChatTemplate, Message
from rag.generation.decoding import SentenceTokens, probabilities

_MAX_SAVED_BYTES = 100_000_000  # limit: of saved states; a model of 1.5B has 28 kB a token


class LoadedModel:
    """A loaded GGUF model, with or without an adapter. Not thread-safe, except for `cancel_up_to`."""

    def __init__(self, path: str, context: int, threads: int, adapter: str | None = None) -> None:
        self._model = llama_cpp.Llama(
            path, n_ctx=context, n_threads=threads, n_threads_batch=threads, lora_path=adapter, verbose=False
        )
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model.model)
        self.chat = ChatTemplate(self._model)
        self._cached_prefix: list[int] = []  # the beginning of the last prompt, whose state is kept
        self._saved: dict[tuple[int, ...], bytes] = {}  # states behind earlier prefixes, the latest last
        # Request ids ascend; all up to `cancel_up_to` are cancelled, even those that are still in the queue.
        self.request, self.cancel_up_to = 0, -1
        self.tokens_read, self.tokens_written = 0, 0  # of the last request
        # llama.cpp calls this between graph nodes, so that reading a long prompt can be cancelled too. The
        # object must outlive the context.
        self._abort = llama_cpp.ggml_abort_callback(lambda _: self.cancelled)
        llama_cpp.llama_set_abort_callback(self._model.ctx, self._abort, None)

    @property
    def cancelled(self) -> bool:
        """Whether the current request is cancelled."""
        return self.request <= self.cancel_up_to

    @property
    def info(self) -> dict[str, Any]:
        """The model's own name and the size of its context in tokens."""
        return {"name": self._model.metadata.get("general.name", ""), "context": self._model.n_ctx()}

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self.chat.plain_tokens(text))

    def generate(
        self, messages: list[Message], max_tokens: int, temperature: float, stop: list[str]
    ) -> Iterator[str]:
        """Yield the answer in pieces; it ends before any text in `stop`, and when it is cancelled.

        Raises:
            ValueError: Prompt and answer do not fit into the context.
        """
        prompt, before_last = self._checked_prompt(messages, max_tokens)
        pending, decoder = "", codecs.getincrementaldecoder("utf-8")("replace")
        longest_stop = max(map(len, stop), default=0)  # text of this length may be the beginning of a stop
        for token in self._generate_tokens(prompt, before_last, max_tokens, temperature):
            pending += decoder.decode(self._model.detokenize([token]))
            ends = [pending.index(text) for text in stop if text in pending]
            if ends:
                pending = pending[: min(ends)]
                break
            ready = len(pending) - longest_stop
            if ready > 0:
                yield pending[:ready]
                pending = pending[ready:]
        if pending:
            yield pending

    def _checked_prompt(self, messages: list[Message], max_tokens: int) -> tuple[list[int], int]:
        prompt, before_last = self.chat.prompt(messages)
        self.tokens_read, self.tokens_written = len(prompt), 0
        needed, available = len(prompt) + max_tokens, self._model.n_ctx()
        if needed > available:
            raise ValueError(
                f"prompt and answer need {needed} tokens and the context has {available}; "
                "ask a shorter question, or raise DATELINE_CONTEXT"
            )
        return prompt, before_last

    def _generate_tokens(
        self, prompt: list[int], before_last: int, max_tokens: int, temperature: float
    ) -> Iterator[int]:
        with self._abortable():
            self._read_prefix(prompt[:before_last])
            tokens = self._model.generate(prompt[before_last:], temp=temperature, reset=False)
            for n, token in enumerate(tokens):
                if self.cancelled or llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
                    return
                self.tokens_written += 1
                yield token
                if n + 1 >= max_tokens:
                    return

    def extract(
        self, messages: list[Message], max_tokens: int, sentences: list[str], logit_bias: list[float]
    ) -> Iterator[str | list[float]]:
        """Yield the probabilities of a refusal, "[0]", and of each sentence, then the answer, "[n] words".

        `logit_bias` has a value for each of these options, which is added to its logit before the likeliest
        is chosen; the probabilities are without it. An answer for two days has two lines.

        Raises:
            ValueError: Prompt and answer do not fit into the context, or there are more than nine sentences.
        """
        prompt, before_last = self._checked_prompt(messages, max_tokens)
        numbers = [token for n in range(len(sentences) + 1) for token in self.chat.plain_tokens(str(n))]
        if len(numbers) != len(sentences) + 1 or len(numbers) != len(logit_bias):
            raise ValueError("an answer can be extracted from at most nine sentences")
        options = [self.sentence_tokens(sentence) for sentence in sentences]
        opening, closing, newline = (self.chat.plain_tokens(mark) for mark in ("[", "]", "\n"))
        remaining = dict(enumerate(numbers))
        with self._abortable():
            self._read_prefix(prompt[:before_last])
            self._model.eval([*prompt[before_last:], *opening])
            logits = self._logits()
            yield probabilities(logits, numbers)
            while True:
                n = max(remaining, key=lambda n: float(logits[remaining[n]]) + logit_bias[n])
                yield f"[{n}]"
                self._model.eval([remaining[n], *closing])
                words = self._extract_words(options[n - 1], newline[0], max_tokens) if n else []
                yield self._model.detokenize(words).decode("utf-8", "replace")
                # No further line is a refusal, and none is from a sentence that was chosen before.
                remaining = {other: token for other, token in remaining.items() if other not in (0, n)}
                if not n or not remaining or self._answer_ends(newline[0], max_tokens):
                    return
                yield "\n"
                self._model.eval([*newline, *opening])
                logits = self._logits()

    def compare(
        self, messages: list[Message], endings: list[str], choices: list[str]
    ) -> Iterator[list[float]]:
        """Yield, for each ending of the last message, the probabilities of the choices among all tokens.

        A choice stands for its first token. What the endings share is read once.

        Raises:
            ValueError: The prompt does not fit into the context, or two choices begin with the same token.
        """
        firsts = [self.chat.plain_tokens(choice)[0] for choice in choices]
        if len(set(firsts)) < len(firsts):
            raise ValueError(f"two of {', '.join(choices)} begin with the same token; compare other words")
        *before, last = messages
        chats = [[*before, {**last, "content": last["content"] + ending}] for ending in endings]
        prompts, starts = zip(*(self._checked_prompt(chat, max_tokens=1) for chat in chats), strict=True)
        shortest = min(map(len, prompts))
        differing = (n for n in range(shortest) if len({prompt[n] for prompt in prompts}) > 1)
        shared = next(differing, shortest - 1)
        with self._abortable():
            self._read_prefix(prompts[0][: starts[0]])
            self._model.eval(prompts[0][starts[0] : shared])
            for prompt in prompts:
                self._model.n_tokens = shared  # the next evaluation forgets what is behind it
                self._model.eval(prompt[shared:])
                everything = probabilities(self._logits(), range(self._model.n_vocab()))
                yield [everything[token] for token in firsts]

    def _extract_words(self, sentence: SentenceTokens, newline: int, max_tokens: int) -> list[int]:
        """Return the likeliest run of whole words of a sentence, until the model prefers to end the line."""
        words: list[int] = []
        while self.tokens_written < max_tokens and not self.cancelled:
            self.tokens_written += 1
            logits = self._logits()
            allowed, may_end = sentence.next_tokens(words)
            best = max(allowed, key=lambda token: float(logits[token]), default=None)
            end = max(logits[self._model.token_eos()], logits[newline])
            if best is None or (may_end and end > logits[best]):
                break
            words.append(best)
            self._model.eval([best])
        return words

    def _answer_ends(self, newline: int, max_tokens: int) -> bool:
        if self.tokens_written >= max_tokens or self.cancelled:
            return True
        logits = self._logits()
        return bool(logits[self._model.token_eos()] > logits[newline])

    def sentence_tokens(self, sentence: str) -> SentenceTokens:
        """Return the tokens of a sentence with its word boundaries."""
        tokens = self.chat.plain_tokens(f" {sentence}")
        return SentenceTokens.build(tokens, [self._model.detokenize([token]) for token in tokens])

    def _logits(self) -> NDArray[np.float32]:
        """Return a copy of the next token's logits, shape (vocabulary,); the next step overwrites them."""
        pointer = llama_cpp.llama_get_logits_ith(self._model.ctx, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._model.n_vocab(),)).copy()

    @contextmanager
    def _abortable(self) -> Iterator[None]:
        """Suppress the error of a cancelled request, and clear the cache that it leaves half-filled."""
        try:
            yield
        except RuntimeError:
            self._cached_prefix = []
            if not self.cancelled:
                raise

    def _read_prefix(self, tokens: list[int]) -> None:
        """Bring the model to the state after the part of a prompt that questions share; read it only once.

        It is always read as one batch of its own. With llama-cpp-python's reuse of any common prefix, batches
        differ from call to call, and rounding with them, so that the same question got different answers.
        """
        context, key = self._model.ctx, tuple(tokens)
        if tokens and tokens == self._cached_prefix:
            llama_cpp.llama_memory_seq_rm(llama_cpp.llama_get_memory(context), -1, len(tokens), -1)
            self._model.n_tokens = len(tokens)
            return
        self._cached_prefix = []
        self._model.reset()
        saved = self._saved.pop(key, b"")
        data = (ctypes.c_uint8 * len(saved)).from_buffer_copy(saved)
        if saved and llama_cpp.llama_state_seq_set_data(context, data, len(saved), 0):
            self._model.n_tokens = len(tokens)
        else:
            self._model.eval(tokens)
            saved = self._state()
        self._saved[key] = saved
        while sum(map(len, self._saved.values())) > _MAX_SAVED_BYTES:
            del self._saved[next(iter(self._saved))]
        self._cached_prefix = tokens

    def _state(self) -> bytes:
        """Return the state behind the tokens that were read."""
        size = llama_cpp.llama_state_seq_get_size(self._model.ctx, 0)
        data = (ctypes.c_uint8 * size)()
        llama_cpp.llama_state_seq_get_data(self._model.ctx, data, size, 0)
        return bytes(data)


def main(path: str, context: str, threads: str, adapter: str | None = None) -> None:
    """Serve requests from standard input until it closes."""
    # llama.cpp may write to file descriptor 1, so the protocol gets a descriptor of its own.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        model = LoadedModel(path, int(context), int(threads), adapter)
    except (ValueError, RuntimeError, OSError) as error:
        _send(out, failed=str(error))
        return
    requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(model, requests), daemon=True).start()
    _send(out, ready=model.info)
    while (request := requests.get()) is not None:
        model.request = request["id"]
        _serve(model, request, out)


def _read_requests(model: LoadedModel, requests: "queue.SimpleQueue[dict[str, Any] | None]") -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "cancel" in request:
            model.cancel_up_to = request["cancel"]
        else:
            requests.put(request)
    model.cancel_up_to = sys.maxsize
    requests.put(None)


def _serve(model: LoadedModel, request: dict[str, Any], out: TextIO) -> None:
    number = request["id"]
    try:
        if "count" in request:
            _send(out, id=number, done="counted", tokens=model.count(request["count"]))
            return
        for piece in _pieces(model, request):
            _send(out, id=number, **({"text": piece} if isinstance(piece, str) else {"probabilities": piece}))
        done = "cancelled" if model.cancelled else "finished"
        _send(out, id=number, done=done, read=model.tokens_read, tokens=model.tokens_written)
    except (ValueError, RuntimeError, TemplateError) as error:
        _send(out, id=number, done="failed", why=str(error))


def _pieces(model: LoadedModel, request: dict[str, Any]) -> Iterator[Any]:
    messages = request["messages"]
    if "choices" in request:
        return model.compare(messages, request["endings"], request["choices"])
    max_tokens = request["max_tokens"]
    if "sentences" in request:
        return model.extract(messages, max_tokens, request["sentences"], request["logit_bias"])
    return model.generate(messages, max_tokens, request["temperature"], request["stop"])


def _send(out: TextIO, **message: Any) -> None:
    out.write(json.dumps(message) + "\n")
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
