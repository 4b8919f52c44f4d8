"""Score how likely the sentences of an article support a statement that answers a question.

The model is a cross-encoder like `embeddings.reranker`: the packaged encoder's transformer with retrained
layers (`training/SUPPORT.md`). It reads question and statement as one segment, headline and sentences as the
other, and returns one log-odds. The statement may be a sentence or only the words that answer.

The weights file holds only the changes of the layers, as int8 with one scale per row. Token embeddings and
the tokenizer are the encoder's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from embeddings.encoder import Encoder
from embeddings.reranker import load_deltas, load_layers, load_trained

WEIGHTS_FILE = Path(__file__).parent / "support.safetensors"
WEIGHTS_SHA256 = "4ee774a2564c13620179b3fc7b3a439bda0e12d091e9785b9d8e1dfcde9456ef"
TOKEN_LIMITS = {"question": 64, "statement": 80, "headline": 32}  # limits, as in its training
MAX_TOKENS = 320  # limit, as in its training
_CLS, _SEP = 101, 102  # special tokens of the encoder
_BATCH_SIZE = 16  # limit on memory


class SupportModelError(RuntimeError):
    """Raised when the weights are missing or are not the published ones."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that answers a question, and the sentences that may support it, under their headline."""

    question: str
    statement: str
    headline: str
    source: str


@dataclass(frozen=True, slots=True)
class EncodedClaim:
    """The token ids of a claim.

    The first `segment_start` are of segment 0, those from `start` to `end` are its statement.
    """

    tokens: list[int]
    segment_start: int
    start: int
    end: int

    @classmethod
    def build(
        cls,
        question: Sequence[int],
        statement: Sequence[int],
        headline: Sequence[int],
        source: Sequence[int],
    ) -> "EncodedClaim":
        """Return [CLS] question [SEP] statement [SEP] headline [SEP] source [SEP], each truncated."""
        tokens = [_CLS, *question[: TOKEN_LIMITS["question"]], _SEP]
        start = len(tokens)
        tokens += statement[: TOKEN_LIMITS["statement"]]
        end = len(tokens)
        segment_start = end + 1
        tokens += [_SEP, *headline[: TOKEN_LIMITS["headline"]], _SEP]
        tokens += source[: MAX_TOKENS - 1 - len(tokens)]
        return cls([*tokens, _SEP], segment_start, start, end)


class SupportNetwork(torch.nn.Module):
    """The encoder's transformer with a linear head of two outputs per token of the statement.

    A statement is as good as its words together, the first output, and as bad as its worst word, the second.
    """

    def __init__(self, body: torch.nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = torch.nn.Linear(384, 2)

    def forward(self, claims: Sequence[EncodedClaim]) -> torch.Tensor:
        """Return the log-odds of support of each claim, shape (claims,)."""
        device = self.head.weight.device
        longest = max(len(claim.tokens) for claim in claims)
        ids = torch.tensor(
            [claim.tokens + [0] * (longest - len(claim.tokens)) for claim in claims], device=device
        )
        positions = torch.arange(longest, device=device)[None]
        starts, ends, segments_start = (
            torch.tensor([[getattr(claim, name)] for claim in claims], device=device)
            for name in ("start", "end", "segment_start")
        )
        states = self.body(
            input_ids=ids,
            token_type_ids=(positions >= segments_start).long(),
            attention_mask=(ids != 0).long(),
        ).last_hidden_state
        logits = self.head(states).float()
        inside = (positions >= starts) & (positions < ends.clamp(min=starts + 1))
        mean = (logits[..., 0] * inside).sum(1) / inside.sum(1)
        worst = logits[..., 1].masked_fill(~inside, -torch.inf).logsumexp(1)
        score: torch.Tensor = mean - worst
        return score


class SupportModel:
    """The model of support, with the changes of the encoder's weights that `file` holds."""

    def __init__(self, encoder: Encoder, file: Path = WEIGHTS_FILE) -> None:
        """Load the weights after checking their SHA-256.

        Raises:
            SupportModelError: The file is missing, damaged or not the published one.
        """
        self._encoder = encoder
        self._network = SupportNetwork(load_layers(encoder))
        load_trained(self._network, load_deltas(file, WEIGHTS_SHA256, SupportModelError))

    def score(self, claims: Sequence[Claim]) -> list[float]:
        """Return the log-odds that each claim's source supports its statement; around 0 it is undecided."""
        encoded = encode_claims(self._encoder, claims)
        order = sorted(range(len(encoded)), key=lambda n: len(encoded[n].tokens))
        scores = [0.0] * len(encoded)
        self._encoder.set_threads()
        with torch.inference_mode():
            for first in range(0, len(order), _BATCH_SIZE):
                batch = order[first : first + _BATCH_SIZE]
                for n, score in zip(batch, self._network([encoded[n] for n in batch]).tolist(), strict=True):
                    scores[n] = score
        return scores


def encode_claims(encoder: Encoder, claims: Sequence[Claim]) -> list[EncodedClaim]:
    """Return the token ids of claims."""
    if not claims:
        return []
    texts = [text for one in claims for text in (one.question, one.statement, one.headline, one.source)]
    tokens = encoder.tokenize(texts)
    return [EncodedClaim.build(*tokens[n : n + 4]) for n in range(0, len(tokens), 4)]
