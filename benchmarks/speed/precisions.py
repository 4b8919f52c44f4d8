"""Encoder and reranker in several precisions: how fast on one thread, how near to float32, and what they find.

What is found: for each gold question, whether a sentence that supports its answer is among the ten of the
sample's sentences that are nearest to it.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import torch
from transformers.modeling_outputs import BaseModelOutput

from benchmarks.speed.measuring import timed
from corpus.passages import sentence_spans
from corpus.reading.files import find_files, read_articles
from embeddings.encoder import Encoder
from embeddings.index import Vectors
from embeddings.precision import replace_layers
from embeddings.reranker import (
    WEIGHTS_FILE,
    WEIGHTS_SHA256,
    Reranker,
    RerankerError,
    Window,
    apply_deltas,
    build_network,
    load_deltas,
)
from rag.evaluation.gold.questions import GoldQuestion, read_gold
from rag.settings import ROOT

Body = torch.nn.Module  # a transformer: token ids, segments and a mask in, states out
_NEAREST, _PASSAGES, _QUESTIONS, _WINDOWS, _ROUNDS = 10, 16, 8, 4, 2
_TIMED, _PASSAGE_SENTENCES, _WINDOW_SENTENCES = 64, 7, 3  # sentences


class AllBfloat16(torch.nn.Module):
    """A transformer that computes in bfloat16 throughout; its states come out as float32."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.config, self.body = body.config, body.bfloat16()

    def forward(self, *arguments: Any, **named: Any) -> BaseModelOutput:
        """Return the states, shape (texts, tokens, 384)."""
        return BaseModelOutput(last_hidden_state=self.body(*arguments, **named).last_hidden_state.float())


def _bfloat16_layers(body: Body) -> Body:
    replace_layers(body)
    return body


def _torch_int8(body: Body) -> Body:
    warnings.simplefilter("ignore")  # torch would have its successor used, which needs a package more
    return torch.ao.quantization.quantize_dynamic(body, {torch.nn.Linear}, torch.qint8)


PRECISIONS: dict[str, Callable[[Body], Body]] = {
    "float32": lambda body: body,
    "bfloat16 in linear layers": _bfloat16_layers,
    "bfloat16 in all layers": AllBfloat16,
    "torch's dynamic int8": _torch_int8,
}


class Texts:
    """The sample's sentences, passages of them, and gold questions with windows of sentences to rerank."""

    def __init__(self) -> None:
        self.sentences = [
            raw.text[start:end]
            for file in find_files([ROOT / "corpus/articles"])
            for raw in read_articles(file, file.read_bytes())
            for start, end in sentence_spans(raw.text)
        ]
        self.passages = [" ".join(part) for part in _parts(self.sentences, _PASSAGE_SENTENCES)][:_PASSAGES]
        self.gold = [gold for gold in read_gold(ROOT / "corpus/gold.jsonl") if self._supporting(gold)]
        windows = [Window(part[0][:80], tuple(part)) for part in _parts(self.sentences, _WINDOW_SENTENCES)]
        self.windows = [windows[n * _WINDOWS : (n + 1) * _WINDOWS] for n in range(_QUESTIONS)]

    def _supporting(self, gold: GoldQuestion) -> set[int]:
        quotes = [] if gold.history else [item.quote for item in gold.evidence]
        return {
            n for n, text in enumerate(self.sentences) for quote in quotes if quote in text or text in quote
        }

    def found(self, questions: Vectors, sentences: Vectors) -> float:
        """Return the share of the gold questions for which a supporting sentence is among the nearest."""
        nearest = np.argsort(-(questions @ sentences.T), axis=1)[:, :_NEAREST].tolist()
        return float(
            np.mean([bool(self._supporting(g) & set(n)) for g, n in zip(self.gold, nearest, strict=True)])
        )


def _parts(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[n : n + size] for n in range(0, len(texts) - size + 1, size))


class Variant:
    """An encoder and a reranker whose transformers `change` makes from those in float32."""

    def __init__(self, change: Callable[[Body], Body]) -> None:
        self.encoder = Encoder(1)
        self.reranker = Reranker(self.encoder)
        network = build_network(self.encoder)
        trained = apply_deltas(network.state_dict(), load_deltas(WEIGHTS_FILE, WEIGHTS_SHA256, RerankerError))
        network.load_state_dict(dict(trained), strict=False, assign=True)
        own = self.encoder.load_transformer()
        with torch.no_grad():
            self.encoder._model[0].model = change(own.eval())
            network.body = change(network.body.eval())
        self.reranker._network = network.eval()

    def encode(self, texts: list[str]) -> Vectors:
        """Return the vectors, shape (texts, 384), nothing cached."""
        return np.stack(self.encoder._encode_uncached(texts))

    def rerank(self, texts: Texts) -> Vectors:
        """Return the scores of each question's sentences."""
        return np.array(
            [
                [one.score for window in self.reranker.predict(gold.question, windows) for one in window]
                for gold, windows in zip(texts.gold, texts.windows, strict=False)
            ],
            np.float32,
        )


def measure() -> dict[str, Any]:
    """Return a row for each precision."""
    texts = Texts()
    variants = {name: Variant(change) for name, change in PRECISIONS.items()}
    taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in variants}
    for _ in range(_ROUNDS):
        for name, variant in variants.items():
            actions = (
                partial(variant.encode, texts.sentences[:_TIMED]),
                partial(variant.encode, texts.passages),
                partial(variant.rerank, texts),
            )
            taken[name].append(tuple(timed(action)["cpu"] for action in actions))
    exact = variants["float32"].encode(texts.sentences), variants["float32"].rerank(texts)
    return {
        "sentences": _TIMED,
        "searched": len(texts.sentences),
        "passages": len(texts.passages),
        "questions": len(texts.gold),
        "reranked": _QUESTIONS,
        "rounds": _ROUNDS,
        "rows": {name: _row(variants[name], exact, texts, own) for name, own in taken.items()},
    }


def _row(
    variant: Variant, exact: tuple[Vectors, Vectors], texts: Texts, taken: list[tuple[float, ...]]
) -> dict[str, float]:
    """Return the figures of a precision; `exact` holds the vectors and the reranker's scores of float32."""
    seconds = [median(column) for column in zip(*taken, strict=True)]
    sentences, scores = variant.encode(texts.sentences), variant.rerank(texts)
    questions = variant.encode([gold.question for gold in texts.gold])
    return {
        "sentences/s": round(_TIMED / seconds[0], 1),
        "passages/s": round(len(texts.passages) / seconds[1], 1),
        "windows reranked/s": round(_QUESTIONS * _WINDOWS / seconds[2], 1),
        "least cosine with float32": round(float((exact[0] * sentences).sum(axis=1).min()), 4),
        "supporting sentence among the 10 nearest": round(texts.found(questions, sentences), 3),
        "largest difference of a reranker's score": round(float(np.abs(scores - exact[1]).max()), 2),
        "same best sentence": round(float((scores.argmax(1) == exact[1].argmax(1)).mean()), 2),
    }
