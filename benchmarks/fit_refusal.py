"""Fit the weights of `rag.verification.answerability` on the development half; show both halves.

    python benchmarks/fit_refusal.py

Sixteen unanswerable development questions are few, so two more kinds of negatives are made from the
answerable ones: asked of a collection from whose articles the gold sentences are cut ("cut"), and of one
without the gold articles ("left out"); those that the remaining sentences answer all the same are dropped.
Development questions are scored by cross-fitting.

The packaged model's log-odds of a refusal are added where it is asked, weighed against the other features
together.
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
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion, read_gold
from rag.evaluation.gold.wording import contains_wording
from rag.evaluation.measures.answers import precision_recall
from rag.evaluation.measures.ranking import roc_auc
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

NEGATIVE_WEIGHTS = {
    "gold": 3.0,
    "cut": 0.5,
    "left out": 0.5,
}  # what an unanswerable question of each kind counts
FOLDS = 10
TEST = -1  # the fold of all test questions


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One question asked of one collection: features (the model's log-odds last) and label."""

    gold: GoldQuestion
    source: str  # "gold", "cut" or "left out"
    answerable: bool
    features: np.ndarray


def labelled_rows(
    gold: GoldQuestion, source: str, retriever: Retriever, model: AnswerModel, filters: Filters | None = None
) -> Iterator[LabelledRow]:
    """Yield the row of a question, unless nothing is found or a made negative is answered all the same."""
    subject = QuestionPart.parse(extract_topic(gold.question))
    hits = retriever.search_text(subject.text, filters=filters)
    ranked = rank_sentences(subject, hits, retriever.library.reranker, SHORTLIST_SIZE)
    text = "\n".join(item.text for item in ranked)
    answered = bool(gold.answers) and all(
        any(contains_wording(text, wording) for wording in wordings) for wordings in gold.answers
    )
    if ranked and (source == "gold" or not answered):
        features = answerability_features(subject, ranked, retriever.library.encoder, retriever.library.idf)
        log_odds = model_refusal_log_odds(model, gold.question, ranked)
        answerable = source == "gold" and gold.kind != UNANSWERABLE
        yield LabelledRow(gold, source, answerable, np.array([*features, log_odds]))


def model_refusal_log_odds(model: AnswerModel, question: str, ranked: list[Evidence]) -> float:
    """Return the model's log-odds that none of the best sentences answers."""
    assert model.chat is not None
    prompts = Prompts.for_model(model.extractive)
    messages, given = prompts.messages(question, ranked[: model.evidence], model.budget)
    pieces = model.chat.stream(
        messages, sentences=[prompt_text(item) for item in given], logit_bias=[0.0] * (len(given) + 1)
    )
    with closing(cast(Generator[AIMessageChunk, None, None], pieces)):
        return refusal_log_odds(next(pieces).response_metadata["probabilities"][0])


def without_gold_sentences(library: Library, folder: Path, questions: list[GoldQuestion]) -> Library:
    """Return a library of the same articles without the gold sentences of some questions."""
    cut = Library(Store(folder), library.encoder)
    for article in library.store.articles():
        gold_spans = [
            span for gold in questions for quote in gold.evidence if (span := quote.span_in(article))
        ]
        kept = [
            article.body[start:end]
            for start, end in sentence_spans(article.body)
            if not any(first < end and start < last for first, last in gold_spans)
        ]
        if kept:
            cut.add(replace(article, body=" ".join(kept)), "raw", article.id)
    return cut


def all_rows(folder: Path) -> Iterator[LabelledRow]:
    """Yield the rows of all gold questions that are no follow-ups, and of the negatives made from them."""
    library = Library(Store(folder / "full"), Encoder())
    for file in find_files([ROOT / "corpus/articles"]):
        list(ingest(library, file))
    questions = [gold for gold in read_gold(ROOT / "corpus/gold.jsonl") if not gold.history]
    full = Retriever(library=library, k=8)
    cut = {}
    for half in (True, False):
        of_half = [gold for gold in questions if gold.for_development == half]
        cut[half] = Retriever(library=without_gold_sentences(library, folder / f"cut-{half}", of_half), k=8)
    model = open_model(Settings(model="small"))
    stems = {article.id: Path(article.origin).stem for article in library.store.articles()}
    for gold in questions:
        yield from labelled_rows(gold, "gold", full, model)
        if gold.kind != UNANSWERABLE:
            yield from labelled_rows(gold, "cut", cut[gold.for_development], model)
            quoted = {quote.article for quote in gold.evidence}
            others = tuple(name for name, stem in stems.items() if stem not in quoted)
            yield from labelled_rows(gold, "left out", full, model, Filters(articles=others))
    model.close()


