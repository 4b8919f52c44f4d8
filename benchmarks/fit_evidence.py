"""Fit the weights of `rag.retrieval.evidence` on the development half.

    python benchmarks/fit_evidence.py

It shows both halves, the development questions in other words and, where ../shared/data has them, the
questions of EvoTemp, of which every sentence counts that holds an answer.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import torch

from benchmarks.public_sets import DATA
from corpus.reading.files import find_files
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.evaluation.gold.convert import convert, save_converted
from rag.evaluation.gold.questions import YES_NO, GoldQuestion, read_gold
from rag.evaluation.gold.wording import contains_wording
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import FEATURES, WEIGHTS, Candidate, sentence_features
from rag.retrieval.search import Retriever
from rag.settings import ROOT

Question = tuple[GoldQuestion, np.ndarray, np.ndarray]  # its sentences' features, and which hold gold words
EVOTEMP = DATA / "cag_news/EvoTemp_dev.jsonl.gz"


def candidates(
    library: Library, questions: Iterable[GoldQuestion], answers: Callable[[GoldQuestion, Candidate], bool]
) -> list[Question]:
    """Return the questions with the sentences that are found for each, and whether each of those answers."""
    retriever = Retriever(library=library, k=8)
    found = []
    for gold in questions:
        hits = retriever.search_text(gold.question)
        table = sentence_features(QuestionPart.parse(gold.question), hits, library.reranker)
        is_gold = np.array([answers(gold, item) for item in table.candidates])
        found.append((gold, table.features, is_gold))
    return found


def gold_candidates(library: Library, file: Path) -> list[Question]:
    """Return the candidates of every question of a file that has gold quotes and is no follow-up."""
    asked = [gold for gold in read_gold(file) if gold.evidence and not gold.history]
    return candidates(library, asked, holds_quote)


def holds_quote(gold: GoldQuestion, item: Candidate) -> bool:
    """Return True if a sentence has words of a gold quote."""
    spans = [quote.span_in(item.article) for quote in gold.evidence]
    return any(span and span[0] < item.end and item.start < span[1] for span in spans)


def evotemp_candidates(folder: Path, encoder: Encoder) -> list[Question]:
    """Return the candidates of EvoTemp's questions that a sentence found for them answers."""
    articles, questions = folder / "articles.jsonl", folder / "questions.jsonl"
    save_converted(convert("evotemp", [EVOTEMP]), articles, questions)
    library = Library(Store(folder / "evotemp"), encoder)
    list(ingest(library, articles))
    asked = [gold for gold in read_gold(questions) if gold.kind != YES_NO]
    return [item for item in candidates(library, asked, holds_wording) if item[2].any()]


def holds_wording(gold: GoldQuestion, item: Candidate) -> bool:
    """Return True if a sentence has one wording of each answer."""
    return all(any(contains_wording(item.text, one) for one in wordings) for wordings in gold.answers)


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
    with tempfile.TemporaryDirectory() as name:
        folder, encoder = Path(name), Encoder()
        library = Library(Store(folder / "sample"), encoder)
        for file in find_files([ROOT / "corpus/articles"]):
            list(ingest(library, file))
        gold = gold_candidates(library, ROOT / "corpus/gold.jsonl")
        sets = {
            "development": [item for item in gold if item[0].for_development],
            "in other words": gold_candidates(library, ROOT / "corpus/paraphrased.jsonl"),
            "test": [item for item in gold if not item[0].for_development],
            "EvoTemp": evotemp_candidates(folder, encoder) if EVOTEMP.exists() else [],
        }
    fitted = fit(sets["development"])
    print("fitted:", dict(zip(FEATURES, fitted.round(1).tolist(), strict=True)))
    for name, weights in (
        ("fitted", fitted),
        ("in use", WEIGHTS),
        *((f"only {name}", np.eye(len(FEATURES))[n]) for n, name in enumerate(FEATURES)),
    ):
        print(name)
        for of_set, own in sets.items():
            if own:
                print(f"    {of_set:15} {len(own):4} {share_table(own, weights)}")


if __name__ == "__main__":
    main()
