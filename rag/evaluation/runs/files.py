"""Run files: what was run, on what, with what, and every result; and the journal of an interrupted run."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from corpus.store.documents import Document
from rag.evaluation.gold.questions import EvaluationError
from rag.evaluation.runs.provenance import different_conditions, machine_info
from rag.evaluation.runs.run import QuestionResult
from rag.evaluation.runs.summary import confidence_intervals, count_failures, group_results, summarise

_WORD = re.compile(r"\w+")
_NAMED_CONDITIONS = 4  # of those that differ
_SHORT_WORDS = 8  # so few words of a text may be published without its owner's leave


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
    path.write_text(run_text(run), encoding="utf-8")


def run_text(run: dict[str, Any]) -> str:
    """Return a run as the text of its file."""
    return json.dumps(run, indent=1, ensure_ascii=False) + "\n"


def load_run(path: Path) -> dict[str, Any]:
    """Read a run from its file.

    Raises:
        EvaluationError: the file holds no run.
    """
    try:
        return parse_run(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise _no_run(path, error) from error


def parse_run(text: str | None, path: Path) -> dict[str, Any]:
    """Return the run of a text, or of none, as `load_run` does; errors name it as the file `path`."""
    try:
        run: dict[str, Any] = json.loads(text or "")
        [result["id"] for result in run["results"]]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise _no_run(path, error) from error
    return run


def _no_run(path: Path, error: Exception) -> EvaluationError:
    return EvaluationError(
        f"{path} holds no run ({error}); make one: dateline evaluate GOLD --out {path.name}"
    )


class Journal:
    """The results of an unfinished run, one line each, so that an interrupted run can be resumed."""

    def __init__(self, document: Document, conditions: dict[str, Any]) -> None:
        self._document, self._conditions = document, conditions

    def resume(self) -> list[QuestionResult]:
        """Return the results of an earlier run under the same conditions; none where there was none.

        Raises:
            EvaluationError: the earlier run met other conditions.
        """
        text, header = self._document.read(), json.dumps(self._conditions)
        if text is None:
            self._document.write(f"{header}\n")
            return []
        lines = text.split("\n")
        if lines[0] != header:
            raise EvaluationError(self._refusal(lines[0]))
        *complete, partial = lines[1:]
        if partial:  # the earlier run was killed while it wrote this line
            self._document.write("\n".join([header, *complete, ""]))
        return [_parse_result(json.loads(line)) for line in complete]

    def _refusal(self, header: str) -> str:
        """Return why a run cannot be continued, by the first line of its journal."""
        try:
            names = list(different_conditions(json.loads(header), self._conditions))
        except (json.JSONDecodeError, AttributeError):
            names = ["the journal's first line"]
        named = ", ".join(names[:_NAMED_CONDITIONS])
        others = f" and {len(names) - _NAMED_CONDITIONS} more" if len(names) > _NAMED_CONDITIONS else ""
        return (
            f"{self._document.name} holds a run that began under other conditions ({named}{others}); "
            "go back to those to continue it, or delete it to begin anew"
        )

    def record(self, results: Iterable[QuestionResult]) -> Iterable[QuestionResult]:
        """Yield the results, each after it has been written to the journal."""
        for result in results:
            self._document.append(json.dumps(asdict(result)) + "\n")
            yield result

    def delete(self) -> None:
        """Delete the journal, once the finished run has been saved."""
        self._document.delete()


def _parse_result(entry: dict[str, Any]) -> QuestionResult:
    """Return a result from its JSON form, whose lists were tuples."""
    values: dict[str, Any] = {
        field.name: tuple(value) if isinstance(value := entry[field.name], list) else value
        for field in fields(QuestionResult)
    }
    return QuestionResult(**values)
