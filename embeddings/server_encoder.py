"""Vectors of passages and questions from an OpenAI-compatible server (`/v1/embeddings`)."""

from collections.abc import Sequence

import numpy as np
import openai
from langchain_openai import OpenAIEmbeddings
from numpy.typing import NDArray
from pydantic import SecretStr

from embeddings.encoder import CANARIES, Encoder, EncoderError, Fingerprint
from embeddings.server_errors import why_failed

_BATCH_SIZE = 32  # limit: texts of one request; Hugging Face's server takes no more unless it is set to
_ATTEMPTS, _SECONDS, _CONNECT_SECONDS = 3, 60.0, 5.0  # limits of a request
SETTING = "DATELINE_ENCODER"


class ServerEncoder(Encoder):
    """An encoder whose search vectors come from a server; all else is the packaged encoder's.

    Sentences of evidence are still compared by the packaged encoder, as weights and thresholds are fitted
    to it, and passages are cut by its tokens, of which they have at most 254. Requests that fail in passing
    are made again by the client, with pauses.

    Args:
        name: the model's name on the server.
        address: such as http://127.0.0.1:8000/v1.
        shown: the address as errors may name it, without credentials.
        key: the server's key.
        threads: of the packaged encoder.

    Raises:
        EncoderError: the server gives no vectors; the message says why.
    """

    def __init__(self, name: str, address: str, shown: str, key: str, threads: int = 1) -> None:
        super().__init__(threads)
        self._name, self._shown = name, shown
        self._client = OpenAIEmbeddings(
            model=name,
            base_url=address,
            api_key=SecretStr(key),
            check_embedding_ctx_length=False,  # it would send OpenAI's tokens in place of the text
            chunk_size=_BATCH_SIZE,
            max_retries=_ATTEMPTS - 1,
            timeout=openai.Timeout(_SECONDS, connect=_CONNECT_SECONDS),
        )
        self._dimension = 0
        self._dimension = self._search_vectors([CANARIES[0]]).shape[1]

    @property
    def dimension(self) -> int:
        """The number of values in a search vector."""
        return self._dimension

    @property
    def fingerprint(self) -> Fingerprint:
        """What identifies the model beside the vectors that it made; its weights are not known here."""
        rows = tuple(tuple(map(float, row)) for row in self._search_vectors(CANARIES))
        return Fingerprint(self._name, "", self.dimension, True, rows)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), dimension) to search with.

        Raises:
            EncoderError: the server cannot answer; the next question may work again.
        """
        return self._search_vectors(texts)

    def encode_in_background(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of passages, of shape (len(texts), dimension).

        Raises:
            EncoderError: the server cannot answer.
        """
        return self._search_vectors(texts)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the search vectors of several texts, as langchain asks for them."""
        return [list(map(float, row)) for row in self._search_vectors(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Return the search vector of one text, as langchain asks for it."""
        return list(map(float, self._search_vectors([text])[0]))

    def _search_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not len(texts):
            return np.empty((0, self.dimension), np.float32)
        server = f"the embedding server at {self._shown}"
        try:
            rows = np.array(self._client.embed_documents(list(texts)), np.float32)
        except (openai.OpenAIError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise EncoderError(why_failed(error, server, self._name, SETTING)) from error
        lengths = np.linalg.norm(rows, axis=1, keepdims=True) if rows.ndim == 2 else np.zeros(1)
        expected = (len(texts), self._dimension or rows.shape[-1])
        if rows.shape != expected or not np.isfinite(lengths).all() or not (lengths > 0).all():
            raise EncoderError(
                f"{server} gave vectors of shape {rows.shape} where {expected} was expected, or empty ones; "
                f"correct {SETTING}"
            )
        return np.asarray(rows / lengths, np.float32)
