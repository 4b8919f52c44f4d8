"""Measure precision and recall of the intents of labelled questions, and the words that reach the search.

python -m benchmarks.intents [--half development|kept|both] [--show] [--out FILE]

The questions are our own, or named by set and id where the texts may not be copied (../shared/data).
`intents` are the fields of `rag.query.intent.Intent` that should be set: "change" for how something
developed, "latest" for its newest state, "disagreement" for what several accounts say beside one another,
"overview" for whatever is said of a topic. Most questions want none: a fact, a reason, a way, a list, a
comparison of two things, a yes or no.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from benchmarks.public_sets import DATA, read_lines
from corpus.words import content_stems
from rag.query.intent import parse_intent
from rag.query.parse import parse_question
from rag.query.sources import mark_sources

QUESTIONS = Path(__file__).parent / "questions.jsonl"
NAMES = ("change", "latest", "disagreement", "overview")


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and the names of the intents that it has."""

    text: str
    intents: frozenset[str]

    @property
    def for_development(self) -> bool:
        return hashlib.sha256(self.text.encode()).digest()[-1] % 2 == 0


def labelled_questions() -> Iterator[LabelledQuestion]:
    """Yield the labelled questions; those of sets that are not here are left out."""
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    texts = {name: _texts(name) for name in {row["set"] for row in rows if "set" in row}}
    for row in rows:
        text = row.get("question") or texts[row["set"]].get(row["id"])
        if text:
            yield LabelledQuestion(text.strip(), frozenset(row["intents"]))


def _texts(name: str) -> dict[str, str]:
    file = DATA / f"{name}.jsonl.gz"
    if not file.exists():
        return {}
    parts = [part for row in read_lines(file) for part in row.get("qas", [row])]
    return {str(part["id"]): part.get("question") or part.get("query") or part["input"] for part in parts}


def predicted(question: str) -> frozenset[str]:
    """Return the names of the intents that `rag.query.intent` finds."""
    return frozenset(name for name, found in asdict(parse_intent(question)).items() if found)


def lost_words(question: str) -> set[str]:
    """Return the content words of a question, but for the sources that it names, that are not searched for."""
    searched = content_stems(parse_question(question).query.parts[0].text)
    sources = content_stems(" ".join(mark_sources(question, ()).phrases))
    return set(content_stems(question)) - set(searched) - set(sources)


def scores(questions: Sequence[LabelledQuestion]) -> dict[str, dict[str, float | int | None]]:
    """Return precision and recall for each intent, with the counts that they rest on."""
    found = [(question.intents, predicted(question.text)) for question in questions]
    rows: dict[str, dict[str, float | int | None]] = {}
    for name in (*NAMES, "none"):
        wanted = [name in labels or (name == "none" and not labels) for labels, _ in found]
        got = [name in labels or (name == "none" and not labels) for _, labels in found]
        right = sum(a and b for a, b in zip(wanted, got, strict=True))
        rows[name] = {
            "questions": sum(wanted),
            "precision": round(right / sum(got), 3) if any(got) else None,
            "recall": round(right / sum(wanted), 3) if any(wanted) else None,
        }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("development", "kept", "both"), default="development")
    parser.add_argument("--show", action="store_true", help="print the errors on the development half")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    questions = list(labelled_questions())
    result: dict[str, Any] = {"questions": len(questions)}
    for half in ("development", "kept") if options.half == "both" else (options.half,):
        chosen = [question for question in questions if question.for_development == (half == "development")]
        result[half] = scores(chosen)
        if options.show and half == "development":
            for question in chosen:
                if (got := predicted(question.text)) != question.intents:
                    print(f"{sorted(question.intents)} taken for {sorted(got)}: {question.text[:150]}")
    result["questions that lose words"] = sum(bool(lost_words(question.text)) for question in questions)
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
