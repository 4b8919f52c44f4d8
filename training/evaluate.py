"""How well a reader does its job on held-out questions: python training/evaluate.py --adapter FILE.gguf --adapter none

Knows the product's own model process and its own parser of what was written (`parse_extractive_answer`), so what is measured is what users
get. A trained reader is measured as it writes freely, as it points (`rag.generation.decoding`), and with its chances joined to the ranker's scores, beside
the ranker alone; an untrained one with its chat prompt and with examples before the question. Prints a table and writes it as JSON.
"""

import argparse
import json
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from string import Template
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from corpus.article import Article
from corpus.passages import Passage
from rag import limits
from rag.generation.chat_model import ModelProcess
from rag.generation.prompts import PROMPTS_FOLDER, Prompts
from rag.generation.registry import open_model
from rag.retrieval.evidence import Evidence
from rag.settings import Settings
from rag.verification.citations import CITATION_MARKER, find_support, parse_drafts, parse_extractive_answer

_LINE = re.compile(r"^\[\d+\] (.*) \([^()]*\)$")
_REFUSED = re.compile(r"\bdo(?:es)? not say\b|^\[0\]", re.IGNORECASE)
_STOP = ["\n\n", "\nQuestion:"]
_LEANINGS = (
    0.0,
    0.25,
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
)  # of the ranker's score, tried on one half of the questions and used on the other
# Asked in the same form before the question, of articles that no collection holds.
_EXAMPLES = (
    ("[1] The toll road opened with 12 kilometres of new lanes. (Coast Herald, 5 May 2009)", "How long are the new lanes?", "12 kilometres [1]."),
    ("[1] The choir sang. (Vale Post, 2 June 2011)\n[2] Its conductor, Jan Reuss, fell ill. (Vale Post, 9 June 2011)", "Who conducts?", "Jan Reuss [2]."),
    ("[1] The clinic had run out of beds in a week. (Upland News, 11 March 2016)", "How many beds had the clinic?", "The articles do not say."),
)  # fmt: skip


@dataclass(frozen=True)
class Read:
    """One held-out example and what a reader wrote for it; `chances` of the refusal and of each sentence, where it points."""

    example: dict[str, Any]
    written: str
    tokens: int
    seconds: float
    trained: bool
    chances: tuple[float, ...] = ()

    @property
    def refused(self) -> bool:
        return bool(_REFUSED.search(self.written))

    @property
    def words(self) -> str:
        return CITATION_MARKER.sub("", self.written).strip()

    @property
    def shown(self) -> list[tuple[int, str]]:
        """What the product's checks leave of it: the numbers of the sentences that carry it, and the words."""
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
        """The first sentence that it points to; 0 for a refusal or none."""
        found = re.match(r"\[(\d+)\]", self.written)
        return int(found[1]) if found else 0

    @property
    def unsure(self) -> tuple[float, float]:
        """What speaks for refusing: the log-odds of the refusal, and how little the ranker thinks of the best sentence."""
        return math.log(self.chances[0] / (1 - self.chances[0])), -max(self.example["ranker"])


def _asked(example: dict[str, Any]) -> tuple[str, str]:
    """The evidence and the question of a prompt."""
    evidence, _, question = example["messages"][-1]["content"].rpartition("\n\nQuestion: ")
    return evidence, question


def sentences_of(example: dict[str, Any]) -> list[str]:
    """The sentences of a prompt."""
    return [match[1] for line in _asked(example)[0].splitlines() if (match := _LINE.match(line))]


def untrained(example: dict[str, Any], examples: bool) -> list[dict[str, str]]:
    """The same sentences and question in the prompt for readers that were not trained, with three examples before them or none."""
    evidence, question = _asked(example)
    text = {
        name: Template((PROMPTS_FOLDER / f"{name}.txt").read_text(encoding="utf-8").strip())
        for name in ("system", "question")
    }
    chat = [{"role": "system", "content": text["system"].substitute(refusal=Prompts().refusal)}]
    for told, asked, answer in _EXAMPLES if examples else ():
        chat += [
            {"role": "user", "content": text["question"].substitute(evidence=told, question=asked)},
            {"role": "assistant", "content": answer},
        ]
    return [
        *chat,
        {"role": "user", "content": text["question"].substitute(evidence=evidence, question=question)},
    ]


