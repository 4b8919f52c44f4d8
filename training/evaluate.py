"""Measure packaged models on held-out questions.

    python training/evaluate.py --adapter FILE.gguf --adapter none

The product's own model process writes, and `rag.verification.citations.parse_extractive_answer` reads, so
what is measured is what users get. A trained model is measured as it writes freely, with constrained decoding
(`rag.generation.decoding`), and with its probabilities combined with the reranker's scores, beside the
reranker alone; an untrained one with its chat prompt and with examples before the question. Prints a table
and writes it as JSON.
"""

import argparse
import json
import math
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from string import Template
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from sklearn.linear_model import LogisticRegression

from corpus.article import Article
from corpus.passages import Passage
from rag import limits
from rag.evaluation.measures.answers import exact_match, f1
from rag.evaluation.measures.ranking import label_auc
from rag.generation.model_process import ModelProcess
from rag.generation.prompts import PROMPTS_FOLDER, Prompts
from rag.generation.registry import open_model
from rag.retrieval.evidence import Evidence
from rag.settings import Settings
from rag.verification.citations import CITATION_MARKER, find_support, parse_drafts, parse_extractive_answer

_LINE = re.compile(r"^\[\d+\] (.*) \([^()]*\)$")
_REFUSAL = re.compile(r"\bdo(?:es)? not say\b|^\[0\]", re.IGNORECASE)
_STOP = ["\n\n", "\nQuestion:"]
_RERANKER_WEIGHTS = (
    0.0,
    0.25,
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
)  # of the reranker's score, chosen on one half of the questions and used on the other
# Shown in the same form before the question, about articles that no collection holds.
_EXAMPLES = (
    (
        "[1] The toll road opened with 12 kilometres of new lanes. (Coast Herald, 5 May 2009)",
        "How long are the new lanes?",
        "12 kilometres [1].",
    ),
    (
        "[1] The choir sang. (Vale Post, 2 June 2011)\n"
        "[2] Its conductor, Jan Reuss, fell ill. (Vale Post, 9 June 2011)",
        "Who conducts?",
        "Jan Reuss [2].",
    ),
    (
        "[1] The clinic had run out of beds in a week. (Upland News, 11 March 2016)",
        "How many beds had the clinic?",
        "The articles do not say.",
    ),
)


@dataclass(frozen=True)
class ModelOutput:
    """One held-out example and what a model wrote for it.

    `chances` are the probabilities of the refusal and of each sentence, where decoding was constrained.
    """

    example: dict[str, Any]
    written: str
    tokens: int
    seconds: float
    trained: bool
    chances: tuple[float, ...] = ()

    @property
    def refused(self) -> bool:
        return bool(_REFUSAL.search(self.written))

    @property
    def words(self) -> str:
        return CITATION_MARKER.sub("", self.written).strip()

    @property
    def shown(self) -> list[tuple[int, str]]:
        """What the product's checks leave of it: (number of the supporting sentence, words)."""
        lines = [
            Evidence(Passage(Article(None, text), 0, len(text)), 0, len(text), 0.0, 0.0)
            for text in sentences_of(self.example)
        ]
        if self.trained:
            return [
                (lines.index(item) + 1, words) for item, words in parse_extractive_answer(self.written, lines)
            ]
        return [
            (lines.index(item) + 1, draft.text)
            for draft in parse_drafts(self.written)
            for item in find_support(draft, lines)[0]
        ]

    @property
    def number(self) -> int:
        """The number of the first sentence that it names; 0 for a refusal or none."""
        found = re.match(r"\[(\d+)\]", self.written)
        return int(found[1]) if found else 0

    @property
    def unsure(self) -> tuple[float, float]:
        """The features of refusing: the log-odds of the refusal, and the reranker's best score negated."""
        return math.log(self.chances[0] / (1 - self.chances[0])), -max(self.example["ranker"])


def _split_prompt(example: dict[str, Any]) -> tuple[str, str]:
    """Return the evidence and the question of a prompt."""
    evidence, _, question = example["messages"][-1]["content"].rpartition("\n\nQuestion: ")
    return evidence, question


def sentences_of(example: dict[str, Any]) -> list[str]:
    """Return the sentences of a prompt."""
    return [match[1] for line in _split_prompt(example)[0].splitlines() if (match := _LINE.match(line))]


def untrained_messages(example: dict[str, Any], examples: bool) -> list[dict[str, str]]:
    """Return the same sentences and question in the prompt for untrained models.

    With three examples or none.
    """
    evidence, question = _split_prompt(example)
    text = {
        name: Template((PROMPTS_FOLDER / f"{name}.txt").read_text(encoding="utf-8").strip())
        for name in ("system", "question")
    }
    chat = [{"role": "system", "content": text["system"].substitute(refusal=Prompts().refusal)}]
    for lines, asked, answer in _EXAMPLES if examples else ():
        chat += [
            {"role": "user", "content": text["question"].substitute(evidence=lines, question=asked)},
            {"role": "assistant", "content": answer},
        ]
    return [
        *chat,
        {"role": "user", "content": text["question"].substitute(evidence=evidence, question=question)},
    ]


