"""The runs that are kept beside a collection: measured with progress, listed, read and compared."""

import re
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from corpus.store.lock import write_lock
from rag import limits
from rag.assistant import Assistant
from rag.evaluation.gold.check import find_mistakes
from rag.evaluation.gold.questions import GoldQuestion, read_gold
from rag.evaluation.runs.compare import compare, comparison_table
from rag.evaluation.runs.files import Journal, build_run, parse_run, run_text
from rag.evaluation.runs.provenance import run_conditions
from rag.evaluation.runs.run import evaluate

RUNS_FOLDER = "runs"
_FINISHED = ".json"
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is. `name` is that of the finished run, "" before it has finished."""

    done: int
    total: int
    seconds: float
    name: str = ""

    @property
    def left(self) -> float | None:
        """The seconds that the rest takes at this rate; None before the first answer.

        >>> RunProgress(done=1, total=3, seconds=2.0).left
        4.0
        """
        return self.seconds / self.done * (self.total - self.done) if self.done else None


class RunHistory:
    """The runs "runs/NAME.json" of a collection's documents, by their names, newest first."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant, self._store = assistant, assistant.library.store
        self._documents = self._store.documents

    def names(self) -> list[str]:
        """Return the names of all runs, newest first."""
        paths = map(PurePosixPath, self._documents.names())
        found = [path.stem for path in paths if path.parts[0] == RUNS_FOLDER and path.suffix == _FINISHED]
        return sorted(found, reverse=True)

    def read(self, name: str) -> dict[str, Any]:
        """Return a run.

        Raises:
            EvaluationError: there is no such run.
        """
        file = f"{_safe_name(name)}{_FINISHED}"
        return parse_run(self._documents[f"{RUNS_FOLDER}/{file}"].read(), Path(file))

    def compare(self, before: str, after: str) -> str:
        """Return what changed from one run to another, as Markdown.

        Raises:
            EvaluationError: a run does not exist, or they have no question in common.
        """
        return comparison_table(compare(self.read(before), self.read(after)), limits.SIGNIFICANCE_LEVEL)

    def find_mistakes(self, gold: Path) -> list[str]:
        """Return what is wrong with a gold file, one line each.

        Raises:
            EvaluationError: the file cannot be read as one.
        """
        articles = self._store.articles()
        return [f"Line {line}: {mistake}" for line, mistake in find_mistakes(read_gold(gold), articles)]

    def run(self, gold: Path) -> Generator[RunProgress, None, None]:
        """Ask all questions of a gold file and keep the run, yielding the progress after each question.

        A caller that stops reading stops the run; the next run of the same file resumes it.

        Raises:
            EvaluationError: the file holds no gold questions, the collection is empty, or the run that was
                stopped met other conditions.
            StoreError: another run is being measured, by whichever process.
        """
        questions = read_gold(gold)
        # Two processes would mix their results in one journal.
        with write_lock(self._store.folder, self._store.address, RUNS_FOLDER):
            yield from self._run(gold, questions)

    def _run(self, gold: Path, questions: list[GoldQuestion]) -> Generator[RunProgress, None, None]:
        conditions = run_conditions(self._assistant, gold)
        # Another file of the same name is another run.
        unfinished = f"{_safe_name(gold.stem)} {conditions['gold']['sha256'][:8]}.unfinished"
        journal = Journal(self._documents[f"{RUNS_FOLDER}/{unfinished}"], conditions)
        results = {result.id: result for result in journal.resume()}
        pending = [question for question in questions if question.id not in results]
        started = time.monotonic()
        yield RunProgress(0, len(pending), 0.0)
        with closing(evaluate(self._assistant, pending)) as measured:
            for n, result in enumerate(journal.record(measured), 1):
                results[result.id] = result
                yield RunProgress(n, len(pending), time.monotonic() - started)
        run = build_run([results[question.id] for question in questions], conditions)
        name = f"{run['when'][:19].replace(':', '')} {_safe_name(gold.stem)}"
        self._documents[f"{RUNS_FOLDER}/{name}{_FINISHED}"].write(run_text(run))
        journal.delete()
        yield RunProgress(len(pending), len(pending), time.monotonic() - started, name)


def _safe_name(name: str) -> str:
    """Return a name that stays inside the folder.

    >>> _safe_name("../../etc/passwd")
    'etc passwd'
    """
    return _UNSAFE.sub(" ", name.replace("..", " ")).strip(" .")
