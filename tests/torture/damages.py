"""Damage files that Dateline keeps or ships, and look for what is used although it is not what was written."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np

from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.integrity import check_integrity
from corpus.store.schema import FILE_NAME
from torture.history import History
from torture.kills import Lab, change
from torture.trials import Trial

_PAGE_BYTES = 4096
# What people read of a collection, and what it is changed by later.
_SHOWN = (
    "SELECT id, title, body, publisher, author, published, url, standfirst, section, updated, saved, found, raw, "
    "sample FROM articles ORDER BY id",
    "SELECT article, line, start, text, reason, kept FROM removals ORDER BY 1, 3, 6",
    "SELECT article, field, value, how FROM corrections ORDER BY 1, 2",
    "SELECT path, sha256, article FROM origins ORDER BY 1",
)


def damaged(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Return the name of a kind of damage, and the data with it."""
    copy, at = bytearray(data), int(rng.integers(len(data)))
    page = at // _PAGE_BYTES * _PAGE_BYTES
    kind = str(rng.choice(["bit", "bytes", "zero page", "end", "page of elsewhere", "noise page"]))
    if kind == "bit":
        copy[at] ^= 1 << int(rng.integers(8))
    elif kind == "bytes":
        for place in rng.integers(0, len(copy), 20):
            copy[place] = int(rng.integers(256))
    elif kind == "end":
        del copy[at:]
    else:
        other = int(rng.integers(len(data))) // _PAGE_BYTES * _PAGE_BYTES
        source = {"zero page": bytes(_PAGE_BYTES), "page of elsewhere": data[other : other + _PAGE_BYTES]}
        new = source.get(kind, rng.bytes(_PAGE_BYTES))
        copy[page : page + len(new)] = new
        del copy[max(len(data), 1) :]
    return kind, bytes(copy)


def collections(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Damage a collection's file, or the WAL that a killed process left beside it."""
    history = History(lab.items, rng, 14)
    whole, hot = lab.keep(), lab.keep()
    states = [_shown_of(whole)]
    for one in history.changes:
        with closing(Store(whole)) as store:
            one.call(store)
        states.append(_shown_of(whole))
    lab.run(lambda _: (change(lab, hot, history.changes[:-1])(lambda letter: None), _die(hot, history)))
    for n in range(count):
        base, name = ((whole, FILE_NAME), (hot, f"{FILE_NAME}-wal"))[n % 2]
        folder = lab.new_folder(base)
        kind, data = damaged((folder / name).read_bytes(), rng)
        (folder / name).write_bytes(data)
        (folder / f"{FILE_NAME}-shm").unlink(missing_ok=True)
        found, problem = _use(folder, states)
        yield Trial(f"{name.rpartition('-')[2] if n % 2 else 'database'}, {kind}: {found}", problem)


def _die(folder: Path, history: History) -> None:
    store = Store(folder)
    history.changes[-1].call(store)
    os.kill(os.getpid(), signal.SIGKILL)


def _shown_of(folder: Path) -> list[list[tuple[object, ...]]]:
    with closing(Store(folder)) as store:
        return [store.rows(query) for query in _SHOWN]


def _use(folder: Path, states: list[list[list[tuple[object, ...]]]]) -> tuple[str, str]:
    """Return what became of a damaged collection, and what is wrong with that."""
    try:
        store = Store(folder)
    except StoreError:
        return "refused", ""
    with closing(store):
        try:
            problems = list(check_integrity(store))
            if problems:
                return "found by the check", ""
            shown = [store.rows(query) for query in _SHOWN]
        except StoreError:
            return "refused when read", ""
        if shown == states[-1]:
            return "nothing that is shown changed", ""
        if shown in states:
            return "an earlier state", ""
        altered = [
            name
            for name, one, true in zip(
                ("articles", "removals", "corrections", "origins"), shown, states[-1], strict=True
            )
            if one != true
        ]
        return "altered", f"{', '.join(altered)} altered and not found by the check"


def shipped_files(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Damage the adapter, its card, the cross-encoders' weights and a fetched reader."""
    uses = dict(_uses(lab.keep()))
    for n in range(count):
        name = sorted(uses)[n % len(uses)]
        file, use, errors = uses[name]
        data = file.read_bytes()
        kind, changed = damaged(data, rng)
        if changed == data:
            continue
        file.write_bytes(changed)
        try:
            use()
            problem = f"{name} was used"
        except errors:
            problem = ""
        file.write_bytes(data)
        yield Trial(f"{name}, {kind}", problem)


Use = tuple[Path, Callable[[], object], type[Exception]]


def _uses(folder: Path) -> Iterator[tuple[str, Use]]:
    """Yield, by name, a copy of each file, what uses it, and what that raises."""
    from embeddings import reranker, support
    from rag.generation import registry
    from rag.generation.model_process import ModelMissing
    from rag.generation.readers import SMALL, Reader
    from rag.settings import Settings

    def copy(file: Path) -> Path:
        return Path(shutil.copy(file, folder))

    base = registry.packaged_file()
    assert SMALL.adapter
    adapter = copy(SMALL.adapter)
    copy(SMALL.adapter.with_suffix(".json"))
    yield "adapter", (adapter, lambda: registry._adapter_file(str(adapter), base), ModelMissing)
    for name, module, failure in (
        ("reranker", reranker, reranker.RerankerError),
        ("support", support, support.SupportModelError),
    ):
        file = copy(module.WEIGHTS_FILE)
        digest = module.WEIGHTS_SHA256
        yield (
            name,
            (
                file,
                lambda file=file, digest=digest, failure=failure: reranker.load_deltas(file, digest, failure),
                failure,
            ),
        )
    content = b"GGUF" + os.urandom(1_000_000)
    reader = Reader(
        name="tiny", model="Tiny", file="tiny.gguf", bytes=len(content), sha256=sha256(content).hexdigest(),
        licence="Apache-2.0", style="write",
    )  # fmt: skip
    (folder / reader.file).write_bytes(content)
    yield (
        "fetched reader",
        (folder / reader.file, lambda: registry._open_reader(reader, Settings(cache=folder)), ModelMissing),
    )
