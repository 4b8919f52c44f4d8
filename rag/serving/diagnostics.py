"""`python -m corpus doctor`: what is wrong with an installation and its collection, and what to do about it. Repairs nothing.

Each probe stands alone and imports what it needs itself, so that the others speak also when packages are missing or the collection is damaged.
"""

import argparse
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from corpus.store.inspection import UnreadableCollection, inspect_collection, sqlite_features
from corpus.store.schema import SCHEMA_VERSION
from rag.settings import PACKAGED, ROOT, SettingError, Settings

_PYTHON = (3, 11)
_SQLITE = (3, 37)  # STRICT tables
_MEMORY_BYTES = 1_500_000_000  # the encoder, the packaged reader and the page together
_DISK_BYTES = 1_000_000_000
_FULL = 100_000_000  # bytes free below which nothing can be added
_SMALL = 2_000  # articles up to which everything is compared without being asked; 609 take a second
_DAY = 86_400
_LEFT_OVER = re.compile(r"\.(?:tmp|temp|part|bak)$|-journal$|~$")
_INSTALL = "run: pip install -r requirements.txt"
State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how something stands, and the remedy where it is not well."""

    state: State
    about: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is looked at: the settings, and whether everything in a large collection is to be compared too."""

    settings: Settings
    full: bool = False


