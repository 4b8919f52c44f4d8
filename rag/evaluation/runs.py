"""The runs that a server keeps beside its collection: made with progress, listed, read, compared. Knows no page."""

import re
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.evaluation.check import find_mistakes
from rag.evaluation.compare import compare, comparison_table
from rag.evaluation.gold import read_gold
from rag.evaluation.record import Journal, build_run, load_run, run_conditions, save_run
from rag.evaluation.run import evaluate

RUNS_FOLDER = "runs"
_LEVEL = 0.05
_OTHER = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is; `name` is that of the finished run, "" before."""

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
    """The runs in the folder "runs" of a collection, by their files' names without the ending; the newest come first."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._folder = assistant.library.store.path.parent / RUNS_FOLDER

    def names(self) -> list[str]:
        return sorted((file.stem for file in self._folder.glob("*.json")), reverse=True)

    def read(self, name: str) -> dict[str, Any]:
        """A run as it is kept.

        Raises:
            GoldError: there is no such run.
        """
        return load_run(self._folder / f"{_plain(name)}.json")

    def compared(self, before: str, after: str) -> str:
        """What changed from one run to another, as Markdown.

        Raises:
            GoldError: a run is not there, or they have no question in common.
        """
        return comparison_table(compare(self.read(before), self.read(after)), _LEVEL)

    def mistakes(self, gold: Path) -> list[str]:
        """What is wrong with a gold file, a line each.

        Raises:
            GoldError: it cannot be read as one.
        """
        articles = self._assistant.library.store.articles()
        return [f"Line {line}: {what}" for line, what in find_mistakes(read_gold(gold), articles)]

    def run(self, gold: Path) -> Generator[RunProgress, None, None]:
        """Ask all questions of a gold file and keep the run; whoever stops listening stops it, and the next run of the file goes on.

        Raises:
            GoldError: the file holds no gold questions, or the collection no articles.
        """
        questions = read_gold(gold)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        under = run_conditions(self._assistant, gold)
        journal = Journal(self._folder / f"{_plain(gold.stem)}.unfinished", under)
        kept = {result.id: result for result in journal.kept()}
        rest = [question for question in questions if question.id not in kept]
        began = time.monotonic()
        yield RunProgress(0, len(rest), 0.0)
        with closing(evaluate(self._assistant, rest)) as results:
            for n, result in enumerate(journal.keep(results), 1):
                kept[result.id] = result
                yield RunProgress(n, len(rest), time.monotonic() - began)
        run = build_run([kept[question.id] for question in questions], under)
        name = f"{run['when'][:19].replace(':', '')} {_plain(gold.stem)}"
        save_run(self._folder / f"{name}.json", run)
        journal.done()
        yield RunProgress(len(rest), len(rest), time.monotonic() - began, name)


def _plain(name: str) -> str:
    """A name that stays inside the folder.

    >>> _plain("../../etc/passwd")
    'etc passwd'
    """
    return _OTHER.sub(" ", name.replace("..", " ")).strip(" .")
