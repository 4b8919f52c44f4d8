"""A run as it is kept: what was run, on what, with what, and every result; and a run that was broken off, to go on with. Knows files."""

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
from rag.evaluation.gold import EvaluationError
from rag.evaluation.run import QuestionResult
from rag.evaluation.summary import confidence_intervals, count_failures, group_results, summarise
from rag.generation.prompts import PROMPTS_FOLDER as PROMPTS
from rag.settings import ROOT

_WORD = re.compile(r"\w+")
_SHORT = 8  # words that are nobody's text


def run_conditions(assistant: Assistant, gold: Path) -> dict[str, Any]:
    """What decides a run's answers; two runs with the same conditions give the same ones."""
    ids = sorted(article.id for article in assistant.library.store.articles())
    prompts = "\n".join(file.read_text(encoding="utf-8") for file in sorted(PROMPTS.glob("*.txt")))
    return {
        "commit": current_commit(),
        "model": assistant.model.name,
        "settings": {
            "hits": assistant.retriever.k,
            "evidence": assistant.model.evidence,
            "budget": assistant.model.budget,
        },
        "gold": {"file": gold.name, "sha256": _digest(gold.read_bytes())},
        "collection": {"articles": len(ids), "sha256": _digest("\n".join(ids).encode())},
        "prompts": _digest(prompts.encode()),
    }


def machine_info() -> dict[str, str]:
    """When and on what something was measured."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    }


def build_run(results: Sequence[QuestionResult], under: dict[str, Any]) -> dict[str, Any]:
    """A finished run as JSON values."""
    return {
        **machine_info(),
        **under,
        "summary": {name: summarise(chosen) for name, chosen in group_results(results).items()},
        "intervals": confidence_intervals(results),
        "group_intervals": {
            name: confidence_intervals(chosen)
            for name, chosen in group_results(results).items()
            if name != "all"
        },
        "failures": count_failures(results),
        "results": [asdict(result) for result in results],
    }


def shorten_texts(run: dict[str, Any]) -> dict[str, Any]:
    """A run whose questions, answers and quotes are cut after eight words, to be published where the texts are somebody else's."""
    return {**run, "results": _cut(run["results"])}


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_cut(held) for held in value]
    found = list(_WORD.finditer(value)) if isinstance(value, str) else []
    return f"{value[: found[_SHORT - 1].end()]} ..." if len(found) > _SHORT else value


def save_run(path: Path, run: dict[str, Any]) -> None:
    """Write a run as JSON."""
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_run(path: Path) -> dict[str, Any]:
    """Read a run back.

    Raises:
        GoldError: the file holds no run.
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
    """The results of a run that is under way, a line each, so that one that was broken off goes on where it stopped."""

    def __init__(self, path: Path, under: dict[str, Any]) -> None:
        self.path, self._under = path, under

    def kept(self) -> list[QuestionResult]:
        """What an earlier run under the same conditions has left; nothing where conditions differ."""
        lines = self.path.read_text(encoding="utf-8").split("\n") if self.path.exists() else []
        if not lines or lines[0] != json.dumps(self._under):
            self.path.write_text(json.dumps(self._under) + "\n", encoding="utf-8")
            return []
        *whole, half = lines[1:]
        if half:  # it was killed while it wrote this one
            self.path.write_text("\n".join([lines[0], *whole, ""]), encoding="utf-8")
        return [_result(json.loads(line)) for line in whole]

    def keep(self, results: Iterable[QuestionResult]) -> Iterable[QuestionResult]:
        """The results, each written down before it is passed on."""
        with self.path.open("a", encoding="utf-8") as file:
            for result in results:
                file.write(json.dumps(asdict(result)) + "\n")
                file.flush()
                yield result

    def done(self) -> None:
        """The run is kept elsewhere now."""
        self.path.unlink(missing_ok=True)


def _result(entry: dict[str, Any]) -> QuestionResult:
    values: dict[str, Any] = {
        field.name: tuple(value) if isinstance(value := entry[field.name], list) else value
        for field in fields(QuestionResult)
    }
    return QuestionResult(**values)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def current_commit() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
