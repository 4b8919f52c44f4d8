"""Fit when to refuse with the standard reader: how its own opinion counts beside the evidence.

    python training/answerability.py collect --model qwen2.5-coder-1.5b-instruct-q4_k_m.gguf [--minutes 40]
    python training/answerability.py fit [--report rag/evaluation/results/answerability.json]

`collect` puts held-out SQuADShifts questions, over half of which have no answer there
(`training/judge_data.py`), to the product's own reading, and asks the model whether the best sentence answers
(`prompts/checking`). Each line of its output holds the features of `rag.verification.answerability`, the
model's opinion and what is known of the question. It can be stopped at any time and continues with what has
no line. The texts are not ours, so the output stays out of the repository.

`fit` fits logistic regressions on the paragraphs that choose checkpoints, measures them on those that are
reported (`training/holdout.py`), and draws up which share of the answers is wrong at each share answered.
"""

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from corpus.words import content_words, stem
from embeddings.encoder import Encoder
from embeddings.reranker import Reranker
from rag.answers.written import CHOICE_WEIGHT, SENTENCES, SURE
from rag.evaluation.measures.answers import precision_recall
from rag.evaluation.measures.ranking import roc_auc
from rag.evaluation.measures.risk import aurc, risk_coverage
from rag.generation.prompts import CheckingPrompts
from rag.query.parts import QuestionPart
from rag.retrieval.evidence import Evidence
from rag.verification.answerability import (
    ANSWERABILITY_FEATURES,
    ANSWERABILITY_WEIGHTS,
    answerability_features,
)
from training.batch_model import BatchModel, TokenSequence, asked
from training.holdout import CHOOSING, REPORTED, part
from training.judge import read_lines
from training.judge_data import Case, cases
from training.questions import Question, read_squadshifts

ROOT = Path(__file__).parent.parent
CACHE = Path.home() / ".cache/dateline/answerability"
WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # of the model's opinion beside a sentence's score
GROUP = 8  # questions that the model reads together
TOLERATED = (0.05, 0.1, 0.15, 0.2, 0.3)  # shares of wrong answers among those given


class Collector:
    """The models that read, the model that is asked, and what is common to all questions."""

    def __init__(self, file: Path, questions: Sequence[Question]) -> None:
        self.encoder = Encoder(1)
        self.reranker = Reranker(self.encoder)
        self.idf = inverse_frequencies({question.article.body for question in questions})
        self.prompts = CheckingPrompts()
        self.model = BatchModel(file, sequences=1 + GROUP)
        self.fixed = TokenSequence(0)
        self.model.read_fixed(self.fixed, self.prompts.fixed)

    def lines(self, group: Sequence[Case]) -> list[dict[str, Any]]:
        """Return a line for each case; its sentences are asked about as in `rag.answers.written.Reader`."""
        answers = [[margin] for margin in self.ask([(case, case.ranked[0]) for case in group])]
        unsure = [n for n, (margin,) in enumerate(answers) if margin < SURE]
        more = [(n, item) for n in unsure for item in group[n].ranked[1:SENTENCES]]
        for (n, _), margin in zip(more, self.ask([(group[n], item) for n, item in more]), strict=True):
            answers[n].append(margin)
        return [
            describe(case, self.encoder, self.idf) | {"top": describe_top(case, margins)}
            for case, margins in zip(group, answers, strict=True)
        ]

    def ask(self, questions: Sequence[tuple[Case, Evidence]]) -> list[float]:
        """Return by how much yes is likelier than no to whether a sentence answers a question, for each."""
        return [
            margin
            for first in range(0, len(questions), GROUP)
            for margin in self._ask(questions[first : first + GROUP])
        ]

    def _ask(self, group: Sequence[tuple[Case, Evidence]]) -> list[float]:
        sequences = [self.model.copy(self.fixed, 1 + n) for n in range(len(group))]
        texts = [
            self.prompts.messages(case.question, item)[-1].text + self.prompts.endings("")[0]
            for case, item in group
        ]
        self.model.read(
            [
                (sequence, self.model.tokenize(asked(text)))
                for sequence, text in zip(sequences, texts, strict=True)
            ]
        )
        margins = [self.model.yes_over_no(sequence.logits) for sequence in sequences]
        for sequence in sequences:
            self.model.free(sequence)
        return margins