def write_answers(process: ModelProcess, examples: list[dict[str, Any]], prompting: str) -> list[ModelOutput]:
    """Return what a model writes freely.

    "chat" and "examples" prompt an untrained one, "free" a trained one.
    """
    found = []
    for example in examples:
        started = time.monotonic()
        messages = (
            example["messages"]
            if prompting == "free"
            else untrained_messages(example, prompting == "examples")
        )
        written = "".join(process.generate(messages, limits.MAX_ANSWER_TOKENS, 0.0, _STOP)).strip()
        found.append(
            ModelOutput(
                example, written, process.count(written), time.monotonic() - started, prompting == "free"
            )
        )
    return found


def write_extractive(
    process: ModelProcess, example: dict[str, Any], logit_bias: Sequence[float] | None = None
) -> ModelOutput:
    """Return what a trained model writes with constrained decoding."""
    lines, started = sentences_of(example), time.monotonic()
    chances, *pieces = process.extract(
        example["messages"], limits.MAX_ANSWER_TOKENS, lines, list(logit_bias or [0.0] * (len(lines) + 1))
    )
    written = "".join(map(str, pieces)).strip()
    return ModelOutput(
        example, written, process.count(written), time.monotonic() - started, True, tuple(chances)
    )  # type: ignore[arg-type]


def target_number(example: dict[str, Any]) -> int:
    """Return the number of the sentence that answers; 0 where none does."""
    found = re.match(r"\[(\d+)\]", example["target"])
    return int(found[1]) if found else 0


def combine_with_reranker(process: ModelProcess, reads: list[ModelOutput]) -> list[ModelOutput]:
    """Combine the probabilities of the sentences and of the refusal with the reranker's scores.

    The reranker's weight and the threshold of refusing are fitted on one half of the questions and used on
    the other.
    """
    found: list[ModelOutput] = []
    for half in (0, 1):
        others, own = reads[1 - half :: 2], reads[half::2]
        answerable = [(item, target_number(item.example)) for item in others if target_number(item.example)]
        weight = max(
            _RERANKER_WEIGHTS,
            key=lambda weight: sum(int(np.argmax(_scores(item, weight))) + 1 == n for item, n in answerable),
        )
        model = LogisticRegression().fit(
            [item.unsure for item in others], [target_number(item.example) == 0 for item in others]
        )
        doubts = model.predict_proba([item.unsure for item in others])[:, 1]
        limit = max(doubts, key=lambda at: _refusal_f1(others, doubts >= at))
        for item, doubt in zip(own, model.predict_proba([item.unsure for item in own])[:, 1], strict=True):
            if doubt >= limit:
                found.append(replace(item, written="[0]"))
                continue
            again = write_extractive(
                process, item.example, [-100.0, *(weight * score for score in item.example["ranker"])]
            )
            found.append(
                replace(again, seconds=item.seconds if again.written == item.written else again.seconds)
            )
    return found


def reranker_alone(reads: list[ModelOutput]) -> list[ModelOutput]:
    """Return the reranker's best sentences and words; refuse below the best threshold on the other half."""
    found: list[ModelOutput] = []
    for half in (0, 1):
        others, own = reads[1 - half :: 2], reads[half::2]
        best = np.array([max(item.example["ranker"]) for item in others])
        limit = max(best, key=lambda at: _refusal_f1(others, best <= at))
        for item in own:
            n = int(np.argmax(item.example["ranker"]))
            refused = item.example["ranker"][n] <= limit
            found.append(replace(item, written="[0]" if refused else f"[{n + 1}] {item.example['read'][n]}"))
    return found


def with_reranker_words(reads: list[ModelOutput]) -> list[ModelOutput]:
    """Return the same sentences with the reranker's words of them."""
    return [
        replace(item, written=f"[{item.number}] {item.example['read'][item.number - 1]}")
        if item.number
        else item
        for item in reads
    ]


def _scores(item: ModelOutput, weight: float) -> list[float]:
    return [
        math.log(chance + 1e-9) + weight * score
        for chance, score in zip(item.chances[1:], item.example["ranker"], strict=True)
    ]


def _refusal_f1(reads: list[ModelOutput], refused: Iterable[bool]) -> float:
    pairs = [
        (target_number(item.example) == 0, bool(said)) for item, said in zip(reads, refused, strict=True)
    ]
    both = sum(empty and said for empty, said in pairs)
    return 2 * both / max(1, sum(empty + said for empty, said in pairs))


