"""Fit the weights of `rag.retrieval.evidence` on the development half.

    python benchmarks/fit_evidence.py

It shows both halves, and the development questions in other words.
"""

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
from rag.evaluation.gold.questions import GoldQuestion, read_gold
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import FEATURES, WEIGHTS, sentence_features
from rag.retrieval.search import Retriever
from rag.settings import ROOT

Question = tuple[GoldQuestion, np.ndarray, np.ndarray]  # its sentences' features, and which hold gold words


def gold_candidates(retriever: Retriever, file: Path) -> list[Question]:
    """Return the candidates of every question of a file that has gold quotes and is no follow-up."""
    candidates = []
    for gold in read_gold(file):
        if not gold.evidence or gold.history:
            continue
        table = sentence_features(
            QuestionPart.parse(gold.question),
            retriever.search_text(gold.question),
            retriever.library.reranker,
        )
        is_gold = [
            any(
                (span := quote.span_in(item.article)) and span[0] < item.end and item.start < span[1]
                for quote in gold.evidence
            )
            for item in table.candidates
        ]
        candidates.append((gold, table.features, np.array(is_gold)))
    return candidates


def fit(chosen: list[Question]) -> np.ndarray:
    """Return the weights that maximise the likelihood of the gold sentences among their candidates.

    Softmax over the candidates of a question, with a light ridge; in the features' own units.
    """
    spread = np.concatenate([rows for _, rows, _ in chosen]).std(axis=0)
    weights = torch.zeros(len(FEATURES), requires_grad=True)
    groups = [
        (torch.tensor(rows / spread, dtype=torch.float32), torch.tensor(is_gold))
        for _, rows, is_gold in chosen
        if is_gold.any()
    ]
    optimiser = torch.optim.LBFGS([weights], max_iter=200)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        losses = [
            torch.logsumexp(rows @ weights, 0) - torch.logsumexp((rows @ weights)[is_gold], 0)
            for rows, is_gold in groups
        ]
        total = torch.stack(losses).mean() + 0.01 * (weights**2).sum()
        total.backward()
        return total

    optimiser.step(loss)
    return weights.detach().numpy() / spread


def share_table(chosen: list[Question], weights: np.ndarray) -> str:
    """Return the share of questions with a gold sentence among the first 1, 2, 3, 5 and 10."""
    ranks = [
        int(np.argmax(is_gold[np.argsort(-rows @ weights, kind="stable")])) if is_gold.any() else 99
        for _, rows, is_gold in chosen
    ]
    return "  ".join(f"@{k} {np.mean([rank < k for rank in ranks]):.3f}" for k in (1, 2, 3, 5, 10))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Store(Path(folder)), Encoder())
        for file in find_files([ROOT / "corpus/articles"]):
            list(ingest(library, file))
        retriever = Retriever(library=library, k=8)
        gold, reworded = (
            gold_candidates(retriever, ROOT / "corpus" / name) for name in ("gold.jsonl", "paraphrased.jsonl")
        )
    sets = {
        "development": [item for item in gold if item[0].for_development],
        "in other words": reworded,
        "test": [item for item in gold if not item[0].for_development],
    }
    fitted = fit(sets["development"])
    print("fitted:", dict(zip(FEATURES, fitted.round(2).tolist(), strict=True)))
    for name, weights in (
        ("fitted", fitted),
        ("in use", WEIGHTS),
        *((f"only {name}", np.eye(len(FEATURES))[n]) for n, name in enumerate(FEATURES)),
    ):
        print(f"{name:20}", *(f"{name} {share_table(own, weights)}  " for name, own in sets.items()))


if __name__ == "__main__":
    main()
