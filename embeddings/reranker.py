"""Question and windows of text -> how likely each sentence answers it, and with which of its words. Knows word pieces and weights, no news.

A cross-encoder: the packaged encoder's network with its layers trained anew (`training/RERANKER.md`). It reads the question with a headline and
a few sentences in a row, and tells each sentence's score from the states of its own word pieces, so that a sentence is read between its
neighbours. Where an answer starts and ends was part of its training, so it tells the words too. A score is a log-odds against "none of
these": near 0 the ranker is undecided. Only the changes of the layers are stored, as whole numbers of eight bits and a scale a row; word
embeddings and tokenizer are the encoder's own.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from embeddings.encoder import Encoder

WEIGHTS_FILE = Path(__file__).parent / "reranker.safetensors"
WEIGHTS_SHA256 = "329614500a1c22b3dbc304e6e92ac4a759075572f9da0e0fd377237f4a6c84b6"
TOKEN_LIMITS = {"question": 64, "headline": 32, "sentence": 96}
_CLS, _SEP, _MOST, _BATCH = 101, 102, 512, 16
_LONGEST = 18  # word pieces of an answer


class RerankerError(RuntimeError):
    """The ranker's weights are missing or are not those that Dateline was measured with."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences that stand in a row, under a headline (empty where there is none)."""

    headline: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the ranker thinks of one sentence: its score, the place of the words that would answer, and the chance of these among all its words."""

    score: float
    start: int
    end: int
    chance: float


@dataclass(frozen=True, slots=True)
class EncodedWindow:
    """Word pieces of a question with one window; `spans` are the sentences' places in `pieces`."""

    pieces: list[int]
    first_type: int
    spans: list[tuple[int, int]]

    @classmethod
    def of(
        cls, question: Sequence[int], headline: Sequence[int], sentences: Sequence[Sequence[int]]
    ) -> "EncodedWindow":
        """[CLS] question [SEP] headline [SEP] sentences [SEP]; what is too long is cut."""
        head = [*question[: TOKEN_LIMITS["question"]], _SEP, *headline[: TOKEN_LIMITS["headline"]], _SEP]
        pieces, spans = [_CLS, *head], []
        for sentence in sentences:
            start = len(pieces)
            pieces += sentence[: min(TOKEN_LIMITS["sentence"], _MOST - 1 - len(pieces))]
            spans.append((start, len(pieces)))
        return cls([*pieces, _SEP], len(head) + 1, spans)


