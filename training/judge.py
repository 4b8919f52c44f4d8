"""Fit the last check of a written sentence: does its source say so, as the answer to that question?

    python training/judge.py collect --model qwen2.5-coder-1.5b-instruct-q4_k_m.gguf [--minutes 70]
    python training/judge.py fit [--report rag/evaluation/results/judge.json]

`collect` puts held-out SQuADShifts questions to the product's own reading and writing: the sentence that
ranks first among the nearest paragraphs, its answering words, and what the writing model makes of them. Over
half of the questions have no answer there (`training/judge_data.py`). Each line of its output holds the
sentence, every signal that bears on whether it is right, and what people answered, which labels it. It can be
stopped at any time and continues with what has no line. The texts are not ours, so the output stays out of
the repository.

`fit` fits a logistic regression to the signals of the paragraphs that choose checkpoints, and measures it on
those that are reported (`training/holdout.py`).
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from corpus.passages import sentence_spans
from corpus.words import content_stems
from embeddings.encoder import Encoder
from embeddings.reranker import Reranker
from embeddings.support import SupportModel
from rag.evaluation.measures.ranking import roc_auc
from rag.evaluation.runs.summary import confidence_interval
from rag.generation.prompts import CheckingPrompts, WritingPrompts
from rag.verification.written import answering_words, support_claim, verify_written
from training.batch_model import BatchModel, TokenSequence, asked
from training.holdout import CHOOSING, REPORTED, part
from training.judge_data import NAMED, Case, cases, label
from training.questions import read_squadshifts

ROOT = Path(__file__).parent.parent
CACHE = Path.home() / ".cache/dateline/judge"
MIN_READING = -3.0  # the reranker's score of a sentence below which the product would refuse
GROUP = 8  # questions that the model reads together
MAX_TOKENS = 50
# Higher is better in all but the last.
SIGNALS = (
    "reading",
    "reading_lead",
    "score",
    "relevance",
    "lead",
    "support",
    "answers",
    "says",
    "log_mean",
    "in_near",
    "names_missing",
)
FITTED = ("reading", "answers", "says")
SETS = (("support",), ("reading",), ("answers",), ("says",), ("answers", "says"), ("reading", "says"), FITTED)
SETS += ((*FITTED, "log_mean"), (*FITTED, "support"), SIGNALS)
TOLERATED = (0.01, 0.02, 0.05, 0.1)  # shares of wrong sentences among those shown


class Collector:
    """The models that read, write and check, and their fixed prompts."""

    def __init__(self, file: Path) -> None:
        self.encoder = Encoder(1)
        self.reranker, self.support = Reranker(self.encoder), SupportModel(self.encoder)
        self.writing_prompts, self.checking_prompts = WritingPrompts(), CheckingPrompts()
        self.model = BatchModel(file, sequences=2 + 2 * GROUP)
        self.writing, self.checking = TokenSequence(0), TokenSequence(1)
        for sequence, fixed in (
            (self.writing, self.writing_prompts.messages("", ())[:-1]),
            (self.checking, self.checking_prompts.fixed),
        ):
            self.model.read_fixed(sequence, fixed)

    def write(self, cases: Sequence[Case]) -> list[dict[str, Any]]:
        """Return what the model writes for each case, with the log-probabilities; sequences stay."""
        rows, work = [], []
        for n, case in enumerate(cases):
            item = case.ranked[0]
            user = self.writing_prompts.messages(case.question, [item], item.words)[-1].text
            sequence = self.model.copy(self.writing, 2 + n)
            work.append((sequence, self.model.tokenize(asked(user))))
            rows.append({"sequence": sequence, "tokens": [], "logs": []})
        self.model.read(work)
        alive = list(rows)
        while alive:
            following = []
            for row in alive:
                logits = row["sequence"].logits.astype(float)
                token = int(logits.argmax())
                piece = self.model.text([token])
                if self.model.ends(token) or "\n" in piece or len(row["tokens"]) >= MAX_TOKENS:
                    continue
                row["tokens"].append(token)
                row["logs"].append(float(logits[token] - np.logaddexp.reduce(logits)))
                following.append(row)
            alive = following
            if alive:
                self.model.read([(row["sequence"], row["tokens"][-1:]) for row in alive])
        return rows

    def lines(self, group: Sequence[Case]) -> list[dict[str, Any]]:
        """Return a line for each case; without margins where the mechanical checks fail."""
        rows = self.write(group)
        texts = [self.model.text(row["tokens"]).strip() for row in rows]
        found = [
            describe(case, self.support, row, text)
            for case, row, text in zip(group, rows, texts, strict=True)
        ]
        for row in rows:
            self.model.free(row["sequence"])
        kept = [n for n, line in enumerate(found) if line["words"] and not line["reasons"]]
        if kept:
            margins = self.check([group[n] for n in kept], [found[n]["written"] for n in kept])
            for n, margin in zip(kept, margins, strict=True):
                found[n] |= margin
        return found

    def check(self, cases: Sequence[Case], texts: Sequence[str]) -> list[dict[str, float]]:
        """Return by how much yes is likelier than no for both questions of the prompts."""
        sequences = [self.model.copy(self.checking, 2 + GROUP + n) for n in range(len(cases))]
        heads = [
            self.checking_prompts.messages(case.question, case.ranked[0])[-1].text + "\n" for case in cases
        ]
        self.model.read(
            [
                (sequence, self.model.tokenize(f"<|im_start|>user\n{head}"))
                for sequence, head in zip(sequences, heads, strict=True)
            ]
        )
        lengths = [sequence.length for sequence in sequences]
        margins: list[dict[str, float]] = [{} for _ in cases]
        for n, name in enumerate(("answers", "says")):
            endings = [self.checking_prompts.endings(text)[n].lstrip() for text in texts]
            self.model.read(
                [
                    (sequence, self.model.tokenize(f"{ending}<|im_end|>\n<|im_start|>assistant\n"))
                    for sequence, ending in zip(sequences, endings, strict=True)
                ]
            )
            for sequence, length, found in zip(sequences, lengths, margins, strict=True):
                found[name] = self.model.yes_over_no(sequence.logits)
                self.model.cut(sequence, length)
        for sequence in sequences:
            self.model.free(sequence)
        return margins


def describe(case: Case, support: SupportModel, row: dict[str, Any], text: str) -> dict[str, Any]:
    """Return a line of the output without the margins."""
    item, gold = case.ranked[0], case.gold
    body = gold.article.body
    span = next(((a, b) for a, b in sentence_spans(body) if a <= gold.start < b), (0, 0))
    statement = re.sub(r"\s*\[\d+\]", "", text).strip()
    words = answering_words(statement, case.question)
    reasons = verify_written(statement, case.question, item)
    claim = support_claim(words, case.question, item)
    asked_stems = set(content_stems(case.question))
    near = set(content_stems(f"{item.article.headline} {claim.source}"))
    names = {stem for match in NAMED.finditer(case.question) for stem in content_stems(match[0])}
    return {
        "id": case.id,
        "kind": case.kind,
        "part": part(body),
        "paragraph": gold.article.id,
        "question": case.question,
        "golds": gold.answers,
        "gold": body[span[0] : span[1]],
        "headline": item.article.headline,
        "source": item.text,
        "hint": item.words,
        "written": statement,
        "words": words,
        "reasons": reasons,
        "score": item.score,
        "relevance": item.relevance,
        "lead": round(item.score - case.ranked[1].score, 3) if len(case.ranked) > 1 else 5.0,
        "reading": round(case.readings[0], 3),
        "reading_lead": round(case.readings[0] - max(case.readings[1:], default=-5.0), 3),
        "support": round(support.score([claim])[0], 3) if words else None,
        "log_mean": round(float(np.mean(row["logs"])), 4) if row["logs"] else 0.0,
        "in_near": round(len(asked_stems & near) / max(1, len(asked_stems)), 3),
        "names_missing": len(names - near),
    }


def collect(options: argparse.Namespace) -> None:
    """Append a line for each case to the output until the time is up."""
    options.out.parent.mkdir(parents=True, exist_ok=True)
    done = {line["id"] for line in read_lines(options.out)}
    questions = list(read_squadshifts(options.data / "squadshifts/new_wiki.jsonl.gz"))
    collector = Collector(options.model)
    began = time.monotonic()
    with options.out.open("a", encoding="utf-8") as out:
        found = cases(questions, collector.reranker, done)
        remaining = (case for case in found if case.readings[0] > MIN_READING)
        while group := list(islice(remaining, GROUP)):
            out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in collector.lines(group))
            out.flush()
            seconds = time.monotonic() - began
            sys.stderr.write(f"{seconds:.0f} s, {collector.model.tokens_read / seconds:.0f} tokens/s\n")
            if seconds > 60 * options.minutes:
                return


def read_lines(file: Path) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    )


def fit(options: argparse.Namespace) -> None:
    """Print the fitted weights and thresholds, and how each set of signals fares on the reported part."""
    judged = [line for line in read_lines(options.out) if "says" in line]
    labelled = [(line, right) for line in judged if (right := label(line)) is not None]
    report: dict[str, Any] = {
        "sentences": len(judged),
        "labelled": {
            name: Counter(
                f"{line['kind']}, {'right' if right else 'wrong'}"
                for line, right in labelled
                if line["part"] == name
            )
            for name in (CHOOSING, REPORTED)
        },
        "area under ROC of each signal": {
            name: areas([line[name] for line, _ in labelled], labelled) for name in SIGNALS
        },
    }
    chosen, reported = (
        [pair for pair in labelled if pair[0]["part"] == name] for name in (CHOOSING, REPORTED)
    )
    report["fits"] = {" + ".join(names): measure(names, chosen, reported) for names in SETS}
    text = json.dumps(report, indent=1)
    sys.stdout.write(f"{text}\n")
    if options.report:
        options.report.write_text(f"{text}\n", encoding="utf-8")


Labelled = Sequence[tuple[dict[str, Any], bool]]


def measure(names: Sequence[str], chosen: Labelled, reported: Labelled) -> dict[str, Any]:
    """Return the weights and thresholds fitted on one part, and what they show of the other."""
    table, right = values(names, chosen), np.array([right for _, right in chosen])
    spread = table.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=1000).fit(table / spread, right)
    weights, intercept = model.coef_[0] / spread, float(model.intercept_[0])
    fitted, measured = table @ weights + intercept, values(names, reported) @ weights + intercept
    thresholds = {share: least_log_odds(fitted, share) for share in TOLERATED}
    return {
        "weights": [round(float(weight), 3) for weight in weights],
        "intercept": round(intercept, 3),
        "area": areas(measured.tolist(), reported),
        "tolerated": {
            str(share): {"from": round(least, 2), **shown(measured, reported, least)}
            for share, least in thresholds.items()
        },
    }


def values(names: Sequence[str], labelled: Labelled) -> NDArray[np.float64]:
    """Return the signals of some lines, shape (lines, signals)."""
    return np.array([[line[name] for name in names] for line, _ in labelled], dtype=float)


def least_log_odds(log_odds: NDArray[np.float64], tolerated: float) -> float:
    """Return the threshold above which the fit expects this share of wrong sentences.

    >>> round(least_log_odds(np.log([99.0, 9.0, 1.0]), 0.055), 2)
    2.2
    """
    falling = np.sort(log_odds)[::-1]
    expected = np.cumsum(1 / (1 + np.exp(falling))) / np.arange(1, len(falling) + 1)
    return float(falling[max(1, int((expected <= tolerated).sum())) - 1])


def shown(log_odds: NDArray[np.float64], labelled: Labelled, least: float) -> dict[str, Any]:
    """Return how many sentences are shown, the share of wrong ones among them, and of right ones shown."""
    right = np.array([right for _, right in labelled])
    kept = log_odds >= least
    wrong, found = (~right[kept]).astype(float), kept[right].astype(float)
    return {
        "shown": int(kept.sum()),
        "of": len(kept),
        "wrong": interval(wrong),
        "right ones shown": interval(found),
    }


def interval(shares: NDArray[np.float64]) -> list[float]:
    """Return a mean with its 95 % interval; nothing for no values."""
    return [round(float(shares.mean()), 3), *confidence_interval(shares.tolist())] if len(shares) else []


def areas(scores: Sequence[float], labelled: Labelled) -> dict[str, float]:
    """Return the area under ROC of right sentences against all wrong ones, and against those of each kind."""
    right = [score for score, (_, right) in zip(scores, labelled, strict=True) if right]
    wrong: dict[str, list[float]] = {"all": []}
    for score, (line, is_right) in zip(scores, labelled, strict=True):
        if not is_right:
            for name in ("all", line["kind"]):
                wrong.setdefault(name, []).append(score)
    return {name: round(roc_auc(right, group), 3) for name, group in wrong.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("collect", "fit"))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--out", type=Path, default=CACHE / "wiki.jsonl")
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    (collect if options.step == "collect" else fit)(options)


if __name__ == "__main__":
    main()
