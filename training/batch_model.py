"""Run a GGUF model on several token sequences at once, which is faster than one after another."""

from collections.abc import Sequence
from ctypes import CFUNCTYPE, c_char_p, c_int, c_void_p, create_string_buffer
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import numpy as np
from langchain_core.messages import BaseMessage

CONTEXT, BATCH = 4096, 512
_ROLE = {"human": "user", "ai": "assistant", "system": "system"}


@dataclass
class TokenSequence:
    """A sequence of the model: its tokens so far, and the logits behind the last one."""

    id: int
    length: int = 0
    logits: np.ndarray | None = None


class BatchModel:
    """A GGUF model that reads several sequences at once, on one thread. A sequence may start as a copy."""

    def __init__(self, file: Path, sequences: int) -> None:
        llama_cpp.llama_log_set(_silent, None)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = CONTEXT, BATCH, BATCH
        params.n_seq_max, params.kv_unified = sequences, True
        params.n_threads = params.n_threads_batch = 1
        self._model = llama_cpp.llama_model_load_from_file(
            str(file).encode(), llama_cpp.llama_model_default_params()
        )
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._size = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self.tokens_read = 0

    def tokenize(self, text: str, special: bool = True) -> list[int]:
        data = text.encode()
        buffer = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(
            self._vocabulary, data, len(data), buffer, len(buffer), False, special
        )
        return list(buffer[:count])

    def text(self, tokens: Sequence[int]) -> str:
        pieces = []
        for token in tokens:
            buffer = create_string_buffer(128)
            size = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, 128, 0, False)
            pieces.append(buffer.raw[:size])
        return b"".join(pieces).decode("utf-8", "replace")

    def ends(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))

    def copy(self, source: TokenSequence, target: int) -> TokenSequence:
        llama_cpp.llama_memory_seq_rm(self._memory, target, -1, -1)
        llama_cpp.llama_memory_seq_cp(self._memory, source.id, target, -1, -1)
        return TokenSequence(target, source.length)

    def free(self, sequence: TokenSequence) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, sequence.id, -1, -1)

    def cut(self, sequence: TokenSequence, length: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, sequence.id, length, -1)
        sequence.length = length

    def read(self, work: Sequence[tuple[TokenSequence, Sequence[int]]]) -> None:
        """Append tokens to sequences, in as few batches as possible; each gets the logits behind its last."""
        queue = [
            (sequence, token, n == len(tokens) - 1)
            for sequence, tokens in work
            for n, token in enumerate(tokens)
        ]
        self.tokens_read += len(queue)
        for first in range(0, len(queue), BATCH):
            part = queue[first : first + BATCH]
            batch = llama_cpp.llama_batch_init(len(part), 0, 1)
            batch.n_tokens = len(part)
            for n, (sequence, token, last) in enumerate(part):
                batch.token[n], batch.pos[n], batch.n_seq_id[n] = token, sequence.length, 1
                batch.seq_id[n][0], batch.logits[n] = sequence.id, last
                sequence.length += 1
            code = llama_cpp.llama_decode(self._context, batch)
            if code:
                raise RuntimeError(f"llama_decode returned {code}")
            for n, (sequence, _, last) in enumerate(part):
                if last:
                    pointer = llama_cpp.llama_get_logits_ith(self._context, n)
                    sequence.logits = np.ctypeslib.as_array(pointer, shape=(self._size,)).copy()
            llama_cpp.llama_batch_free(batch)

    def read_fixed(self, sequence: TokenSequence, messages: Sequence[BaseMessage]) -> None:
        """Append whole messages to a sequence, as a prompt's fixed part."""
        text = "".join(turn(_ROLE[message.type], message.text) for message in messages)
        self.read([(sequence, self.tokenize(text))])

    def yes_over_no(self, logits: np.ndarray | None) -> float:
        """Return by how much "yes" is likelier than "no" as the next word, in either case, as log-odds."""
        assert logits is not None
        yes, no = (
            np.logaddexp.reduce(
                logits[[self.tokenize(form)[0] for form in (word, word.capitalize())]].astype(float)
            )
            for word in ("yes", "no")
        )
        return round(float(yes - no), 3)


def turn(role: str, text: str) -> str:
    """Return a message as Qwen's chat template has it."""
    return f"<|im_start|>{role}\n{text}<|im_end|>\n"


def asked(text: str) -> str:
    """Return a user's message, and the start of the answer to it."""
    return turn("user", text) + "<|im_start|>assistant\n"


@CFUNCTYPE(None, c_int, c_char_p, c_void_p)
def _silent(level: int, text: bytes, data: None) -> None:
    pass
