"""One run over gold questions: each is searched and asked, the results are measured, summed up and kept. Knows the assistant's two verbs."""

import json
import platform
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import mean, median
from typing import Any

from corpus.article import Article
from rag.answer import Answer
from rag.assistant import Assistant
from rag.evaluation import measures
from rag.evaluation.gold import UNANSWERABLE, Gold, GoldError
from rag.settings import ROOT

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One question's measures; None where a measure says nothing about it."""

    id: str
    kind: str
    development: bool
    question: str
    status: str
    text: str
    right: float
    refused: bool
    article_3: float | None
    recall_3: float | None
    recall_10: float | None
    reciprocal_rank: float | None
    evidence_1: float | None
    evidence_3: float | None
    citation_precision: float | None
    citation_recall: float | None
    unsupported: int
    seconds: float
    seconds_to_evidence: float
    warnings: tuple[str, ...]


def evaluate(assistant: Assistant, questions: Iterable[Gold]) -> list[Result]:
    """Ask every question, in order.

    Raises:
        GoldError: there is nothing to ask about.
    """
    if not assistant.library.coverage().articles:
        raise GoldError("the collection is empty; add the articles that the questions are about: python -m corpus add FOLDER")
    results = []
    for gold in questions:
        found = [hit.passage.article for hit in assistant.search(gold.question, DEPTH, history=gold.history)]
        assistant.library.encoder.forget()  # what the search has encoded is not to make the answer look faster
        began = time.monotonic()
        answer = assistant.ask(gold.question, gold.history)
        results.append(measured(gold, found, answer, time.monotonic() - began))
    return results


def measured(gold: Gold, found: Sequence[Article], answer: Answer, seconds: float) -> Result:
    """The measures of one answer to a gold question; `found` are the articles of the best passages, `seconds` what asking took."""
    spans = [(item.article, item.start, item.end) for item in answer.evidence]
    known = bool(gold.evidence)
    return Result(
        id=gold.id,
        kind=gold.kind,
        development=gold.for_development,
        question=gold.question,
        status=answer.status,
        text=answer.text,
        right=measures.right(gold, answer),
        refused=measures.refused(answer),
        article_3=measures.found_at(3, gold, found) if known else None,
        recall_3=measures.recall_at(3, gold, found) if known else None,
        recall_10=measures.recall_at(DEPTH, gold, found) if known else None,
        reciprocal_rank=measures.reciprocal_rank(gold, found) if known else None,
        evidence_1=measures.evidence_at(1, gold, spans) if known else None,
        evidence_3=measures.evidence_at(3, gold, spans) if known else None,
        citation_precision=measures.citation_precision(gold, answer),
        citation_recall=measures.citation_recall(gold, answer),
        unsupported=measures.unsupported(answer),
        seconds=round(seconds, 3),
        seconds_to_evidence=answer.timings.evidence or 0.0,
        warnings=answer.warnings,
    )


def summary(results: Sequence[Result]) -> dict[str, float | int | None]:
    """The run's figures: shares from 0 to 1, seconds as medians. "right" counts the answerable questions; refusals are counted beside it."""
    answerable = [result for result in results if result.kind != UNANSWERABLE]
    precision, recall = measures.precision_recall(
        [result.kind == UNANSWERABLE for result in results], [result.refused for result in results]
    )
    return {
        "questions": len(results),
        "right article@3": _mean(results, "article_3"),
        "recall@3": _mean(results, "recall_3"),
        "recall@10": _mean(results, "recall_10"),
        "MRR": _mean(results, "reciprocal_rank"),
        "evidence@1": _mean(results, "evidence_1"),
        "evidence@3": _mean(results, "evidence_3"),
        "right": _mean(answerable, "right"),
        "citation precision": _mean(results, "citation_precision"),
        "citation recall": _mean(results, "citation_recall"),
        "unsupported statements": sum(result.unsupported for result in results),
        "refusal precision": round(precision, 3),
        "refusal recall": round(recall, 3),
        "seconds to evidence": round(median(result.seconds_to_evidence for result in results), 2) if results else None,
        "seconds": round(median(result.seconds for result in results), 2) if results else None,
    }


def _mean(results: Sequence[Result], name: str) -> float | None:
    values = [getattr(result, name) for result in results if getattr(result, name) is not None]
    return round(mean(values), 3) if values else None


def groups(results: Sequence[Result]) -> dict[str, list[Result]]:
    """All results, those of each half, and those of each kind."""
    found = {
        "all": list(results),
        "development half": [r for r in results if r.development],
        "test half": [r for r in results if not r.development],
    }
    for kind in dict.fromkeys(result.kind for result in results):
        found[kind] = [result for result in results if result.kind == kind]
    return {name: chosen for name, chosen in found.items() if chosen}


def record(assistant: Assistant, gold: Path, results: Sequence[Result]) -> dict[str, Any]:
    """A run as JSON values: what was run, on what, and every result."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "model": assistant.reader.name,
        "gold": {"file": gold.name, "sha256": sha256(gold.read_bytes()).hexdigest()},
        "collection": {"version": assistant.library.version, "articles": assistant.library.coverage().articles},
        "summary": {name: summary(chosen) for name, chosen in groups(results).items()},
        "results": [asdict(result) for result in results],
    }


def _commit() -> str:
    try:
        done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def table(results: Sequence[Result]) -> str:
    """The summary as a Markdown table, one row a measure, one column a group."""
    columns = {name: summary(chosen) for name, chosen in groups(results).items()}
    rows = [["", *columns], ["---"] * (len(columns) + 1)]
    rows += [
        [measure, *("-" if column[measure] is None else str(column[measure]) for column in columns.values())] for measure in columns["all"]
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def save(path: Path, run: dict[str, Any]) -> None:
    """Write a run as JSON."""
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