def read(process: ModelProcess, examples: list[dict[str, Any]], way: str) -> list[Read]:
    """What a model writes: "chat" and "examples" are ways of asking an untrained one, "free" a trained one."""
    found = []
    for example in examples:
        began = time.monotonic()
        messages = example["messages"] if way == "free" else untrained(example, way == "examples")
        written = "".join(process.write(messages, limits.MAX_ANSWER_TOKENS, 0.0, _STOP)).strip()
        found.append(Read(example, written, process.count(written), time.monotonic() - began, way == "free"))
    return found


def point(process: ModelProcess, example: dict[str, Any], leanings: Sequence[float] | None = None) -> Read:
    """What a trained model points to."""
    lines, began = sentences_of(example), time.monotonic()
    chances, *pieces = process.point(
        example["messages"], limits.MAX_ANSWER_TOKENS, lines, list(leanings or [0.0] * (len(lines) + 1))
    )
    written = "".join(map(str, pieces)).strip()
    return Read(example, written, process.count(written), time.monotonic() - began, True, tuple(chances))  # type: ignore[arg-type]


def right(example: dict[str, Any]) -> int:
    """The number of the sentence that answers; 0 where none does."""
    found = re.match(r"\[(\d+)\]", example["target"])
    return int(found[1]) if found else 0


def joined(process: ModelProcess, reads: list[Read]) -> list[Read]:
    """The same questions with the ranker's scores beside the chances of the sentences, and a refusal that both agree on.

    How much the ranker counts, and where refusing begins, is found on one half of the questions and used on the other.
    """
    found: list[Read] = []
    for half in (0, 1):
        others, own = reads[1 - half :: 2], reads[half::2]
        told = [(item, right(item.example)) for item in others if right(item.example)]
        leaning = max(
            _LEANINGS,
            key=lambda weight: sum(int(np.argmax(_scores(item, weight))) + 1 == n for item, n in told),
        )
        model = LogisticRegression().fit(
            [item.unsure for item in others], [right(item.example) == 0 for item in others]
        )
        doubts = model.predict_proba([item.unsure for item in others])[:, 1]
        limit = max(doubts, key=lambda at: _f1(others, doubts >= at))
        for item, doubt in zip(own, model.predict_proba([item.unsure for item in own])[:, 1], strict=True):
            if doubt >= limit:
                found.append(replace(item, written="[0]"))
                continue
            again = point(
                process, item.example, [-100.0, *(leaning * score for score in item.example["ranker"])]
            )
            found.append(
                replace(again, seconds=item.seconds if again.written == item.written else again.seconds)
            )
    return found


def ranked(reads: list[Read]) -> list[Read]:
    """What the ranker says alone: its best sentence and its words of it; below the score with the best refusal F1 on the other half, nothing."""
    found: list[Read] = []
    for half in (0, 1):
        others, own = reads[1 - half :: 2], reads[half::2]
        best = np.array([max(item.example["ranker"]) for item in others])
        limit = max(best, key=lambda at: _f1(others, best <= at))
        for item in own:
            n = int(np.argmax(item.example["ranker"]))
            refused = item.example["ranker"][n] <= limit
            found.append(replace(item, written="[0]" if refused else f"[{n + 1}] {item.example['read'][n]}"))
    return found


def with_its_words(reads: list[Read]) -> list[Read]:
    """The same sentences with the ranker's words of them."""
    return [
        replace(item, written=f"[{item.number}] {item.example['read'][item.number - 1]}")
        if item.number
        else item
        for item in reads
    ]


def _scores(item: Read, weight: float) -> list[float]:
    return [
        math.log(chance + 1e-9) + weight * score
        for chance, score in zip(item.chances[1:], item.example["ranker"], strict=True)
    ]


def _f1(reads: list[Read], refused: Iterable[bool]) -> float:
    pairs = [(right(item.example) == 0, bool(said)) for item, said in zip(reads, refused, strict=True)]
    both = sum(empty and said for empty, said in pairs)
    return 2 * both / max(1, sum(empty + said for empty, said in pairs))


def normal(text: str) -> list[str]:
    """Words as SQuAD compares them: without case, punctuation and articles.

    >>> normal("The U.S. Army!")
    ['us', 'army']
    """
    return [word for word in re.sub(r"[^\w\s]", "", text.lower()).split() if word not in ("a", "an", "the")]


