"""Score how likely each sentence answers a question, and find the words in it that do.

The reranker is a cross-encoder: the packaged encoder's transformer with retrained layers
(`training/RERANKER.md`). It reads a question with a headline and a window of consecutive sentences, and
scores each sentence from the states of its own tokens, so that a sentence is read in its context. It was also
trained to predict where an answer starts and ends. A score is a log-odds against "none of these": around 0
the reranker is undecided.

The weights file holds only the changes of the layers, as int8 with one scale per row. Token embeddings and
the tokenizer are the encoder's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from embeddings.encoder import Encoder
from embeddings.heap import return_freed_memory
from embeddings.precision import multiply_in_bfloat16

WEIGHTS_FILE = Path(__file__).parent / "reranker.safetensors"
WEIGHTS_SHA256 = "329614500a1c22b3dbc304e6e92ac4a759075572f9da0e0fd377237f4a6c84b6"
TOKEN_LIMITS = {"question": 64, "headline": 32, "sentence": 96}  # limits, as in its training
_CLS, _SEP = 101, 102  # special tokens of the encoder
_MAX_TOKENS = 512  # limit of the transformer
_BATCH_SIZE = 16  # limit on memory
_MAX_ANSWER_TOKENS = 18  # limit


class RerankerError(RuntimeError):
    """Raised when the reranker's weights are missing or are not the published ones."""


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive sentences of an article with its headline ("" if it has none)."""

    headline: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The reranker's output for one sentence.

    `score` is the log-odds that the sentence answers. Characters `start` to `end` of the sentence are the
    likeliest answer, and `probability` is its share among all spans of the sentence.
    """

    score: float
    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class EncodedWindow:
    """The token ids of a question with one window.

    The first `segment_start` tokens are of segment 0, the others of segment 1. `spans` are the (start, end)
    positions of the sentences in `tokens`.
    """

    tokens: list[int]
    segment_start: int
    spans: list[tuple[int, int]]

    @classmethod
    def build(
        cls, question: Sequence[int], headline: Sequence[int], sentences: Sequence[Sequence[int]]
    ) -> "EncodedWindow":
        """Return [CLS] question [SEP] headline [SEP] sentences [SEP], each part truncated to its limit."""
        head = [
            *question[: TOKEN_LIMITS["question"]],
            _SEP,
            *headline[: TOKEN_LIMITS["headline"]],
            _SEP,
        ]
        tokens, spans = [_CLS, *head], []
        for sentence in sentences:
            start = len(tokens)
            tokens += sentence[: min(TOKEN_LIMITS["sentence"], _MAX_TOKENS - 1 - len(tokens))]
            spans.append((start, len(tokens)))
        return cls([*tokens, _SEP], len(head) + 1, spans)