class Network(torch.nn.Module):
    """The encoder's layers with a head on every word piece: the pooled score of a sentence, and where an answer starts and ends."""

    def __init__(self, body: torch.nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = torch.nn.Linear(384, 3)

    def forward(self, rows: Sequence[EncodedWindow]) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of all sentences in order, shape (sentences,), and the three logits of each piece, shape (rows, pieces, 3)."""
        device = self.head.weight.device
        longest = max(len(row.pieces) for row in rows)
        ids = torch.tensor([row.pieces + [0] * (longest - len(row.pieces)) for row in rows], device=device)
        types = torch.tensor(
            [[0] * row.first_type + [1] * (longest - row.first_type) for row in rows], device=device
        )
        states = self.body(
            input_ids=ids, token_type_ids=types, attention_mask=(ids != 0).long()
        ).last_hidden_state
        logits = self.head(states).float()
        sizes = [end - start for row in rows for start, end in row.spans]
        at = torch.tensor(
            [
                n * longest + i
                for n, row in enumerate(rows)
                for start, end in row.spans
                for i in range(start, end)
            ],
            device=device,
        )
        owner = torch.repeat_interleave(
            torch.arange(len(sizes), device=device), torch.tensor(sizes, device=device)
        )
        own = logits.reshape(-1, 3)[at]
        zeros = torch.zeros(len(sizes), device=device)
        pooled = zeros.index_add(0, owner, own[:, 0]) / torch.tensor(sizes, device=device).clamp(min=1)
        highest = zeros.scatter_reduce(0, owner, own[:, 1].detach(), "amax", include_self=False)
        starts = highest + zeros.index_add(0, owner, (own[:, 1] - highest[owner]).exp()).clamp(min=1e-9).log()
        return pooled + starts, logits


class Reranker:
    """Scores of sentences for a question, with the weights in `file`, which are changes of the encoder's."""

    def __init__(self, encoder: Encoder, file: Path = WEIGHTS_FILE) -> None:
        """Load the weights after checking their SHA-256.

        Raises:
            RankerError: the file is missing, damaged or another.
        """
        try:
            data = file.read_bytes()
            if sha256(data).hexdigest() != WEIGHTS_SHA256:
                raise RerankerError(
                    f"{file} is not the file that Dateline ships; restore it: git checkout -- {WEIGHTS_FILE.name}"
                )
            changes = load(data)
        except (OSError, SafetensorError) as error:
            raise RerankerError(f"{file}: {error}; restore it from Dateline's sources") from error
        self.encoder = encoder
        self._network = build_network(encoder)
        self._network.load_state_dict(apply_deltas(self._network.state_dict(), changes), strict=False)
        self._network.eval()

    def predict(self, question: str, windows: Sequence[Window]) -> list[list[Prediction]]:
        """A reading of each sentence of each window; scores are better when higher, and comparable between questions."""
        if not windows:
            return []
        texts = [question, *(text for window in windows for text in (window.headline, *window.sentences))]
        pieces = iter(self.encoder.tokenize_with_offsets(texts))
        asked, _ = next(pieces)
        rows, places = [], []
        for window in windows:
            (headline, _), told = next(pieces), [next(pieces) for _ in window.sentences]
            rows.append(EncodedWindow.of(asked, headline, [ids for ids, _ in told]))
            places.append([offsets for _, offsets in told])
        order = sorted(range(len(rows)), key=lambda n: len(rows[n].pieces))
        found: dict[int, list[Prediction]] = {}
        with torch.inference_mode():
            for first in range(0, len(order), _BATCH):
                chosen = order[first : first + _BATCH]
                scores, logits = self._network([rows[n] for n in chosen])
                given = iter(scores.tolist())
                for n, own in zip(chosen, logits, strict=True):
                    found[n] = [
                        Prediction(next(given), *_words(own[a:b], offsets))
                        for (a, b), offsets in zip(rows[n].spans, places[n], strict=True)
                    ]
        return [found[n] for n in range(len(rows))]


def _words(logits: torch.Tensor, offsets: Sequence[tuple[int, int]]) -> tuple[int, int, float]:
    """Where the likeliest answer of a sentence stands, and its chance among all of at most `_LONGEST` pieces; `logits` has shape (pieces, 3)."""
    if not len(logits):
        return 0, 0, 0.0
    spans = logits[:, 1, None] + logits[None, :, 2]
    told = torch.ones_like(spans).triu().tril(_LONGEST - 1)
    chances = spans.masked_fill(told == 0, -torch.inf).flatten().softmax(0)
    best = int(chances.argmax())
    start, end = divmod(best, len(logits))
    return offsets[start][0], offsets[end][1], float(chances[best])


def build_network(encoder: Encoder) -> Network:
    """The network as it is before training: the encoder's layers, copied, on the encoder's own word embeddings, which stay as they are."""
    body = encoder.body
    own = deepcopy(body, {id(body.embeddings): body.embeddings})
    own.register_module("pooler", None)  # not trained, and not used here
    return Network(own)


def quantise_deltas(
    before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The changes of the layers: matrices as int8 with a float32 scale a row, vectors and the head as float16. The inverse of `apply_deltas`."""
    kept: dict[str, torch.Tensor] = {}
    for name, value in after.items():
        if name.startswith("body.embeddings"):
            continue
        change = (value - (0 if name.startswith("head") else before[name])).float()
        if name.startswith("head") or change.dim() < 2:
            kept[name] = change.half()
        elif change.any():
            scale = (change.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-9)
            kept[name] = (change / scale).round().clamp(-127, 127).to(torch.int8)
            kept[f"{name}.scale"] = scale
    return kept


def apply_deltas(
    before: Mapping[str, torch.Tensor], kept: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The trained weights again, from the untrained ones and their changes."""
    return {
        name: (0 if name.startswith("head") else before[name])
        + change.float() * (kept[f"{name}.scale"] if change.dtype == torch.int8 else 1)
        for name, change in kept.items()
        if not name.endswith(".scale")
    }
