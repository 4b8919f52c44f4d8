"""Run files: what was run, on what, with what, and every result; and the journal of an interrupted run."""

import json
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.evaluation.gold.questions import EvaluationError
from rag.evaluation.runs.run import QuestionResult
from rag.evaluation.runs.summary import confidence_intervals, count_failures, group_results, summarise
from rag.generation.prompts import PROMPTS_FOLDER
from rag.settings import ROOT

_WORD = re.compile(r"\w+")
_SHORT_WORDS = 8  # so few words of a text may be published without its owner's leave


def run_conditions(assistant: Assistant, gold: Path) -> dict[str, Any]:
    """Return what decides a run's answers; two runs under the same conditions give the same ones."""
    store = assistant.library.store
    prompts = "\n".join(file.read_text(encoding="utf-8") for file in sorted(PROMPTS_FOLDER.glob("*.txt")))
    model = assistant.model
    return {
        "commit": current_commit(),
        "model": model.name,
        "settings": {"hits": assistant.retriever.k, "evidence": model.evidence, "budget": model.budget},
        "gold": {"file": gold.name, "sha256": _sha256(gold.read_bytes())},
        "collection": {"articles": store.coverage().articles, "sha256": store.content_hash()},
        "prompts": _sha256(prompts.encode()),
    }


def machine_info() -> dict[str, str]:
    """Return when and on which machine something is measured."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    }


def current_commit() -> str:
    """Return the commit of the working tree as `git describe` names it, "unknown" outside of a repository."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def build_run(results: Sequence[QuestionResult], conditions: dict[str, Any]) -> dict[str, Any]:
    """Return a finished run as JSON values."""
    grouped = group_results(results)
    return {
        **machine_info(),
        **conditions,
        "summary": {name: summarise(group) for name, group in grouped.items()},
        "intervals": confidence_intervals(results),
        "group_intervals": {
            name: confidence_intervals(group) for name, group in grouped.items() if name != "all"
        },
        "failures": count_failures(results),
        "results": [asdict(result) for result in results],
    }


def shorten_texts(run: dict[str, Any]) -> dict[str, Any]:
    """Return a run with every text cut after eight words, to be published where texts are not ours."""
    return {**run, "results": _shorten(run["results"])}


def _shorten(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shorten(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_shorten(held) for held in value]
    words = list(_WORD.finditer(value)) if isinstance(value, str) else []
    return f"{value[: words[_SHORT_WORDS - 1].end()]} ..." if len(words) > _SHORT_WORDS else value


def save_run(path: Path, run: dict[str, Any]) -> None:
    """Write a run as JSON."""
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_run(path: Path) -> dict[str, Any]:
    """Read a run from its file.

    Raises:
        EvaluationError: the file holds no run.
    """
    try:
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        [result["id"] for result in run["results"]]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"{path} holds no run ({error}); make one: dateline evaluate GOLD --out {path.name}"
        ) from error
    return run


class Journal:
    """The results of an unfinished run, one line each, so that an interrupted run can be resumed."""

    def __init__(self, path: Path, conditions: dict[str, Any]) -> None:
        self.path, self._conditions = path, conditions

    def resume(self) -> list[QuestionResult]:
        """Return the results of an earlier run; start afresh where its conditions differ."""
        lines = self.path.read_text(encoding="utf-8").split("\n") if self.path.exists() else []
        header = json.dumps(self._conditions)
        if not lines or lines[0] != header:
            self.path.write_text(f"{header}\n", encoding="utf-8")
            return []
        *complete, partial = lines[1:]
        if partial:  # the earlier run was killed while it wrote this line
            self.path.write_text("\n".join([header, *complete, ""]), encoding="utf-8")
        return [_parse_result(json.loads(line)) for line in complete]

    def record(self, results: Iterable[QuestionResult]) -> Iterable[QuestionResult]:
        """Yield the results, each after it has been written to the journal."""
        with self.path.open("a", encoding="utf-8") as file:
            for result in results:
                file.write(json.dumps(asdict(result)) + "\n")
                file.flush()
                yield result

    def delete(self) -> None:
        """Delete the journal, once the finished run has been saved."""
        self.path.unlink(missing_ok=True)


def _parse_result(entry: dict[str, Any]) -> QuestionResult:
    """Return a result from its JSON form, whose lists were tuples."""
    values: dict[str, Any] = {
        field.name: tuple(value) if isinstance(value := entry[field.name], list) else value
        for field in fields(QuestionResult)
    }
    return QuestionResult(**values)


def _sha256(data: bytes) -> str:
    return sha256(data).hexdigest()