def inverse_frequencies(texts: set[str]) -> Callable[[str], float]:
    """Return a function that gives a word's idf over some texts, as `Library.idf` does over passages."""
    counts = Counter(stem(word) for text in texts for word in {*content_words(text)})

    def idf(word: str) -> float:
        count = counts[stem(word)]
        return math.log(1 + (len(texts) - count + 0.5) / (count + 0.5))

    return idf


def describe(case: Case, encoder: Encoder, idf: Callable[[str], float]) -> dict[str, Any]:
    """Return a line of the output without the model's opinion."""
    best, gold = case.ranked[0], case.gold
    features = answerability_features(QuestionPart.parse(case.question), case.ranked, encoder, idf)
    found = best.article.body[best.start : best.end]
    return {
        "id": case.id,
        "kind": case.kind,
        "part": part(gold.article.body),
        "question": case.question,
        "golds": gold.answers,
        "source": found,
        "features": [round(float(value), 4) for value in features],
        "right": holds_answer(case, best),
    }


def describe_top(case: Case, answers: Sequence[float]) -> list[dict[str, Any]]:
    """Return what is known of each sentence that the model was asked about."""
    return [
        {"score": item.score, "answers": margin, "gold": holds_answer(case, item)}
        for item, margin in zip(case.ranked, answers, strict=False)
    ]


def holds_answer(case: Case, item: Evidence) -> bool:
    """Return True for the sentence in which people found the answer, if it is asked for as they did."""
    gold = case.gold
    inside = item.article.id == gold.article.id and item.start <= gold.start < item.end
    return inside and case.kind == "answered"


def collect(options: argparse.Namespace) -> None:
    """Append a line for each case to the output until the time is up."""
    options.out.parent.mkdir(parents=True, exist_ok=True)
    done = {line["id"] for line in read_lines(options.out)}
    questions = list(read_squadshifts(options.data / "squadshifts/new_wiki.jsonl.gz"))
    collector = Collector(options.model, questions)
    began = time.monotonic()
    with options.out.open("a", encoding="utf-8") as out:
        remaining = cases(questions, collector.reranker, done, whole=True)
        while group := list(islice(remaining, GROUP)):
            out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in collector.lines(group))
            out.flush()
            seconds = time.monotonic() - began
            sys.stderr.write(f"{seconds:.0f} s, {collector.model.tokens_read / seconds:.0f} tokens/s\n")
            if seconds > 60 * options.minutes:
                return


def fit(options: argparse.Namespace) -> None:
    """Print the fitted weights and thresholds, and how each set of signals fares on the reported part."""
    lines = read_lines(options.out)
    chosen, reported = ([line for line in lines if line["part"] == name] for name in (CHOOSING, REPORTED))
    report = {
        "questions": {
            name: Counter(line["kind"] for line in group)
            for name, group in ((CHOOSING, chosen), (REPORTED, reported))
        },
        "choice": choice(lines),
        "fits": {name: measure(columns, chosen, reported) for name, columns in SIGNALS.items()},
    }
    text = json.dumps(report, indent=1)
    sys.stdout.write(f"{text}\n")
    if options.report:
        options.report.write_text(f"{text}\n", encoding="utf-8")


