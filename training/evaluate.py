"""How well a reader does its job on held-out questions: python training/evaluate.py --adapter FILE.gguf --adapter none

Knows the product's own reader process and its own reading of what was written (`rag.citations.pointed`), so what is measured is what users
get. Without an adapter the reader gets the prompts of untrained readers. Prints a table and writes it as JSON.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from string import Template
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from corpus.article import Article
from corpus.passages import Passage
from rag import limits
from rag.citations import MARKER, bind, drafts, pointed
from rag.evidence import Evidence
from rag.llm import ModelProcess
from rag.models import open_reader
from rag.prompts import FOLDER, Prompts
from rag.settings import Settings

_LINE = re.compile(r"^\[\d+\] (.*) \([^()]*\)$")
_REFUSED = re.compile(r"\bdo(?:es)? not say\b|\bnot said\b", re.IGNORECASE)


@dataclass(frozen=True)
class Read:
    """One held-out example and what a reader wrote for it."""

    example: dict[str, Any]
    written: str
    tokens: int
    seconds: float
    points: bool

    @property
    def refused(self) -> bool:
        return bool(_REFUSED.search(self.written))

    @property
    def words(self) -> str:
        return MARKER.sub("", self.written).strip()

    @property
    def lines(self) -> list[Evidence]:
        """The sentences of the prompt."""
        texts = [match[1] for line in _asked(self.example)[0].splitlines() if (match := _LINE.match(line))]
        return [Evidence(Passage(Article(None, text), 0, len(text)), 0, len(text), 0.0, 0.0) for text in texts]

    @property
    def shown(self) -> list[tuple[int, str]]:
        """What the product's checks leave of it: the numbers of the sentences that carry it, and the words."""
        lines = self.lines
        if self.points:
            return [(lines.index(item) + 1, words) for item, words in pointed(self.written, lines)]
        return [(lines.index(item) + 1, draft.text) for draft in drafts(self.written) for item in bind(draft, lines)[0]]


def _asked(example: dict[str, Any]) -> tuple[str, str]:
    """The evidence and the question of a prompt."""
    evidence, _, question = example["messages"][-1]["content"].rpartition("\n\nQuestion: ")
    return evidence, question


def untrained(example: dict[str, Any]) -> list[dict[str, str]]:
    """The same sentences and question in the prompt for readers that were not trained."""
    evidence, question = _asked(example)
    text = {name: Template((FOLDER / f"{name}.txt").read_text(encoding="utf-8").strip()) for name in ("system", "question")}
    return [
        {"role": "system", "content": text["system"].substitute(refusal=Prompts().refusal)},
        {"role": "user", "content": text["question"].substitute(evidence=evidence, question=question)},
    ]


def read(process: ModelProcess, examples: list[dict[str, Any]], trained: bool) -> list[Read]:
    found = []
    for example in examples:
        began = time.monotonic()
        messages = example["messages"] if trained else untrained(example)
        written = "".join(process.write(messages, limits.ANSWER_TOKENS, 0.0, ["\n\n", "\nQuestion:"])).strip()
        found.append(Read(example, written, process.count(written), time.monotonic() - began, trained))
    return found


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
    """The measures over some examples; 0 where nothing is to be measured."""
    single = [read for read in reads if read.example["kind"] == "answered"]
    changed = [read for read in reads if read.example["kind"] == "changed"]
    wanted = {id(read): int(read.example["target"][read.example["target"].rindex("[") + 1 : -1]) for read in single}
    refused = [read for read in reads if read.refused]
    empty = [read for read in reads if not read.example["answers"]]
    both = sum(not read.example["answers"] for read in refused)

    def share(values: list[Any]) -> float:
        return round(mean(map(float, values)), 3) if values else 0.0

    return {
        "exact match": share([any(normal(read.words) == normal(answer) for answer in read.example["answers"]) for read in single]),
        "F1": share([max(overlap(read.words, answer) for answer in read.example["answers"]) for read in single]),
        "right marker": share([f"[{wanted[id(read)]}]" in read.written for read in single]),
        "right sentence, checked": share([{n for n, _ in read.shown} == {wanted[id(read)]} for read in single]),
        "words stand there": share([any(words for _, words in read.shown) for read in reads if not read.refused]),
        "values at two dates": share([read.written == read.example["target"] for read in changed]),
        "refusal precision": round(both / len(refused), 3) if refused else 0.0,
        "refusal recall": round(both / len(empty), 3) if empty else 0.0,
        "tokens": share([read.tokens for read in reads]),
        "seconds": share([read.seconds for read in reads]),
        "examples": float(len(reads)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure readers on held-out questions.")
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work", help="folder with held.jsonl")
    parser.add_argument(
        "--adapter", action="append", required=True, help="an adapter's GGUF file, packaged, or none; may be given more than once"
    )
    parser.add_argument("--most", type=int, help="examples to measure (default: all)")
    parser.add_argument("--out", type=Path, help="file for the table and all answers, as JSON")
    given = parser.parse_args()
    with (given.work / "held.jsonl").open(encoding="utf-8") as lines:
        examples = [json.loads(line) for line in lines][: given.most]
    table: dict[str, dict[str, float]] = {}
    written: dict[str, list[str]] = {}
    for adapter in given.adapter:
        reader = open_reader(Settings(adapter=adapter))
        reads = read(reader.chat.process, examples, reader.points)  # type: ignore[union-attr]
        reader.close()
        table[f"{reader.name}, all"] = measured(reads)
        table[f"{reader.name}, Wikipedia"] = measured([read for read in reads if read.example["source"] in ("new_wiki", "clapnq")])
        written[reader.name] = [read.written for read in reads]
    sys.stdout.write("\n".join(["| | " + " | ".join(table) + " |", "|---" * (len(table) + 1) + "|"]) + "\n")
    for measure in next(iter(table.values())):
        sys.stdout.write(f"| {measure} | " + " | ".join(f"{row[measure]:g}" for row in table.values()) + " |\n")
    if given.out:
        given.out.write_text(json.dumps({"table": table, "written": written}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