def measure(reads: list[ModelOutput]) -> dict[str, float]:
    """Return the measures over some examples; 0 where one does not apply.

    Words are measured where words are the answer: not for reasons and for yes or no.
    """
    single = [item for item in reads if item.example["kind"] == "answered"]
    worded = [item for item in single if CITATION_MARKER.sub("", item.example["target"]).strip()]
    changed = [item for item in reads if item.example["kind"] == "changed"]
    refused = [item for item in reads if item.refused]
    empty = [item for item in reads if not item.example["answers"]]
    both = sum(not item.example["answers"] for item in refused)
    answered = [item for item in single if not item.refused]

    def share(values: list[Any]) -> float:
        return round(mean(map(float, values)), 3) if values else 0.0

    return {
        "exact match": share([exact_match(item.words, item.example["answers"]) for item in worded]),
        "F1": share([f1(item.words, item.example["answers"]) for item in worded]),
        "right marker": share([f"[{target_number(item.example)}]" in item.written for item in single]),
        "right marker, answered": share(
            [f"[{target_number(item.example)}]" in item.written for item in answered]
        ),
        "right sentence, checked": share(
            [{n for n, _ in item.shown} == {target_number(item.example)} for item in single]
        ),
        "words stand there": share(
            [any(words for _, words in item.shown) for item in worded if not item.refused]
        ),
        "values at two dates": share([item.written == item.example["target"] for item in changed]),
        "refusal precision": round(both / len(refused), 3) if refused else 0.0,
        "refusal recall": round(both / len(empty), 3) if empty else 0.0,
        "refusal F1": round(2 * both / (len(refused) + len(empty)), 3) if refused or empty else 0.0,
        "tokens": share([item.tokens for item in reads]),
        "seconds": share([item.seconds for item in reads]),
        "examples": float(len(reads)),
    }


def roc_areas(reads: list[ModelOutput]) -> dict[str, float]:
    """Return the area under ROC of the refusal's probability, of the reranker's best score, and of both."""
    empty = [target_number(item.example) == 0 for item in reads]
    signals = np.array([item.unsure for item in reads])
    both = LogisticRegression().fit(signals, empty).predict_proba(signals)[:, 1]
    found = zip(("refusal", "ranker", "both"), (signals[:, 0], signals[:, 1], both), strict=True)
    return {name: round(label_auc(empty, score.tolist()), 3) for name, score in found}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure readers on held-out questions.")
    parser.add_argument(
        "--work", type=Path, default=Path(__file__).parent / "work", help="folder with held.jsonl"
    )
    parser.add_argument(
        "--adapter",
        action="append",
        required=True,
        help="an adapter's GGUF file, packaged, or none; may be given more than once",
    )
    parser.add_argument("--most", type=int, help="examples to measure (default: all)")
    parser.add_argument("--out", type=Path, help="file for the table and all answers, as JSON")
    options = parser.parse_args()
    with (options.work / "held.jsonl").open(encoding="utf-8") as lines:
        examples = [json.loads(line) for line in lines][: options.most]
    table: dict[str, dict[str, float]] = {}
    written: dict[str, list[str]] = {}
    areas: dict[str, dict[str, float]] = {}
    for adapter in options.adapter:
        reader = open_model(Settings(model="small", adapter=adapter))
        process: ModelProcess = reader.chat.process  # type: ignore[union-attr]
        if reader.extractive:
            pointing = [write_extractive(process, example) for example in examples]
            both = combine_with_reranker(process, pointing)
            outputs_by_method = {
                "free": write_answers(process, examples, "free"),
                "pointing": pointing,
                "with the ranker": both,
            }
            outputs_by_method |= {
                "with the ranker and its words": with_reranker_words(both),
                "ranker alone": reranker_alone(pointing),
            }
            areas[reader.name] = roc_areas(pointing)
        else:
            outputs_by_method = {
                prompting: write_answers(process, examples, prompting) for prompting in ("chat", "examples")
            }
        reader.close()
        for prompting, reads in outputs_by_method.items():
            table[f"{reader.name}, {prompting}"] = measure(reads)
            table[f"{reader.name}, {prompting}, Wikipedia"] = measure(
                [item for item in reads if item.example["source"] in ("new_wiki", "clapnq")]
            )
            written[f"{reader.name}, {prompting}"] = [item.written for item in reads]
    sys.stdout.write("\n".join(["| | " + " | ".join(table) + " |", "|---" * (len(table) + 1) + "|"]) + "\n")
    for name in next(iter(table.values())):
        sys.stdout.write(f"| {name} | " + " | ".join(f"{row[name]:g}" for row in table.values()) + " |\n")
    sys.stdout.write(f"area under ROC: {areas}\n")
    if options.out:
        options.out.write_text(
            json.dumps({"table": table, "areas": areas, "written": written}, indent=1) + "\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
