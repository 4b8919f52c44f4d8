"""Fit the weights of `rag.verification.answerability` on the development half of the gold questions and show both halves: python benchmarks/fit_refusal.py

Sixteen unanswerable development questions are few, so two more kinds are made from the answerable ones: asked of a collection
whose gold sentences are cut out of the articles ("cut"), and of one without the gold articles ("left out"); those that the
remaining sentences answer all the same are dropped. Scores of development questions are those of a fit on the other nine tenths.

The packaged reader's own doubt joins them where it is asked, weighed against what the others say together.
"""

import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from langchain_core.messages import AIMessageChunk
from sklearn.linear_model import LogisticRegression

from corpus.passages import sentence_spans
from corpus.reading.files import find_files
from corpus.store.database import Store
from corpus.store.filters import Filters
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.evaluation.gold import UNANSWERABLE, GoldQuestion, read_gold
from rag.evaluation.measures import contains_wording, precision_recall
from rag.evaluation.multihop import roc_auc
from rag.generation.prompts import Prompts, prompt_text
from rag.generation.registry import AnswerModel, open_model
from rag.query.intent import extract_topic
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import SHORTLIST_SIZE, Evidence, rank_sentences
from rag.retrieval.search import Retriever
from rag.settings import ROOT, Settings
from rag.verification.answerability import (
    ANSWER_THRESHOLD,
    ANSWERABILITY_FEATURES,
    ANSWERABILITY_WEIGHTS,
    COMBINED_THRESHOLD,
    REFUSAL_WEIGHT,
    answerability_features,
    refusal_log_odds,
)

SHARES = {"gold": 3.0, "cut": 0.5, "left out": 0.5}  # how much an unanswerable question of each kind counts
FOLDS = 10


@dataclass(frozen=True)
class Asked:
    gold: GoldQuestion
    made: str  # "gold", "cut" or "left out"
    answerable: bool
    row: np.ndarray


def asked(
    gold: GoldQuestion, made: str, retriever: Retriever, reader: AnswerModel, filters: Filters | None = None
) -> Iterator[Asked]:
    subject = QuestionPart.parse(extract_topic(gold.question))
    ranked = rank_sentences(
        subject,
        retriever.search_text(subject.text, filters=filters),
        retriever.library.reranker,
        SHORTLIST_SIZE,
    )
    said = "\n".join(item.text for item in ranked)
    answered = bool(gold.answers) and all(
        any(contains_wording(said, wording) for wording in wordings) for wordings in gold.answers
    )
    if ranked and (made == "gold" or not answered):
        row = answerability_features(subject, ranked, retriever.library.encoder, retriever.library.idf)
        read = doubted(reader, gold.question, ranked)
        yield Asked(gold, made, made == "gold" and gold.kind != UNANSWERABLE, np.array([*row, read]))


def doubted(reader: AnswerModel, question: str, ranked: list[Evidence]) -> float:
    """The reader's log-odds that none of the best sentences answers."""
    assert reader.chat is not None
    messages, given = Prompts.of(reader.extractive).messages(
        question, ranked[: reader.evidence], reader.budget
    )
    pieces = reader.chat.stream(
        messages, sentences=[prompt_text(item) for item in given], leanings=[0.0] * (len(given) + 1)
    )
    with closing(cast(Generator[AIMessageChunk, None, None], pieces)):
        return refusal_log_odds(next(pieces).response_metadata["chances"][0])


def without(library: Library, folder: Path, golds: list[GoldQuestion]) -> Library:
    """The same articles in another collection, without the gold sentences of some questions."""
    cut = Library(Store(folder), library.encoder)
    for article in library.store.articles():
        taken = [place for gold in golds for words in gold.evidence if (place := words.span_in(article))]
        kept = [
            article.body[start:end]
            for start, end in sentence_spans(article.body)
            if not any(first < end and start < last for first, last in taken)
        ]
        if kept:
            cut.add(replace(article, body=" ".join(kept)), "raw", article.id)
    return cut


def questions(folder: Path) -> Iterator[Asked]:
    library = Library(Store(folder / "full"), Encoder())
    for file in find_files([ROOT / "corpus/articles"]):
        list(ingest(library, file))
    golds = [gold for gold in read_gold(ROOT / "corpus/gold.jsonl") if not gold.history]
    full = Retriever(library=library, k=8)
    cut = {
        half: Retriever(
            library=without(
                library, folder / f"cut-{half}", [gold for gold in golds if gold.for_development == half]
            ),
            k=8,
        )
        for half in (True, False)
    }
    reader = open_model(Settings())
    names = {article.id: Path(article.origin).stem for article in library.store.articles()}
    for gold in golds:
        yield from asked(gold, "gold", full, reader)
        if gold.kind != UNANSWERABLE:
            yield from asked(gold, "cut", cut[gold.for_development], reader)
            others = tuple(
                name for name, file in names.items() if file not in {words.article for words in gold.evidence}
            )
            yield from asked(gold, "left out", full, reader, Filters(articles=others))
    reader.close()


