"""A local GGUF model as a langchain chat model."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from rag import limits
from rag.generation.model_process import ModelProcess, OnUsage

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


def _message(piece: str | list[float]) -> AIMessageChunk:
    if isinstance(piece, str):
        return AIMessageChunk(content=piece)
    return AIMessageChunk(content="", response_metadata={"probabilities": piece})


class LocalChatModel(BaseChatModel):
    """langchain's chat model over a `ModelProcess`.

    Decoding is greedy unless `temperature` is given. With `sentences` and `logit_bias` it writes what
    `ModelProcess.extract` does; with `endings` and `choices` nothing, as it only compares these
    (`ModelProcess.compare`). In both cases probabilities are in the `response_metadata` of chunks.
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
        if "choices" in options:
            return self._process.compare(chat, options["endings"], options["choices"], on_usage)
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