class Network(torch.nn.Module):
    """The encoder's transformer with a linear head of three outputs per token.

    The outputs of a token are a relevance logit and the logits that an answer starts and ends there.
    """

    def __init__(self, body: torch.nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = torch.nn.Linear(384, 3)

    def forward(self, windows: Sequence[EncodedWindow]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores of all sentences in order and the logits of all tokens.

        Their shapes are (sentences,) and (windows, tokens, 3).
        """
        logits = self._token_logits(windows)
        return self._sentence_scores(windows, logits), logits

    def _token_logits(self, windows: Sequence[EncodedWindow]) -> torch.Tensor:
        device = self.head.weight.device
        longest = max(len(window.tokens) for window in windows)
        ids = torch.tensor(
            [window.tokens + [0] * (longest - len(window.tokens)) for window in windows], device=device
        )
        segments = torch.tensor(
            [[0] * window.segment_start + [1] * (longest - window.segment_start) for window in windows],
            device=device,
        )
        states = self.body(
            input_ids=ids, token_type_ids=segments, attention_mask=(ids != 0).long()
        ).last_hidden_state
        logits: torch.Tensor = self.head(states).float()
        return logits

    def _sentence_scores(self, windows: Sequence[EncodedWindow], logits: torch.Tensor) -> torch.Tensor:
        """Return the mean relevance logit of each sentence plus the log-sum-exp of its start logits."""
        device, longest = logits.device, logits.shape[1]
        sizes = [end - start for window in windows for start, end in window.spans]
        positions = torch.tensor(
            [
                n * longest + i
                for n, window in enumerate(windows)
                for start, end in window.spans
                for i in range(start, end)
            ],
            device=device,
        )
        sentence_of = torch.repeat_interleave(
            torch.arange(len(sizes), device=device), torch.tensor(sizes, device=device)
        )
        tokens = logits.reshape(-1, 3)[positions]
        zeros = torch.zeros(len(sizes), device=device)
        sums = zeros.index_add(0, sentence_of, tokens[:, 0])
        means = sums / torch.tensor(sizes, device=device).clamp(min=1)
        highest = zeros.scatter_reduce(0, sentence_of, tokens[:, 1].detach(), "amax", include_self=False)
        exponentials = zeros.index_add(0, sentence_of, (tokens[:, 1] - highest[sentence_of]).exp())
        log_sum_exp = highest + exponentials.clamp(min=1e-9).log()
        return means + log_sum_exp


class Reranker:
    """The reranker of sentences, with the changes of the encoder's weights that `file` holds."""

    def __init__(self, encoder: Encoder, file: Path = WEIGHTS_FILE) -> None:
        """Load the weights after checking their SHA-256.

        Raises:
            RerankerError: The file is missing, damaged or not the published one.
        """
        self.encoder = encoder
        self._network = build_network(encoder)
        load_trained(self._network, load_deltas(file, WEIGHTS_SHA256, RerankerError))

    def predict(self, question: str, windows: Sequence[Window]) -> list[list[Prediction]]:
        """Return a prediction for each sentence of each window; scores are comparable between questions."""
        if not windows:
            return []
        encoded, offsets = self._encode(question, windows)
        # Windows of similar length share a batch, so that little is padded.
        order = sorted(range(len(encoded)), key=lambda n: len(encoded[n].tokens))
        predictions: dict[int, list[Prediction]] = {}
        self.encoder.set_threads()
        with torch.inference_mode():
            for first in range(0, len(order), _BATCH_SIZE):
                batch = order[first : first + _BATCH_SIZE]
                scores, logits = self._network([encoded[n] for n in batch])
                remaining = iter(scores.tolist())
                for n, own in zip(batch, logits, strict=True):
                    predictions[n] = [
                        Prediction(next(remaining), *_likeliest_answer(own[start:end], characters))
                        for (start, end), characters in zip(encoded[n].spans, offsets[n], strict=True)
                    ]
        return [predictions[n] for n in range(len(encoded))]

    def _encode(
        self, question: str, windows: Sequence[Window]
    ) -> tuple[list[EncodedWindow], list[list[list[tuple[int, int]]]]]:
        """Return the encoded windows, and the character offsets of each token of each of their sentences."""
        texts = [question, *(text for window in windows for text in (window.headline, *window.sentences))]
        tokenized = iter(self.encoder.tokenize_with_offsets(texts))
        question_tokens, _ = next(tokenized)
        encoded, offsets = [], []
        for window in windows:
            (headline, _), sentences = next(tokenized), [next(tokenized) for _ in window.sentences]
            encoded.append(
                EncodedWindow.build(question_tokens, headline, [tokens for tokens, _ in sentences])
            )
            offsets.append([characters for _, characters in sentences])
        return encoded, offsets


def _likeliest_answer(logits: torch.Tensor, offsets: Sequence[tuple[int, int]]) -> tuple[int, int, float]:
    """Return the start and end characters of the likeliest answer in a sentence, and its probability.

    `logits` has shape (tokens, 3), `offsets` holds the characters of each token.
    """
    if not len(logits):
        return 0, 0, 0.0
    spans = logits[:, 1, None] + logits[None, :, 2]
    allowed = torch.ones_like(spans).triu().tril(_MAX_ANSWER_TOKENS - 1)
    probabilities = spans.masked_fill(allowed == 0, -torch.inf).flatten().softmax(0)
    best = int(probabilities.argmax())
    start, end = divmod(best, len(logits))
    return offsets[start][0], offsets[end][1], float(probabilities[best])


def build_network(encoder: Encoder) -> Network:
    """Return the untrained network."""
    return Network(load_layers(encoder))


def load_layers(encoder: Encoder) -> torch.nn.Module:
    """Return the encoder's transformer in float32, with the encoder's own token embeddings."""
    body = encoder.load_transformer()
    body.register_module("pooler", None)  # neither trained nor used
    return body


def load_deltas(file: Path, digest: str, failure: type[RuntimeError]) -> dict[str, torch.Tensor]:
    """Return the changes of weights in a file; raise `failure` if its SHA-256 is not `digest`."""
    try:
        data = file.read_bytes()
        if sha256(data).hexdigest() != digest:
            raise failure(
                f"{file} is not the file that Dateline ships; restore it: git checkout -- {file.name}"
            )
        return load(data)
    except (OSError, SafetensorError) as error:
        raise failure(f"{file}: {error}; restore it from Dateline's sources") from error


def load_trained(network: torch.nn.Module, deltas: Mapping[str, torch.Tensor]) -> None:
    """Give a network its trained weights; its `body` multiplies in bfloat16 where the processor can.

    They are assigned one by one, not copied: the untrained ones are pages of the encoder's file, and each
    page that is written to would be held besides.
    """
    before = network.state_dict()
    multiply_in_bfloat16(network.get_submodule("body"))
    held = network.state_dict()
    for name, value in apply_deltas(before, deltas):
        network.load_state_dict({name: value.to(held[name].dtype)}, strict=False, assign=True)
    network.eval()
    del before, held
    return_freed_memory()


def quantise_deltas(
    before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return the changes of the weights in training, quantised; the inverse of `apply_deltas`.

    Matrices become int8 with a float32 scale per row, vectors and the head float16.
    """
    deltas: dict[str, torch.Tensor] = {}
    for name, value in after.items():
        if name.startswith("body.embeddings"):
            continue
        change = (value - (0 if name.startswith("head") else before[name])).float()
        if name.startswith("head") or change.dim() < 2:
            deltas[name] = change.half()
        elif change.any():
            scale = (change.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-9)
            deltas[name] = (change / scale).round().clamp(-127, 127).to(torch.int8)
            deltas[f"{name}.scale"] = scale
    return deltas


def apply_deltas(
    before: Mapping[str, torch.Tensor], deltas: Mapping[str, torch.Tensor]
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the names and trained weights, from the untrained ones and their quantised changes."""
    for name, change in deltas.items():
        if not name.endswith(".scale"):
            scale = deltas[f"{name}.scale"] if change.dtype == torch.int8 else 1
            yield name, (0 if name.startswith("head") else before[name]) + change.float() * scale