def fit(found: list[Asked], columns: list[int]) -> tuple[np.ndarray, float]:
    """Weights and intercept of a logistic regression in the signals' own units."""
    rows = np.array([item.row[columns] for item in found])
    spread = rows.std(axis=0) + 1e-9
    weights = [1.0 if item.answerable else SHARES[item.made] for item in found]
    model = LogisticRegression(C=0.3, max_iter=500).fit(
        rows / spread, [item.answerable for item in found], sample_weight=weights
    )
    return model.coef_[0] / spread, float(model.intercept_[0])


def scores(found: list[Asked], columns: list[int]) -> np.ndarray:
    """Each question's score from a fit that has not seen it: development questions cross-fitted, test questions from all of development."""
    folds = [
        int(item.gold.id.encode().hex(), 16) % FOLDS if item.gold.for_development else -1 for item in found
    ]
    given = np.zeros(len(found))
    for fold in range(-1, FOLDS):
        weights, intercept = fit(
            [item for item, own in zip(found, folds, strict=True) if own not in (fold, -1)], columns
        )
        for n, item in enumerate(found):
            if folds[n] == fold:
                given[n] = item.row[columns] @ weights + intercept
    return given


def threshold(found: list[Asked], given: np.ndarray) -> float:
    """Where refusing has the best F1 on the gold questions of the development half."""
    own = [
        (item.answerable, score)
        for item, score in zip(found, given, strict=True)
        if item.made == "gold" and item.gold.for_development
    ]

    def f1(at: float) -> float:
        precision, recall = precision_recall(
            [not answerable for answerable, _ in own], [score < at for _, score in own]
        )
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    return max((score + 1e-6 for _, score in own), key=f1)


def line(name: str, found: list[Asked], given: np.ndarray, at: float) -> str:
    cells = []
    for half in (True, False):
        own = [
            (item, score)
            for item, score in zip(found, given, strict=True)
            if item.gold.for_development == half
        ]
        answerable = [score for item, score in own if item.answerable]
        areas = [
            roc_auc(answerable, [score for item, score in own if not item.answerable and item.made == made])
            for made in SHARES
        ]
        real = [(item, score) for item, score in own if item.made == "gold"]
        precision, recall = precision_recall(
            [not item.answerable for item, _ in real], [score < at for _, score in real]
        )
        cells.append(f"{' '.join(f'{area:.2f}' for area in areas)}  P {precision:.2f} R {recall:.2f}")
    return f"{name:22} development {cells[0]}   test {cells[1]}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = list(questions(Path(folder)))
    every, last = list(range(len(ANSWERABILITY_FEATURES))), len(ANSWERABILITY_FEATURES)
    development = [item for item in found if item.gold.for_development]
    weights, intercept = fit(development, every)
    crossed = scores(found, every)
    print("fitted:", dict(zip(ANSWERABILITY_FEATURES, weights.round(2).tolist(), strict=True)))
    print(f"enough: {threshold(found, crossed) - intercept:.2f}")
    print(f"areas under ROC against: {', '.join(SHARES)}; precision and recall of refusing gold questions")
    chosen = {
        "all": every,
        **{f"without {ANSWERABILITY_FEATURES[n]}": [m for m in every if m != n] for n in every},
    }
    chosen |= {f"only {ANSWERABILITY_FEATURES[n]}": [n] for n in every}
    for name, columns in chosen.items():
        given = scores(found, columns)
        print(line(name, found, given, threshold(found, given)))
    together = np.array([item.row[:last] @ ANSWERABILITY_WEIGHTS for item in found])
    print(line("in use", found, together, ANSWER_THRESHOLD))
    both = [
        replace(item, row=np.array([score, item.row[last]]))
        for item, score in zip(found, together, strict=True)
    ]
    (one, other), _ = fit([item for item in both if item.gold.for_development], [0, 1])
    doubting = together + other / one * np.array([item.row[last] for item in found])
    print(f"doubt: {-other / one:.2f}, agreed: {threshold(found, doubting):.2f}")
    print(line("with doubt", found, doubting, threshold(found, doubting)))
    print(
        line(
            "with doubt, in use",
            found,
            together - REFUSAL_WEIGHT * np.array([item.row[last] for item in found]),
            COMBINED_THRESHOLD,
        )
    )


if __name__ == "__main__":
    main()