def fit(rows: list[LabelledRow], columns: list[int]) -> tuple[np.ndarray, float]:
    """Return weights and intercept of a logistic regression in the features' own units."""
    table = np.array([row.features[columns] for row in rows])
    spread = table.std(axis=0) + 1e-9
    sample_weight = [1.0 if row.answerable else NEGATIVE_WEIGHTS[row.source] for row in rows]
    model = LogisticRegression(C=0.3, max_iter=500)
    model.fit(table / spread, [row.answerable for row in rows], sample_weight=sample_weight)
    return model.coef_[0] / spread, float(model.intercept_[0])


def cross_fitted_scores(rows: list[LabelledRow], columns: list[int]) -> np.ndarray:
    """Return each row's score from a fit that has not seen its question.

    Development questions are scored by the fit on the other nine tenths, test questions by that on all of
    them.
    """
    folds = [
        int(row.gold.id.encode().hex(), 16) % FOLDS if row.gold.for_development else TEST for row in rows
    ]
    scores = np.zeros(len(rows))
    for fold in range(TEST, FOLDS):
        training = [row for row, own in zip(rows, folds, strict=True) if own not in (fold, TEST)]
        weights, intercept = fit(training, columns)
        for n, row in enumerate(rows):
            if folds[n] == fold:
                scores[n] = row.features[columns] @ weights + intercept
    return scores


def best_threshold(rows: list[LabelledRow], scores: np.ndarray) -> float:
    """Return the score below which refusing has the best F1 on the gold questions of the development half."""
    pairs = [
        (row.answerable, score)
        for row, score in zip(rows, scores, strict=True)
        if row.source == "gold" and row.gold.for_development
    ]

    def f1(threshold: float) -> float:
        precision, recall = precision_recall(
            [not answerable for answerable, _ in pairs], [score < threshold for _, score in pairs]
        )
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    return max((score + 1e-6 for _, score in pairs), key=f1)


def table_line(name: str, rows: list[LabelledRow], scores: np.ndarray, threshold: float) -> str:
    """Return, by half, the areas under ROC against each kind of negative, and precision and recall."""
    cells = []
    for half in (True, False):
        pairs = [
            (row, score) for row, score in zip(rows, scores, strict=True) if row.gold.for_development == half
        ]
        positive = [score for row, score in pairs if row.answerable]
        areas = [
            roc_auc(positive, [score for row, score in pairs if not row.answerable and row.source == source])
            for source in NEGATIVE_WEIGHTS
        ]
        gold = [(row, score) for row, score in pairs if row.source == "gold"]
        precision, recall = precision_recall(
            [not row.answerable for row, _ in gold], [score < threshold for _, score in gold]
        )
        cells.append(f"{' '.join(f'{area:.2f}' for area in areas)}  P {precision:.2f} R {recall:.2f}")
    return f"{name:22} development {cells[0]}   test {cells[1]}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = list(all_rows(Path(folder)))
    columns, last = list(range(len(ANSWERABILITY_FEATURES))), len(ANSWERABILITY_FEATURES)
    weights, intercept = fit([row for row in rows if row.gold.for_development], columns)
    threshold = best_threshold(rows, cross_fitted_scores(rows, columns)) - intercept
    print(
        "fitted ANSWERABILITY_WEIGHTS:",
        dict(zip(ANSWERABILITY_FEATURES, weights.round(2).tolist(), strict=True)),
    )
    print(f"fitted ANSWER_THRESHOLD: {threshold:.2f}")
    negatives = ", ".join(NEGATIVE_WEIGHTS)
    print(f"areas under ROC against: {negatives}; precision and recall of refusing gold questions")
    ablations = {"all": columns}
    ablations |= {f"without {ANSWERABILITY_FEATURES[n]}": [m for m in columns if m != n] for n in columns}
    ablations |= {f"only {ANSWERABILITY_FEATURES[n]}": [n] for n in columns}
    for name, chosen in ablations.items():
        scores = cross_fitted_scores(rows, chosen)
        print(table_line(name, rows, scores, best_threshold(rows, scores)))
    evidence = np.array([row.features[:last] @ ANSWERABILITY_WEIGHTS for row in rows])
    refusal = np.array([row.features[last] for row in rows])
    print(table_line("in use", rows, evidence, ANSWER_THRESHOLD))
    pairs = [
        replace(row, features=np.array(pair))
        for row, pair in zip(rows, zip(evidence, refusal, strict=True), strict=True)
    ]
    (evidence_weight, refusal_weight), _ = fit([row for row in pairs if row.gold.for_development], [0, 1])
    combined = evidence + refusal_weight / evidence_weight * refusal
    threshold = best_threshold(rows, combined)
    print(
        f"fitted REFUSAL_WEIGHT: {-refusal_weight / evidence_weight:.2f}, COMBINED_THRESHOLD: {threshold:.2f}"
    )
    print(table_line("with the model", rows, combined, threshold))
    print(table_line("with the model, in use", rows, evidence - REFUSAL_WEIGHT * refusal, COMBINED_THRESHOLD))


if __name__ == "__main__":
    main()
