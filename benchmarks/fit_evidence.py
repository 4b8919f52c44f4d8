"""Fit the weights of `rag.retrieval.evidence` on the development half of the gold questions and show both halves: python benchmarks/fit_evidence.py"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import torch

from corpus.reading.files import find_files
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.evaluation.gold import GoldQuestion, read_gold
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import FEATURES, WEIGHTS, sentence_features
from rag.retrieval.search import Retriever
from rag.settings import ROOT

Question = tuple[GoldQuestion, np.ndarray, np.ndarray]


def questions(retriever: Retriever) -> list[Question]:
    """(gold, features of its candidate sentences, which of them hold gold words) for every question that has gold words and stands alone."""
    found = []
    for gold in read_gold(ROOT / "corpus/gold.jsonl"):
        if not gold.evidence or gold.history:
            continue
        table = sentence_features(
            QuestionPart.parse(gold.question),
            retriever.search_text(gold.question),
            retriever.library.reranker,
        )
        held = [
            any(
                (at := words.span_in(item.article)) and at[0] < item.end and item.start < at[1]
                for words in gold.evidence
            )
            for item in table.candidates
        ]
        found.append((gold, table.features, np.array(held)))
    return found


def fit(chosen: list[Question]) -> np.ndarray:
    """Weights that maximise the likelihood of the gold sentences among their candidates (softmax), with a light ridge."""
    spread = np.concatenate([rows for _, rows, _ in chosen]).std(axis=0)
    weights = torch.zeros(len(FEATURES), requires_grad=True)
    groups = [
        (torch.tensor(rows / spread, dtype=torch.float32), torch.tensor(held))
        for _, rows, held in chosen
        if held.any()
    ]
    optimiser = torch.optim.LBFGS([weights], max_iter=200)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        losses = [
            torch.logsumexp(rows @ weights, 0) - torch.logsumexp((rows @ weights)[held], 0)
            for rows, held in groups
        ]
        total = torch.stack(losses).mean() + 0.01 * (weights**2).sum()
        total.backward()
        return total

    optimiser.step(loss)
    return weights.detach().numpy() / spread


def shares(chosen: list[Question], weights: np.ndarray) -> str:
    places = [
        int(np.argmax(held[np.argsort(-rows @ weights, kind="stable")])) if held.any() else 99
        for _, rows, held in chosen
    ]
    return "  ".join(f"@{k} {np.mean([place < k for place in places]):.3f}" for k in (1, 2, 3, 5, 10))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Store(Path(folder)), Encoder())
        for file in find_files([ROOT / "corpus/articles"]):
            list(ingest(library, file))
        found = questions(Retriever(library=library, k=8))
    development, test = (
        [item for item in found if item[0].for_development == half] for half in (True, False)
    )
    fitted = fit(development)
    print("fitted:", dict(zip(FEATURES, fitted.round(1).tolist(), strict=True)))
    for name, weights in (
        ("fitted", fitted),
        ("in use", WEIGHTS),
        *((f"only {name}", np.eye(len(FEATURES))[n]) for n, name in enumerate(FEATURES)),
    ):
        print(f"{name:20} development {shares(development, weights)}   test {shares(test, weights)}")


if __name__ == "__main__":
    main()