def choice(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return how often the right sentence is chosen, by the weight of the model's opinion."""
    tops = [line["top"] for line in lines if any(item["gold"] for item in line["top"])]
    shares = {
        str(weight): round(sum(best(top, weight)["gold"] for top in tops) / max(1, len(tops)), 3)
        for weight in WEIGHTS
    }
    asked_about = sum(len(line["top"]) for line in lines) / len(lines)
    return {"questions": len(tops), "right at weight": shares, "sentences asked about": round(asked_about, 2)}


def best(top: Sequence[dict[str, Any]], weight: float = CHOICE_WEIGHT) -> dict[str, Any]:
    """Return the sentence that the product puts first."""
    return max(top, key=lambda item: item["score"] + weight * item["answers"])


def in_use(line: dict[str, Any]) -> float:
    """Return the score of the evidence that the product uses for every reader."""
    return float(np.array(line["features"]) @ ANSWERABILITY_WEIGHTS)


# What a fit may weigh, by name: each a function of a line.
SIGNALS: dict[str, list[Callable[[dict[str, Any]], float]]] = {
    "evidence": [in_use],
    "answers": [lambda line: best(line["top"])["answers"]],
    "evidence + answers": [in_use, lambda line: best(line["top"])["answers"]],
}
_FEATURES = [lambda line, n=n: line["features"][n] for n in range(len(ANSWERABILITY_FEATURES))]
SIGNALS["features"] = _FEATURES
SIGNALS["features + answers"] = [*_FEATURES, lambda line: best(line["top"])["answers"]]


def measure(
    columns: Sequence[Callable[[dict[str, Any]], float]],
    chosen: Sequence[dict[str, Any]],
    reported: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Return weights and thresholds that are fitted on one part, and what they are worth on the other."""
    table, answerable = values(columns, chosen), [line["kind"] == "answered" for line in chosen]
    spread = table.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=1000).fit(table / spread, answerable)
    weights, intercept = model.coef_[0] / spread, float(model.intercept_[0])
    fitted, found = table @ weights + intercept, values(columns, reported) @ weights + intercept
    least = best_threshold(answerable, fitted)
    refused = (found < least).tolist()
    precision, recall = precision_recall([line["kind"] != "answered" for line in reported], refused)
    risk = [
        (float(score), float(not best(line["top"])["gold"]))
        for score, line in zip(found, reported, strict=True)
    ]
    return {
        "weights": [round(float(weight), 3) for weight in weights],
        "intercept": round(intercept, 3),
        "area under ROC": areas(found.tolist(), reported),
        "refusals": {"from": round(least, 2), "precision": round(precision, 3), "recall": round(recall, 3)},
        "area under risk and coverage": round(aurc(risk), 3),
        "risk and coverage": [
            [round(coverage, 2), round(share, 3)]
            for coverage, share in risk_coverage(risk)[:: max(1, len(risk) // 20)]
        ],
        "tolerated": {
            str(share): answered(found, reported, least_score(fitted, chosen, share)) for share in TOLERATED
        },
    }


def values(
    columns: Sequence[Callable[[dict[str, Any]], float]], lines: Sequence[dict[str, Any]]
) -> NDArray[np.float64]:
    """Return the signals of some lines, shape (lines, signals)."""
    return np.array([[column(line) for column in columns] for line in lines], dtype=float)


def best_threshold(answerable: Sequence[bool], scores: NDArray[np.float64]) -> float:
    """Return the score below which refusing has the best F1."""

    def f1(threshold: float) -> float:
        precision, recall = precision_recall([not able for able in answerable], (scores < threshold).tolist())
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    return max((float(score) + 1e-6 for score in scores), key=f1)


def least_score(scores: NDArray[np.float64], lines: Sequence[dict[str, Any]], tolerated: float) -> float:
    """Return the least score from which on no more than this share of what is answered is wrong."""
    falling = np.argsort(-scores)
    wrong = np.cumsum([not best(lines[n]["top"])["gold"] for n in falling]) / np.arange(1, len(falling) + 1)
    within = np.flatnonzero(wrong <= tolerated)
    return float(scores[falling[within[-1] if len(within) else 0]])


def answered(scores: NDArray[np.float64], lines: Sequence[dict[str, Any]], least: float) -> dict[str, Any]:
    """Return how many questions are answered from a score on, and the share of wrong answers among them."""
    given = [line for score, line in zip(scores, lines, strict=True) if score >= least]
    wrong = sum(not best(line["top"])["gold"] for line in given) / len(given) if given else 0.0
    return {"from": round(least, 2), "answered": len(given), "of": len(lines), "wrong": round(wrong, 3)}


def areas(scores: Sequence[float], lines: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the area under ROC of answerable questions against all others and those of each kind."""
    by_kind: dict[str, list[float]] = {"all": []}
    for score, line in zip(scores, lines, strict=True):
        by_kind.setdefault(line["kind"], []).append(score)
        if line["kind"] != "answered":
            by_kind["all"].append(score)
    positive = by_kind.pop("answered", [])
    return {kind: round(roc_auc(positive, group), 3) for kind, group in by_kind.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("collect", "fit"))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--out", type=Path, default=CACHE / "wiki.jsonl")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    (collect if options.step == "collect" else fit)(options)


if __name__ == "__main__":
    main()
