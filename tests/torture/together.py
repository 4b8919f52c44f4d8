"""Several processes write, others read, and a copy is made meanwhile."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.passages import Passage
from corpus.store.database import Store
from corpus.store.schema import FILE_NAME
from torture.history import Change, History, Item, damage, digests
from torture.kills import Lab
from torture.trials import Trial

if TYPE_CHECKING:
    from embeddings.library import Library

_WRITERS = 4
_START_SECONDS = 60.0  # until all of them have opened the collection


def writers(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Four processes add `count` articles each, in orders of their own; nine in ten are the same for all."""
    folder, (read, write) = lab.keep(), os.pipe()
    children, start = [], multiprocessing.get_context("fork").Barrier(_WRITERS)
    for writer in range(_WRITERS):
        order = rng.permutation(count)
        child = os.fork()
        if child == 0:
            _add_and_exit(lab, folder, order, writer, start, write)
        children.append(child)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as errors:
        said = "; ".join(errors.read().splitlines())
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in children)
    with closing(Store(folder)) as store:
        wanted = {_numbered(lab.items, int(n), w).article.id for w in range(_WRITERS) for n in range(count)}
        here = {found.id for found in store.articles()}
        problem = damage(store) or ("" if here == wanted else f"{len(here)} articles, not {len(wanted)}")
    if failed:
        problem = f"{failed} writers failed ({said or 'without a word'}); {problem}"
    for n in range(_WRITERS * count):
        yield Trial("add", problem if n == 0 else "")


def _numbered(items: Sequence[Item], n: int, writer: int) -> Item:
    item = items[n % len(items)]
    own = f" {writer}" if n % 10 == 0 else ""
    article = replace(item.article, body=f"{item.article.body} Number {n}{own}.", origin=f"{n}{own}.txt")
    return replace(
        item, article=article, passages=[Passage(article, one.start, one.end) for one in item.passages]
    )


def _add_and_exit(
    lab: Lab, folder: Path, order: Sequence[int], writer: int, start: Barrier, errors: int
) -> None:
    """Open the collection and add to it as soon as all others have opened it too."""
    code = 1
    try:
        store = Store(folder)
        if lab.careless:
            store._db.execute("PRAGMA busy_timeout = 0")
        start.wait(_START_SECONDS)
        for n in order:
            item = _numbered(lab.items, int(n), writer)
            store.add(item.article, item.passages, item.vectors, item.raw, str(n))
        store.close()
        code = 0
    except BaseException as error:  # the child must never go on as the parent
        start.abort()
        os.write(errors, f"{type(error).__name__}: {error}\n".encode())
        raise
    finally:
        os._exit(code)


class _Writer:
    """A process that applies changes, and how many of them it has begun and finished."""

    def __init__(self, folder: Path, changes: Sequence[Change], pause: float) -> None:
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        self._child, self._seen = os.fork(), b""
        if self._child == 0:
            code = 1
            try:
                signal.alarm(300)
                with closing(Store(folder)) as store:
                    for one in changes:
                        os.write(write, b"(")
                        one.call(store)
                        os.write(write, b")")
                        time.sleep(pause)
                code = 0
            finally:
                os._exit(code)
        os.close(write)

    def begun_and_done(self) -> tuple[int, int]:
        with suppress(BlockingIOError):
            self._seen += os.read(self._read, 1 << 20)
        return self._seen.count(b"("), self._seen.count(b")")

    def wait(self) -> bool:
        _, status = os.waitpid(self._child, 0)
        os.close(self._read)
        return status == 0


def readers(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Search `count` times by vector and by words while another process makes 500 changes."""

    def search(library: "Library") -> set[str]:
        item = lab.items[int(rng.integers(len(lab.items)))]
        hits = library.search_by_vector(item.vectors[0], 5)
        hits += library.search_by_words(f'"{item.article.body.split()[1].strip(chr(34))}"', 5)
        return {passage.article.id for passage in library.passages(n for n, _ in hits).values()}

    yield from _read(lab, rng, count, search, pause=0.01)


def questions(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Ask `count` whole questions, answered by quotes, while another process makes 500 changes."""
    from rag.assistant import Assistant
    from rag.evaluation.gold.questions import read_gold
    from rag.generation.prompts import Prompts
    from rag.generation.registry import AnswerModel
    from rag.retrieval.search import Retriever

    golds = read_gold(Path(__file__).parent.parent.parent / "corpus/gold.jsonl")

    def ask(library: "Library") -> set[str]:
        assistant = Assistant(Retriever(library=library), AnswerModel("none", None), Prompts())
        answer = assistant.ask(golds[int(rng.integers(len(golds)))].question)
        assert all(citation.verified for citation in answer.citations)
        return {item.article.id for item in (*answer.evidence, *answer.citations)}

    yield from _read(lab, rng, count, ask, pause=0.6)  # so that they outlast the questions


def _read(
    lab: Lab, rng: np.random.Generator, count: int, read: Callable[["Library"], set[str]], pause: float
) -> Iterator[Trial]:
    """Read `count` times while another process makes three times as many changes, 500 at most.

    What is read must be articles that were there at some moment of the reading.
    """
    from embeddings.encoder import Encoder
    from embeddings.library import Library

    folder, changes = lab.keep(), History(lab.items, rng, min(500, 3 * count)).changes
    states = _states(lab.keep(), changes)
    library = Library(Store(folder), Encoder())
    writer = _Writer(folder, changes, pause)
    for _ in range(count):
        _, first = writer.begun_and_done()
        try:
            found, problem = read(library), ""
        except Exception as error:  # whatever is raised here, a reader would see
            found, problem = set(), f"{type(error).__name__}: {error}"[:300]
        last, done = writer.begun_and_done()
        if not found <= set().union(*states[first : last + 1]):
            problem = "an article that was not there"
        step = "while it changes" if done < len(changes) else "afterwards"
        yield Trial(step if found else f"{step}, nothing found", problem)
    finished = writer.wait()
    library.refresh()
    same = {found.id for found in library.store.articles()} == states[-1]
    yield Trial("in the end", "" if finished and same and not damage(library.store) else "the end differs")
    library.store.close()


def _states(folder: Path, changes: Sequence[Change]) -> list[set[str]]:
    states: list[set[str]] = [set()]
    with closing(Store(folder)) as store:
        for one in changes:
            one.call(store)
            states.append({found.id for found in store.articles()})
    return states


def backups(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Copy a collection `count` times while another process changes it; each copy is one of its states."""
    done = 0
    while done < count:
        folder, changes = lab.keep(), lab.changes(rng, 60)
        expected = digests(lab.keep(), changes)
        writer = _Writer(folder, changes, pause=0.003)
        store = Store(folder)
        while done < count and writer.begun_and_done()[1] < len(changes):
            copy, (_, first) = lab.keep(), writer.begun_and_done()
            store.copy_to(copy)
            last, _ = writer.begun_and_done()
            yield Trial("copy", _what_is_wrong(copy, expected[first : last + 1]))
            done += 1
        writer.wait()
        store.close()


def _what_is_wrong(copy: Path, possible: Sequence[str]) -> str:
    from torture.kills import examine

    left = {entry.name for entry in copy.iterdir()} - {FILE_NAME}
    problem, _, _ = examine(copy, possible)
    return problem or (f"{left} was left" if left else "")
