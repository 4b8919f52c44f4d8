"""Kill a process that changes a collection, cut its power or fill its disk, and compare what is left.

The process is forked from this one, which has loaded the store and no model; the articles and their vectors
were made by the real encoder. The oracle is a collection that nobody disturbed: what is left must hold, to the
byte, what that one holds after the last change that was acknowledged, or after the next one.
"""

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from hub_server import serve_hub

from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.schema import FILE_NAME
from rag.generation.reader_download import FetchError, fetch_reader
from rag.generation.readers import Reader
from torture.faults import Faults, cut_power
from torture.history import Change, History, Item, damage, digest, digests, read_items
from torture.trials import Trial

_FIXTURES = Path(__file__).parent.parent / "fixtures"
_CHANGES = 30  # of one history
_HUNG_SECONDS = 60
Acknowledge = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Death:
    """What a child acknowledged before it ended, a letter each, and whether it was killed."""

    acknowledged: str
    killed: bool
    exit_code: int


class Lab:
    """Folders for trials, and children that fail in them. `careless` ones break their promises, to be caught."""

    def __init__(self, folder: Path, sample: Path, library: str, careless: bool = False) -> None:
        self._folder, self._count, self.careless = folder, 0, careless
        self.faults = Faults(library)
        self.items: list[Item] = read_items(sample)

    def new_folder(self, like: Path | None = None) -> Path:
        """Return a folder, empty or a copy; the one before it is deleted."""
        shutil.rmtree(self._folder / str(self._count), ignore_errors=True)
        self._count += 1
        made = self._folder / str(self._count)
        shutil.copytree(like, made) if like else made.mkdir()
        return made

    def keep(self) -> Path:
        """Return a folder that stays."""
        made = self._folder / f"kept {self._count} {time.monotonic_ns()}"
        made.mkdir()
        return made

    def changes(self, rng: np.random.Generator, count: int = _CHANGES) -> list[Change]:
        return History(self.items, rng, count).changes

    def start_hub(self, reader: Reader, content: bytes) -> Callable[[], None]:
        """Serve a reader from another process; return what ends it."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            with serve_hub(reader.repository, {reader.file: content}) as address:
                os.write(write, address.encode())
                signal.pause()
        os.environ["HF_ENDPOINT"] = os.read(read, 100).decode()

        def end() -> None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

        return end

    def run(self, work: Callable[[Acknowledge], object], delay: float | None = None) -> Death:
        """Do `work` in a child; kill it after `delay` seconds, if any."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _work_and_exit(work, write)
        os.close(write)
        if delay is not None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with os.fdopen(read, "rb") as acknowledged:
            letters = acknowledged.read().decode()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return Death(letters, killed, -1 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def _work_and_exit(work: Callable[[Acknowledge], object], pipe: int) -> None:
    code = 1
    try:
        signal.alarm(_HUNG_SECONDS)

        def acknowledge(letter: str) -> None:
            os.write(pipe, letter.encode())

        work(acknowledge)
        code = 0
    except BaseException as error:  # the child must never go on as the parent
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        raise
    finally:
        os._exit(code)


def change(lab: Lab, folder: Path, changes: Sequence[Change]) -> Callable[[Acknowledge], None]:
    """Return the work of a child that opens a collection and changes it; each step is acknowledged."""

    def work(acknowledge: Acknowledge) -> None:
        store = Store(folder)
        if lab.careless:
            store._db.execute("PRAGMA synchronous = OFF")
        for item in changes:
            if lab.careless:
                acknowledge("a")
            item.call(store)
            if not lab.careless:
                acknowledge("a")
        store.close()

    return work


def examine(folder: Path, expected: Sequence[str]) -> tuple[str, int, float]:
    """Return what is wrong with a collection, which of the `expected` it is, and how long opening it took."""
    began = time.monotonic()
    try:
        with closing(Store(folder)) as store:
            seconds = time.monotonic() - began
            found, problem = digest(store), damage(store)
    except (StoreError, sqlite3.Error, ValueError) as error:
        return f"{type(error).__name__}: {error}", 0, time.monotonic() - began
    which = [n for n, one in enumerate(expected) if one == found]
    if not problem and not which:
        problem = "it holds neither what was acknowledged nor what the next change makes of that"
    return problem, which[0] if which else 0, seconds


def _expected(expected: Sequence[str], at: int, death: Death) -> tuple[int, Sequence[str]]:
    at += death.acknowledged.count("a")
    return at, expected[at : at + 2]


def random_kills(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Kill at random moments; the collection that was left is changed on, and its process killed again."""
    done = 0
    while done < count:
        changes = lab.changes(rng)
        began = time.monotonic()
        expected = digests(lab.new_folder(), changes)
        usual, folder, at = time.monotonic() - began, lab.new_folder(), 0
        while at < len(changes) and done < count:
            death = lab.run(change(lab, folder, changes[at:]), float(rng.uniform(0, usual)))
            at, possible = _expected(expected, at, death)
            step = changes[at].name if at < len(changes) else "close"
            if death.killed:
                problem, further, seconds = examine(folder, possible)
                done, at = done + 1, at + further
                yield Trial(step if death.acknowledged else "open", problem, seconds)
                if problem:
                    break


def step_kills(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Kill at each system call that writes, synchronises, renames or removes, for each kind of change.

    Each write is tried before it, and half done. Where there are more than `count`, they are drawn.
    """
    history, base = History(lab.items, rng, 12), lab.keep()
    digests(base, history.changes)
    works = {}
    for one in history.one_of_each():
        works[one.name] = (base, [one], digests(lab.new_folder(base), [one]))
    yield from _at_each_call(lab, rng, count, works)


def opening_kills(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Kill at each such call while a collection is created, migrated, or recovered from an earlier kill."""
    works: dict[str, Work] = {}
    for name in ("create", *sorted(file.stem for file in _FIXTURES.glob("store-v*.sqlite")), "recover"):
        base = lab.keep()
        if name.startswith("store"):
            shutil.copy(_FIXTURES / f"{name}.sqlite", base / FILE_NAME)
        elif name == "recover":
            lab.run(lambda acknowledge, base=base: _change_and_die(base, lab.changes(rng, 8)))
        works[name] = (base, [], digests(lab.new_folder(base), []))
    yield from _at_each_call(lab, rng, count, works)


def _change_and_die(folder: Path, changes: Sequence[Change]) -> None:
    store = Store(folder)
    for one in changes:
        one.call(store)
    os.kill(os.getpid(), signal.SIGKILL)


Work = tuple[Path, list[Change], list[str]]  # a folder, what is done with a copy of it, and what it may hold


def _at_each_call(lab: Lab, rng: np.random.Generator, count: int, works: dict[str, Work]) -> Iterator[Trial]:
    places = []
    for name, (base, changes, _) in works.items():
        calls = _count_calls(lab, change(lab, lab.new_folder(base), changes))
        places += [(name, n, torn) for n in range(1, calls + 1) for torn in (False, True)]
    for place in rng.permutation(len(places))[:count]:
        name, n, torn = places[place]
        base, changes, expected = works[name]
        folder = lab.new_folder(base)
        death = run_with(lab, change(lab, folder, changes), kill_at=n, torn=torn)
        _, possible = _expected(expected, 0, death)
        problem, _, seconds = examine(folder, possible)
        yield Trial(name, problem, seconds)


def run_with(lab: Lab, work: Callable[[Acknowledge], object], **fault: int) -> Death:
    """Do `work` in a child with a fault, see `Faults.set`."""

    def faulty(acknowledge: Acknowledge) -> None:
        lab.faults.set(**fault)  # type: ignore[arg-type]
        work(acknowledge)

    return lab.run(faulty)


def _count_calls(lab: Lab, work: Callable[[Acknowledge], object]) -> int:
    def counting(acknowledge: Acknowledge) -> None:
        lab.faults.set()
        work(acknowledge)
        acknowledge(f" {lab.faults.calls()}")

    return int(lab.run(counting).acknowledged.rpartition(" ")[2])


def power_cuts(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Cut the power at random system calls: any part of what was not synchronised is lost."""
    done = 0
    while done < count:
        changes = lab.changes(rng)
        expected = digests(lab.new_folder(), changes)
        calls, folder, at = _count_calls(lab, change(lab, lab.new_folder(), changes)), lab.new_folder(), 0
        while at < len(changes) and done < count:
            with (folder / "journal").open("wb") as journal:
                kill_at = int(rng.integers(1, calls // 3))
                work = change(lab, folder, changes[at:])
                death = run_with(lab, work, kill_at=kill_at, journal=journal.fileno())
            at, possible = _expected(expected, at, death)
            if not death.killed:
                break
            cut_power(folder / "journal", rng)
            (folder / f"{FILE_NAME}-shm").unlink(missing_ok=True)
            step = changes[at].name if at < len(changes) else "close"
            problem, further, seconds = examine(folder, possible)
            done, at = done + 1, at + further
            yield Trial(step, problem, seconds)
            if problem:
                break


def full_disks(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Fill the disk at random system calls, free it when the first change failed, and go on with that one."""
    calls = 0
    while count > 0:
        changes = lab.changes(rng)
        expected = digests(lab.new_folder(), changes)
        calls = calls or _count_calls(lab, change(lab, lab.new_folder(), changes))
        for _ in range(min(count, 10)):
            folder = lab.new_folder()
            work = _fill(lab, folder, changes, expected)
            death = run_with(lab, work, full_at=int(rng.integers(1, calls)))
            problem, _, seconds = examine(folder, expected[-1:])
            if death.exit_code:
                problem = (
                    problem or "something else than StoreError was raised, or the earlier changes were lost"
                )
            yield Trial("full" if "f" in death.acknowledged else "enough", problem, seconds)
            count -= 1


def _fill(
    lab: Lab, folder: Path, changes: Sequence[Change], expected: Sequence[str]
) -> Callable[[Acknowledge], None]:
    def work(acknowledge: Acknowledge) -> None:
        try:
            store = Store(folder)
        except StoreError:
            lab.faults.clear()
            acknowledge("f")
            store = Store(folder)
        for n, one in enumerate(changes):
            try:
                one.call(store)
            except StoreError as error:
                assert "free space" in str(error)
                acknowledge("f")
                assert digest(store) == expected[n]  # reading goes on while the disk is full
                lab.faults.clear()
                one.call(store)
        store.close()

    return work


def download_kills(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Kill, or fill the disk, while a reader is fetched; the next fetch goes on in the same folder."""
    content = rng.bytes(5_000_000)
    reader = Reader(
        name="tiny", model="Tiny", file="tiny.gguf", bytes=len(content), sha256=sha256(content).hexdigest(),
        licence="Apache-2.0", style="write", repository="makers/tiny", revision="0" * 40,
    )  # fmt: skip
    hub = lab.start_hub(reader, content)
    try:
        cache = lab.new_folder()
        for _ in range(count):
            fault = {"torn": 1, "kill_at": 1} if rng.random() < 0.5 else {"full_at": 1}
            fault = {
                name: int(rng.integers(1, 14)) if name != "torn" else value for name, value in fault.items()
            }
            death = run_with(lab, lambda _, cache=cache: _fetch(reader, cache), **fault)
            file = cache / reader.file
            problem = "" if not file.exists() or file.read_bytes() == content else "half a file has its name"
            if death.exit_code > 0:
                problem = problem or "something else than FetchError was raised"
            if file.exists() or rng.random() < 0.1:
                fetch_reader(reader, cache)
                left = {entry.name for entry in cache.iterdir()} - {reader.file, f"{reader.file}.lock"}
                if file.read_bytes() != content or left:
                    problem = problem or f"the next fetch left {left}, or another file"
                cache = lab.new_folder()
            yield Trial("full disk" if "full_at" in fault else "kill", problem)
    finally:
        hub()


def _fetch(reader: Reader, cache: Path) -> None:
    try:
        fetch_reader(reader, cache)
    except FetchError as error:
        assert "No space left" in str(error)