def overlap(said: str, wanted: str) -> float:
    """SQuAD's F1 of two answers: 2 * shared words / all words of both.

    >>> overlap("about 4,000 people", "4,000")
    0.5
    """
    a, b = normal(said), normal(wanted)
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if a or b else 1.0


def measured(reads: list[Read]) -> dict[str, float]:
    """The measures over some examples; 0 where nothing is to be measured. Words count where words are wanted: not of why and yes or no."""
    single = [read for read in reads if read.example["kind"] == "answered"]
    worded = [read for read in single if CITATION_MARKER.sub("", read.example["target"]).strip()]
    changed = [read for read in reads if read.example["kind"] == "changed"]
    refused = [read for read in reads if read.refused]
    empty = [read for read in reads if not read.example["answers"]]
    both = sum(not read.example["answers"] for read in refused)
    answered = [read for read in single if not read.refused]

    def share(values: list[Any]) -> float:
        return round(mean(map(float, values)), 3) if values else 0.0

    return {
        "exact match": share(
            [
                any(normal(read.words) == normal(answer) for answer in read.example["answers"])
                for read in worded
            ]
        ),
        "F1": share(
            [max(overlap(read.words, answer) for answer in read.example["answers"]) for read in worded]
        ),
        "right marker": share([f"[{right(read.example)}]" in read.written for read in single]),
        "right marker, answered": share([f"[{right(read.example)}]" in read.written for read in answered]),
        "right sentence, checked": share(
            [{n for n, _ in read.shown} == {right(read.example)} for read in single]
        ),
        "words stand there": share(
            [any(words for _, words in read.shown) for read in worded if not read.refused]
        ),
        "values at two dates": share([read.written == read.example["target"] for read in changed]),
        "refusal precision": round(both / len(refused), 3) if refused else 0.0,
        "refusal recall": round(both / len(empty), 3) if empty else 0.0,
        "refusal F1": round(2 * both / (len(refused) + len(empty)), 3) if refused or empty else 0.0,
        "tokens": share([read.tokens for read in reads]),
        "seconds": share([read.seconds for read in reads]),
        "examples": float(len(reads)),
    }


def area(reads: list[Read]) -> dict[str, float]:
    """The area under ROC of the refusal's chance, of the ranker's best score, and of both, over all examples."""
    empty = [right(read.example) == 0 for read in reads]
    signals = np.array([read.unsure for read in reads])
    both = LogisticRegression().fit(signals, empty).predict_proba(signals)[:, 1]
    found = zip(("refusal", "ranker", "both"), (signals[:, 0], signals[:, 1], both), strict=True)
    return {name: round(float(roc_auc_score(empty, score)), 3) for name, score in found}


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
    given = parser.parse_args()
    with (given.work / "held.jsonl").open(encoding="utf-8") as lines:
        examples = [json.loads(line) for line in lines][: given.most]
    table: dict[str, dict[str, float]] = {}
    written: dict[str, list[str]] = {}
    areas: dict[str, dict[str, float]] = {}
    for adapter in given.adapter:
        reader = open_model(Settings(adapter=adapter))
        process: ModelProcess = reader.chat.process  # type: ignore[union-attr]
        if reader.extractive:
            pointing = [point(process, example) for example in examples]
            both = joined(process, pointing)
            ways = {"free": read(process, examples, "free"), "pointing": pointing, "with the ranker": both}
            ways |= {"with the ranker and its words": with_its_words(both), "ranker alone": ranked(pointing)}
            areas[reader.name] = area(pointing)
        else:
            ways = {way: read(process, examples, way) for way in ("chat", "examples")}
        reader.close()
        for way, reads in ways.items():
            table[f"{reader.name}, {way}"] = measured(reads)
            table[f"{reader.name}, {way}, Wikipedia"] = measured(
                [item for item in reads if item.example["source"] in ("new_wiki", "clapnq")]
            )
            written[f"{reader.name}, {way}"] = [item.written for item in reads]
    sys.stdout.write("\n".join(["| | " + " | ".join(table) + " |", "|---" * (len(table) + 1) + "|"]) + "\n")
    for measure in next(iter(table.values())):
        sys.stdout.write(
            f"| {measure} | " + " | ".join(f"{row[measure]:g}" for row in table.values()) + " |\n"
        )
    sys.stdout.write(f"area under ROC: {areas}\n")
    if given.out:
        given.out.write_text(
            json.dumps({"table": table, "areas": areas, "written": written}, indent=1) + "\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
