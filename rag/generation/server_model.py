"""A model behind an OpenAI-compatible server (vLLM, llama.cpp's server, Ollama) as a langchain chat model."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from math import log
from typing import Any, Self, TypeVar

import openai
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import PrivateAttr, SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from embeddings.server_errors import why_failed
from rag import limits
from rag.generation.decoding import EXCLUDED
from rag.generation.guided import GUIDES, Abilities, number_grammar, number_probabilities, words_grammar
from rag.generation.model_process import ModelError
from rag.settings import without_credentials

_PROBE, _PROBE_GRAMMAR, _PROBED = "Say hello.", 'root ::= "[7]"', "[7]"

_NUMBER_TOKENS = 4  # limit: of "[n]", however it is split into tokens
_LEAST_PROBABILITY = 1e-9  # limit: of a number that is not among the likeliest tokens
_REFUSALS = (400, 422)  # what servers answer to a field that they do not know
_FAILURES = (*_REFUSALS, 500, 501)  # and to one that they know and cannot serve
_NEW_LIMIT = "max_completion_tokens"  # what OpenAI's newer models want in place of max_tokens
_T = TypeVar("_T")
_back_off = wait_random_exponential(multiplier=0.5, max=limits.SERVER_RETRY_SECONDS)


class ServerChatModel(BaseChatOpenAI):
    """langchain-openai's chat model, which raises `ModelError` with the remedy whatever the server does.

    A request that fails in passing (no connection, 429, 5xx) is made again, with longer and longer pauses;
    one that takes too long is not. Closing a stream closes its connection, by which servers stop the model.

    With `sentences` and `logit_bias` it writes what `LocalChatModel` does with them, as far as the server
    can: the number of a sentence first, chosen by its probability and bias, then words of that sentence
    alone. What it can (`Abilities`) is found out at the first such question. Where it cannot be guided, the
    model writes freely, and where it gives no probabilities there are none in the answer.
    """

    _abilities: Abilities | None = PrivateAttr(default=None)
    _limit_name: str = PrivateAttr(default="max_tokens")

    @classmethod
    def open(cls, name: str, address: str, key: str) -> Self:
        """Return the model `name` of the server at `address`, such as http://127.0.0.1:8000/v1."""
        return cls(
            model=name,
            base_url=address,
            api_key=SecretStr(key),
            temperature=0,
            max_tokens=limits.MAX_ANSWER_TOKENS,
            timeout=openai.Timeout(limits.ANSWER_TIMEOUT_SECONDS, connect=limits.CONNECT_TIMEOUT_SECONDS),
            max_retries=0,  # the client would repeat what took too long
            stream_usage=True,
        )

    @property
    def address(self) -> str:
        """The server's address without what others should not see."""
        return without_credentials(str(self.openai_api_base))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        if "sentences" in kwargs:
            yield from self._extract(messages, run_manager, **kwargs)
        else:
            yield from self._write(messages, stop, run_manager, kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self._explained():
            return self._retried(lambda: super(ServerChatModel, self)._generate(messages, stop, **kwargs))

    def _write(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: CallbackManagerForLLMRun | None,
        options: dict[str, Any],
    ) -> Iterator[ChatGenerationChunk]:
        """Yield what the model writes; a stream that ends without saying why it ends was broken off."""
        deadline = time.monotonic() + limits.ANSWER_TIMEOUT_SECONDS
        finished = False
        with self._explained():
            first, chunks = self._retried(lambda: self._begin(messages, stop, run_manager, options))
        chunk: ChatGenerationChunk | None = first
        while chunk is not None:
            finished = finished or bool((chunk.generation_info or {}).get("finish_reason"))
            yield chunk
            if time.monotonic() > deadline:
                chunks.close()
                raise ModelError(f"{self._server} took too long; ask again, or have it run a smaller model")
            with self._explained(begun=True):
                chunk = next(chunks, None)
        if not finished:
            raise ModelError(self._broken_off() if first else self._why(ValueError("an empty stream")))

    def _begin(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: CallbackManagerForLLMRun | None,
        options: dict[str, Any],
    ) -> tuple[ChatGenerationChunk | None, Generator[ChatGenerationChunk, None, None]]:
        """Return the first chunk of an answer, None if there is none, and the rest."""
        chunks: Any = super()._stream(messages, stop, run_manager, **options)
        return next(chunks, None), chunks

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)
        if "max_tokens" in payload:
            payload[self._limit_name] = payload.pop("max_tokens")
        return payload

    def _extract(
        self,
        messages: list[BaseMessage],
        run_manager: CallbackManagerForLLMRun | None,
        sentences: list[str],
        logit_bias: list[float],
        **options: Any,
    ) -> Iterator[ChatGenerationChunk]:
        """Yield the probabilities of a refusal and of each sentence, where there are any, then an answer."""
        with self._explained():
            abilities = self._abilities = self._abilities or self._retried(self._probe)
        numbered = self._generate(
            messages,
            max_tokens=_NUMBER_TOKENS,
            **abilities.request(number_grammar([n for n, bias in enumerate(logit_bias) if bias > EXCLUDED])),
        )
        number, probabilities = self._number(numbered, abilities, logit_bias)
        if probabilities:
            metadata = {"probabilities": probabilities}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=metadata))
        if abilities.guide and number == 0:
            yield ChatGenerationChunk(message=AIMessageChunk(content="[0]"))
            return
        guided = Abilities(guide=abilities.guide if number is not None else "")
        grammar = words_grammar(sentences, number) if number else ""
        yield from self._write(messages, None, run_manager, {**options, **guided.request(grammar)})

    def _number(
        self, numbered: ChatResult, abilities: Abilities, logit_bias: list[float]
    ) -> tuple[int | None, list[float]]:
        """Return the number to write, None if it is not known, and the probabilities of all numbers."""
        logprobs = _info(numbered).get("logprobs") or {}
        found = number_probabilities(logprobs.get("content") or [], len(logit_bias))
        if found:
            scores = [
                log(max(share, _LEAST_PROBABILITY)) + bias
                for share, bias in zip(found, logit_bias, strict=True)
            ]
            return scores.index(max(scores)), found
        written = numbered.generations[0].text.strip("[] \n")
        return (int(written) if abilities.guide and written.isdecimal() else None), []

    def _probe(self) -> Abilities:
        """Find out what the server can do, by what it does: some ignore the fields that they do not know."""
        logprobs = self._tries(Abilities(logprobs=True), "")
        given = bool(logprobs and _info(logprobs).get("logprobs"))
        for guide in GUIDES:
            guided = self._tries(Abilities(guide=guide), _PROBE_GRAMMAR)
            if guided and guided.generations[0].text.strip() == _PROBED:
                return Abilities(given, guide)
        return Abilities(given)

    def _tries(self, abilities: Abilities, grammar: str) -> ChatResult | None:
        """Return the answer to a request that needs these abilities, None where the server refuses it."""
        try:
            return super()._generate(
                [HumanMessage(_PROBE)], max_tokens=_NUMBER_TOKENS, **abilities.request(grammar)
            )
        except openai.APIStatusError as error:
            if error.status_code not in _FAILURES:
                raise
            return None

    def _retried(self, request: Callable[[], _T]) -> _T:
        retrying = Retrying(
            stop=stop_after_attempt(limits.SERVER_ATTEMPTS),
            wait=_wait,
            retry=retry_if_exception(_passes),
            reraise=True,
        )
        found: _T = retrying(self._adapted, request)
        return found

    def _adapted(self, request: Callable[[], _T]) -> _T:
        """Make a request; one that is refused for a field is made without it, from then on.

        Some servers cannot count tokens (`stream_options`), and OpenAI's own limit has got another name.
        """
        counted = self.stream_usage
        while True:
            try:
                return request()
            except openai.APIStatusError as error:
                refused = error.status_code in _REFUSALS
                if refused and _NEW_LIMIT in error.message and self._limit_name != _NEW_LIMIT:
                    self._limit_name = _NEW_LIMIT
                elif refused and self.stream_usage:
                    self.stream_usage = False
                else:
                    self.stream_usage = counted  # that was not the reason
                    raise

    @contextmanager
    def _explained(self, begun: bool = False) -> Iterator[None]:
        """Raise `ModelError` for what the client raises; `begun` says that part of an answer has arrived."""
        try:
            yield
        except openai.APITimeoutError as error:
            raise ModelError(self._why(error)) from error
        except openai.APIConnectionError as error:
            # What answers there next may be another server.
            self._abilities, self._limit_name, self.stream_usage = None, "max_tokens", True
            raise ModelError(self._broken_off() if begun else self._why(error)) from error
        except (openai.OpenAIError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ModelError(self._why(error)) from error

    def _why(self, error: Exception) -> str:
        return why_failed(error, self._server, self.model_name, "DATELINE_MODEL")

    @property
    def _server(self) -> str:
        return f"the model server at {self.address}"

    def _broken_off(self) -> str:
        return f"{self._server} broke off its answer; see that it runs, and ask again"


def _info(result: ChatResult) -> dict[str, Any]:
    return result.generations[0].generation_info or {}


def _passes(error: BaseException) -> bool:
    """Return True for an error that may be gone the next time."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in (409, 429) or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)


def _wait(state: RetryCallState) -> float:
    """Return how long to wait before the next attempt: what the server asks for, within the limit."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.response.headers.get("retry-after", "") if isinstance(error, openai.APIStatusError) else ""
    if asked.isdecimal():
        return min(float(asked), limits.SERVER_RETRY_SECONDS)
    return _back_off(state)