def main(arguments: list[str]) -> int:
    """Look at everything and say it; exit code 1 if there is a problem."""
    parser = argparse.ArgumentParser(
        prog="python -m corpus doctor", description="Say what is wrong here, and what to do about it."
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument(
        "--full",
        action="store_true",
        help=f"compare everything also in a collection of more than {_SMALL:,} articles",
    )
    given = parser.parse_args(arguments)
    states = []
    for finding in diagnose(given.full):
        states.append(finding.state)
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        line = (
            json.dumps(asdict(finding), ensure_ascii=False)
            if given.json
            else f"{finding.state:8} {finding.about}: {finding.what}{remedy}"
        )
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()  # the next probe may take seconds, or crash what it looks at
    if not given.json:
        sys.stdout.write(f"{states.count('problem')} problems, {states.count('warning')} warnings\n")
    return 1 if "problem" in states else 0


def diagnose(full: bool = False) -> Iterator[Finding]:
    """Every finding, in the order in which they should be mended."""
    try:
        settings = Settings.read()
        yield Finding("ok", "settings", f"the collection is in {settings.data}")
    except SettingError as error:
        yield Finding("problem", "settings", str(error), "mend or unset it")
        settings = Settings.read(
            {name: value for name, value in os.environ.items() if name in ("DATELINE_DATA", "DATELINE_MODEL")}
        )
    for probe in _PROBES:
        about = probe.__name__.strip("_")
        try:
            yield from probe(Installation(settings, full))
        except ImportError as error:
            yield Finding(
                "problem",
                about,
                f"cannot be looked at, since {error.name or 'a package'} is missing or broken ({error})",
                _INSTALL,
            )
        except (OSError, RuntimeError, ValueError) as error:
            yield Finding("problem", about, f"cannot be looked at ({error})", "see the lines above")


def _python(patient: Installation) -> Iterator[Finding]:
    good = sys.version_info >= _PYTHON
    yield Finding(
        "ok" if good else "problem",
        "Python",
        platform.python_version(),
        ""
        if good
        else f"install Python {'.'.join(map(str, _PYTHON))} or newer and run: make PYTHON=/path/to/it run",
    )


def _packages(patient: Installation) -> Iterator[Finding]:
    pins = [
        line.split("==")
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line and line[0] != "#"
    ]
    good = 0
    for name, wanted in pins:
        try:
            here = version(name.split("[")[0]).split("+")[0]  # torch calls itself 2.13.0+cpu
        except PackageNotFoundError:
            yield Finding("problem", "packages", f"{name} is not installed", _INSTALL)
            continue
        good += here == wanted
        if here != wanted:
            yield Finding("warning", "packages", f"{name} is {here}, tested was {wanted}", _INSTALL)
    if good:
        yield Finding("ok", "packages", f"{good} of {len(pins)} are as in requirements.txt")


def _processor(patient: Installation) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = patient.settings.threads
    what = f"{platform.machine()}, {cores} cores, {threads} threads for each model"
    if threads > cores:
        yield Finding(
            "warning", "processor", what, f"set DATELINE_THREADS to at most {cores}: more slow each other"
        )
        return
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    if platform.machine() == "x86_64" and flags and not re.search(r"\bavx2\b", flags):
        yield Finding(
            "warning",
            "processor",
            f"{what}, without AVX2",
            "models are several times slower; set DATELINE_MODEL=none for quotes alone",
        )
        return
    yield Finding("ok", "processor", what)


def _memory(patient: Installation) -> Iterator[Finding]:
    facts = Path("/proc/meminfo").read_text(encoding="utf-8") if Path("/proc/meminfo").exists() else ""
    found = re.search(r"MemAvailable:\s+(\d+) kB", facts)
    free = int(found[1]) * 1024 if found else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    good = free >= _MEMORY_BYTES
    yield Finding(
        "ok" if good else "warning",
        "memory",
        f"{free / 1e9:.1f} GB free",
        "" if good else "end other programs, or set DATELINE_MODEL=none",
    )


def _folder(patient: Installation) -> Iterator[Finding]:
    folder = patient.settings.data
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield Finding(
            "problem",
            "folder",
            f"{there} cannot be written ({error.strerror})",
            "set DATELINE_DATA to a folder that you may write",
        )
    else:
        yield Finding(
            "ok",
            "folder",
            f"{folder} can be written"
            if there == folder.absolute()
            else f"{folder} is made when it is needed",
        )
    free = shutil.disk_usage(there).free
    state: State = "problem" if free < _FULL else "warning" if free < _DISK_BYTES else "ok"
    yield Finding(
        state,
        "disk",
        f"{free / 1e9:.1f} GB free",
        "" if state == "ok" else "free space; adding stops when the disk is full",
    )
    if folder.is_dir():
        old = [
            file
            for file in folder.iterdir()
            if _LEFT_OVER.search(file.name) and time.time() - file.stat().st_mtime > _DAY
        ]
        for file in old:
            yield Finding(
                "warning",
                "folder",
                f"{file.name} has been left over for more than a day",
                "delete it, unless you put it there",
            )


def _writer(patient: Installation) -> Iterator[Finding]:
    from corpus.store.lock import lock_holder

    held = lock_holder(patient.settings.data)
    if held:
        yield Finding(
            "warning",
            "writer",
            f"the collection is being written by {held}",
            "wait until it is done, or end it",
        )
    else:
        yield Finding("ok", "writer", "nobody writes the collection")


def _sqlite(patient: Installation) -> Iterator[Finding]:
    name, searches = sqlite_features()
    good = tuple(map(int, name.split("."))) >= _SQLITE and searches
    yield Finding(
        "ok" if good else "problem",
        "SQLite",
        name + ("" if searches else ", without FTS5"),
        "" if good else "install a newer Python",
    )


def _collection(patient: Installation) -> Iterator[Finding]:
    data = patient.settings.data
    try:
        found = inspect_collection(data)
    except UnreadableCollection as error:
        yield Finding(
            "problem",
            "collection",
            f"its file cannot be read ({error})",
            f"move {data} away, restore a copy or add the files again",
        )
        return
    if found is None:
        yield Finding("ok", "collection", "there is none yet", "begin with: python -m corpus add FOLDER")
    elif not found.ours:
        yield Finding(
            "problem",
            "collection",
            "its file belongs to another program",
            "set DATELINE_DATA to another folder",
        )
    elif found.schema > SCHEMA_VERSION:
        yield Finding(
            "problem",
            "collection",
            f"schema {found.schema}, this Dateline knows {SCHEMA_VERSION}",
            "update Dateline",
        )
    else:
        told = (
            "" if found.schema == SCHEMA_VERSION else f" (brought to {SCHEMA_VERSION} when it is next opened)"
        )
        what = f"{found.articles} articles, {found.passages} passages, schema {found.schema}{told}, journal {found.journal}"
        yield Finding("ok", "collection", what)
        for damage in found.damage:
            yield Finding(
                "problem",
                "collection",
                f"damaged: {damage}",
                "restore a copy, or: python -m corpus export FILE, and add that to another folder",
            )
        if not found.damage and found.schema == SCHEMA_VERSION and os.access(data, os.W_OK):
            yield from _compared(patient, found.articles)


def _compared(patient: Installation, articles: int) -> Iterator[Finding]:
    if articles > _SMALL and not patient.full:
        yield Finding(
            "ok",
            "check",
            f"not made, as there are more than {_SMALL:,} articles",
            "python -m corpus doctor --full, or check",
        )
        return
    from contextlib import closing

    from corpus.store.database import Store
    from corpus.store.integrity import check_integrity

    with closing(Store(patient.settings.data)) as store:
        problems = list(check_integrity(store))
    if problems:
        yield Finding(
            "problem",
            "check",
            f"{len(problems)} problems, the first: {problems[0].text}",
            "run: python -m corpus check --repair",
        )
    else:
        yield Finding("ok", "check", "articles, passages, vectors and full text agree")


def _encoder(patient: Installation) -> Iterator[Finding]:
    from embeddings.encoder import MODEL_NAME, EncoderError
    from embeddings.library import REBUILDING, fingerprint_matches
    from embeddings.reranker import Reranker, RerankerError
    from rag.factory import open_encoder

    try:
        encoder = open_encoder(patient.settings)
    except EncoderError as error:
        yield Finding("problem", "encoder", str(error))
        return
    yield Finding("ok", "encoder", f"{MODEL_NAME} is here, its weights are the published ones")
    try:
        Reranker(encoder)
    except RerankerError as error:
        yield Finding("problem", "ranker", str(error))
    else:
        yield Finding("ok", "ranker", "its weights are those that Dateline ships")
    try:
        found = inspect_collection(patient.settings.data)
    except UnreadableCollection:
        return  # said above
    if found is None or found.encoder is None:
        return
    if found.encoder == REBUILDING:
        yield Finding("problem", "vectors", "a rebuild was stopped", "run: python -m corpus rebuild")
    elif not fingerprint_matches(encoder, found.encoder):
        yield Finding(
            "problem", "vectors", "they were made by another encoder", "run: python -m corpus rebuild"
        )
    else:
        yield Finding("ok", "vectors", "they were made by this encoder")


def _reader(patient: Installation) -> Iterator[Finding]:
    from rag.generation.chat_model import LocalChatModel, ModelError
    from rag.generation.registry import ModelMissing, is_hub_name, open_model

    name = patient.settings.model
    if is_hub_name(name):
        yield Finding("ok", "reader", f"{name} is looked for on Hugging Face when Dateline starts")
        return
    try:
        reader = open_model(patient.settings)
        # The packaged one loads in half a second; others may need minutes and most of the memory.
        if isinstance(reader.chat, LocalChatModel) and (name == PACKAGED or patient.full):
            reader.chat.process.start()
        reader.close()
    except (ModelMissing, ModelError) as error:
        yield Finding(
            "problem",
            "reader",
            str(error),
            "" if isinstance(error, ModelMissing) else "set DATELINE_MODEL=none for quotes alone",
        )
    else:
        yield Finding("ok", "reader", f"{reader.name} (DATELINE_MODEL is {name})")


_PROBES: tuple[Callable[[Installation], Iterator[Finding]], ...] = (
    _python, _packages, _processor, _memory, _folder, _sqlite, _writer, _collection, _encoder, _reader,
)  # fmt: skip
