"""Diagnose an installation and its collection for `dateline doctor`. Nothing is repaired.

Each probe imports what it needs itself, so that the others still work where packages are missing or the
collection is damaged; at module level only the standard library is imported.
"""

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
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from corpus.store.connection import StoreError
from corpus.store.inspection import CollectionFacts, UnreadableCollection, inspect_collection, sqlite_features
from corpus.store.postgres import check_installed
from rag.generation.readers import choose_reader
from rag.settings import IS_CHECKOUT, LOCAL, ROOT, SettingError, Settings, without_credentials

_MIN_PYTHON = (3, 11)
_MIN_SQLITE = (3, 37)  # STRICT tables
_MEMORY_BYTES = 1_400_000_000  # limit: the encoder and the page, beside the reader's own file
_LOW_DISK_BYTES = 1_000_000_000  # limit
_FULL_DISK_BYTES = 100_000_000  # limit: below this nothing can be added
_SMALL_COLLECTION = 2_000  # limit: articles that are compared without --full; 609 take a second
_DAY_SECONDS = 86_400
_TEMPORARY_FILE = re.compile(r"\.(?:tmp|temp|part|bak)$|-journal$|~$")
_PIN = re.compile(r"([\w.-]+)(?:\[\w+\])?==([\w.]+)")
_WATCHED = ", since this system does not limit it"
_INSTALL = f"run: pip install {'-r requirements.txt' if IS_CHECKOUT else '--force-reinstall dateline'}"
State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one thing, and the remedy where it is not well."""

    state: State
    about: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is examined.

    `full` includes what takes minutes: comparing a large collection, loading a large model.
    """

    settings: Settings
    full: bool = False


def print_findings(as_json: bool = False, full: bool = False) -> int:
    """Examine everything, print a line for each finding, and return the exit code.

    It is 1 if there is a problem.
    """
    states = []
    for finding in diagnose(full):
        states.append(finding.state)
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        text = f"{finding.state:8} {finding.about}: {finding.what}{remedy}"
        sys.stdout.write(f"{json.dumps(asdict(finding), ensure_ascii=False) if as_json else text}\n")
        sys.stdout.flush()  # the next probe may take seconds, or crash on what it examines
    if not as_json:
        sys.stdout.write(f"{states.count('problem')} problems, {states.count('warning')} warnings\n")
    return 1 if "problem" in states else 0


def diagnose(full: bool = False) -> Iterator[Finding]:
    """Yield every finding, in the order in which they should be repaired."""
    try:
        settings = Settings.read()
        yield Finding("ok", "settings", f"the collection is in {settings.data}")
    except SettingError as error:
        yield Finding("problem", "settings", str(error), "correct or unset it")
        readable = {
            name: os.environ[name] for name in ("DATELINE_DATA", "DATELINE_MODEL") if name in os.environ
        }
        settings = Settings.read(readable)
    for probe in _PROBES:
        about = probe.__name__.strip("_")
        try:
            yield from probe(Installation(settings, full))
        except ImportError as error:
            missing = error.name or "a package"
            what = f"cannot be examined, since {missing} is missing or broken ({error})"
            yield Finding("problem", about, what, _INSTALL)
        except (OSError, RuntimeError, ValueError) as error:
            yield Finding("problem", about, f"cannot be examined ({error})", "see the lines above")


def _python(installation: Installation) -> Iterator[Finding]:
    if sys.version_info >= _MIN_PYTHON:
        yield Finding("ok", "Python", platform.python_version())
    else:
        wanted = ".".join(map(str, _MIN_PYTHON))
        remedy = f"install Python {wanted} or newer and run: make PYTHON=/path/to/it run"
        yield Finding("problem", "Python", platform.python_version(), remedy)


def _packages(installation: Installation) -> Iterator[Finding]:
    pins = _pinned_versions()
    as_pinned = 0
    for name, pinned in pins.items():
        try:
            installed = version(name).split("+")[0]  # torch calls itself 2.13.0+cpu
        except PackageNotFoundError:
            yield Finding("problem", "packages", f"{name} is not installed", _INSTALL)
            continue
        as_pinned += installed == pinned
        if installed != pinned:
            yield Finding("warning", "packages", f"{name} is {installed}, tested was {pinned}", _INSTALL)
    if as_pinned:
        yield Finding("ok", "packages", f"{as_pinned} of {len(pins)} are as in requirements.txt")


def _pinned_versions() -> dict[str, str]:
    """Return the version of each required package, from requirements.txt or the installed metadata."""
    if IS_CHECKOUT:
        lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    else:
        lines = [line for line in requires("dateline") or () if "extra ==" not in line]
    return {match[1]: match[2] for line in lines if (match := _PIN.match(line))}


def _processor(installation: Installation) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = installation.settings.model_threads
    what = f"{platform.machine()}, {cores} cores, {threads} threads for the language model"
    if threads > cores:
        remedy = f"set DATELINE_THREADS to at most {cores}: more slow each other"
        yield Finding("warning", "processor", what, remedy)
        return
    flags = _read_if_exists("/proc/cpuinfo")
    if platform.machine() == "x86_64" and flags and not re.search(r"\bavx2\b", flags):
        remedy = "models are several times slower; set DATELINE_MODEL=none for quotes alone"
        yield Finding("warning", "processor", f"{what}, without AVX2", remedy)
        return
    yield Finding("ok", "processor", what)


def _memory(installation: Installation) -> Iterator[Finding]:
    available = re.search(r"MemAvailable:\s+(\d+) kB", _read_if_exists("/proc/meminfo"))
    if not available and not hasattr(os, "sysconf"):  # Windows
        yield Finding("ok", "memory", f"unknown on this system; {_MEMORY_BYTES / 1e9:.1f} GB are needed")
        return
    total = 0 if available else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = int(available[1]) * 1024 if available else total
    reader = choose_reader(installation.settings).reader
    enough = free >= _MEMORY_BYTES + (reader.bytes if reader else 0)
    remedy = "" if enough else "end other programs, or set DATELINE_MODEL=small or none"
    yield Finding("ok" if enough else "warning", "memory", f"{free / 1e9:.1f} GB free", remedy)


def _read_if_exists(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""


def _folder(installation: Installation) -> Iterator[Finding]:
    folder = installation.settings.data
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    yield _writable(folder, existing)
    free = shutil.disk_usage(existing).free
    state: State = "problem" if free < _FULL_DISK_BYTES else "warning" if free < _LOW_DISK_BYTES else "ok"
    remedy = "" if state == "ok" else "free space; nothing can be added when the disk is full"
    yield Finding(state, "disk", f"{free / 1e9:.1f} GB free", remedy)
    for file in folder.iterdir() if folder.is_dir() else ():
        if _TEMPORARY_FILE.search(file.name) and time.time() - file.stat().st_mtime > _DAY_SECONDS:
            what = f"{file.name} is a temporary file more than a day old"
            yield Finding("warning", "folder", what, "delete it, unless you put it there")


def _writable(folder: Path, existing: Path) -> Finding:
    """Return whether files can be written to `existing`, the data folder or the nearest folder above it."""
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        what = f"{existing} cannot be written ({error.strerror})"
        return Finding("problem", "folder", what, "set DATELINE_DATA to a folder that you may write")
    what = "can be written" if existing == folder.absolute() else "is made when it is needed"
    return Finding("ok", "folder", f"{folder} {what}")


def _writer(installation: Installation) -> Iterator[Finding]:
    from corpus.store.lock import lock_holder

    holder = lock_holder(*installation.settings.place)
    if holder:
        what = f"the collection is being written by {holder}"
        yield Finding("warning", "writer", what, "wait until it is done, or end it")
    else:
        yield Finding("ok", "writer", "nobody writes the collection")


def _sqlite(installation: Installation) -> Iterator[Finding]:
    name, has_fts5 = sqlite_features()
    good = tuple(map(int, name.split("."))) >= _MIN_SQLITE and has_fts5
    what = name + ("" if has_fts5 else ", without FTS5")
    yield Finding("ok" if good else "problem", "SQLite", what, "" if good else "install a newer Python")


def _facts(settings: Settings) -> CollectionFacts | None:
    if not settings.database:
        return inspect_collection(settings.data)
    check_installed()
    from corpus.store.postgres.inspection import inspect_database

    return inspect_database(settings.database)


def _collection(installation: Installation) -> Iterator[Finding]:
    data = installation.settings.data
    try:
        found = _facts(installation.settings)
    except StoreError as error:
        yield Finding("problem", "collection", str(error))
        return
    except UnreadableCollection as error:
        remedy = f"move {data} away, restore a copy or add the files again"
        yield Finding("problem", "collection", f"its file cannot be read ({error})", remedy)
        return
    if found is None:
        yield Finding("ok", "collection", "there is none yet", "begin with: dateline add FOLDER")
        return
    if not found.ours:
        what = "its file belongs to another program"
        yield Finding("problem", "collection", what, "set DATELINE_DATA to another folder")
        return
    if found.schema > found.newest:
        what = f"schema {found.schema}, this version of Dateline has {found.newest}"
        yield Finding("problem", "collection", what, "update Dateline")
        return
    current = found.schema == found.newest
    migration = "" if current else f" (migrated to {found.newest} when it is next opened)"
    what = f"{found.articles} articles, {found.passages} passages, schema {found.schema}{migration}"
    yield Finding("ok", "collection", f"{what}, journal {found.journal}")
    for damage in found.damage:
        remedy = "restore a copy, or: dateline export FILE, and add that to another folder"
        yield Finding("problem", "collection", f"damaged: {damage}", remedy)
    if not found.damage and current and os.access(data, os.W_OK):
        yield _integrity(installation, found.articles)


def _integrity(installation: Installation, articles: int) -> Finding:
    if articles > _SMALL_COLLECTION and not installation.full:
        what = f"not made, as there are more than {_SMALL_COLLECTION:,} articles"
        return Finding("ok", "check", what, "dateline doctor --full, or check")
    from contextlib import closing

    from corpus.store.integrity import check_integrity
    from corpus.store.opening import open_store

    with closing(open_store(*installation.settings.place)) as store:
        problems = list(check_integrity(store))
    if problems:
        what = f"{len(problems)} problems, the first: {problems[0].text}"
        return Finding("problem", "check", what, "run: dateline check --repair")
    return Finding("ok", "check", "articles, passages, vectors and full text agree")


def _encoder(installation: Installation) -> Iterator[Finding]:
    from embeddings.encoder import MODEL_NAME, EncoderError
    from embeddings.library import REBUILDING, fingerprint_matches
    from embeddings.reranker import Reranker, RerankerError
    from embeddings.support import SupportModel, SupportModelError
    from rag.factory import open_encoder

    try:
        encoder = open_encoder(installation.settings)
    except (EncoderError, SettingError) as error:
        yield Finding("problem", "encoder", str(error))
        return
    yield Finding("ok", "encoder", f"{MODEL_NAME} is here, its weights are the published ones")
    if (served := encoder.fingerprint.name) != MODEL_NAME:
        yield Finding("ok", "encoder", f"{served} makes the search vectors, and its server answers")
    for name, load in (("ranker", Reranker), ("support", SupportModel)):
        try:
            load(encoder)
        except (RerankerError, SupportModelError) as error:
            yield Finding("problem", name, str(error))
        else:
            yield Finding("ok", name, "its weights are those that Dateline ships")
    try:
        found = _facts(installation.settings)
    except (UnreadableCollection, StoreError):
        return  # reported above
    if found is None or found.encoder is None:
        return
    if found.encoder == REBUILDING:
        yield Finding("problem", "vectors", "a rebuild was stopped", "run: dateline rebuild")
    elif not fingerprint_matches(encoder, found.encoder):
        what = "they were made by another encoder"
        yield Finding("problem", "vectors", what, "run: dateline rebuild")
    else:
        what = f"they were made by this encoder; index {_index(installation.settings, found.passages)}"
        yield Finding("ok", "vectors", what)


def _index(settings: Settings, passages: int) -> str:
    """Return which kind of index serves so many passages, and whether its file is there."""
    if settings.library != LOCAL:
        return f"in {without_credentials(settings.library)}"
    from embeddings.index_file import FILE_NAME
    from embeddings.kinds import kind_for

    kind = kind_for(passages)
    if kind == "flat":
        return f"{kind}, in memory"
    file = settings.data / FILE_NAME
    return f"{kind}, " + (f"{file.stat().st_size / 1e6:.0f} MB" if file.is_file() else "made at next start")


def _parser(installation: Installation) -> Iterator[Finding]:
    from corpus.reading.sandbox import MEMORY_BYTES, TIMEOUT_SECONDS, ParsingError, SandboxedParser

    parser = SandboxedParser()
    try:
        bounds = parser.bounds()
    except ParsingError as error:
        yield Finding("problem", "parser", str(error), _INSTALL)
        return
    finally:
        parser.close()
    memory = (
        f"{MEMORY_BYTES >> 20} MB of memory ({bounds.memory}{_WATCHED if bounds.memory == 'watched' else ''})"
    )
    what = f"files have a process with {TIMEOUT_SECONDS:.0f} seconds a file"
    what += "" if bounds.memory == "unlimited" else f" and {memory}"
    by_name = {
        "memory": bounds.memory != "unlimited",
        "writing files": bounds.writing,
        "processor time": bounds.processor,
    }
    unbounded = [name for name, bounded in by_name.items() if not bounded]
    if unbounded:
        remedy = "add only files that you trust, or use Dateline on another system"
        yield Finding(
            "warning", "parser", f"{what}; this system does not limit {' and '.join(unbounded)}", remedy
        )
    else:
        yield Finding("ok", "parser", f"{what}; it cannot write files")


def _reader(installation: Installation) -> Iterator[Finding]:
    from rag.generation.chat_model import LocalChatModel
    from rag.generation.hub import is_hub_name
    from rag.generation.model_process import ModelError, ModelMissing
    from rag.generation.registry import open_model

    settings = installation.settings
    name, chosen = settings.model, choose_reader(settings)
    if is_hub_name(name):
        yield Finding("ok", "reader", f"{name} is looked for on Hugging Face when Dateline starts")
        return
    try:
        model = open_model(settings)
        # Those of the registry load in seconds; others may need minutes and most of the memory.
        if isinstance(model.chat, LocalChatModel) and (chosen.reader or installation.full):
            model.chat.process.start()
        model.close()
    except ModelMissing as error:
        yield Finding("problem", "reader", str(error))
    except ModelError as error:
        yield Finding("problem", "reader", str(error), "set DATELINE_MODEL=none for quotes alone")
    else:
        runs = f"{chosen.reader.name}, {model.name}" if chosen.reader else model.name
        yield Finding("ok", "reader", f"{runs}; {chosen.why}")


_PROBES: tuple[Callable[[Installation], Iterator[Finding]], ...] = (
    _python, _packages, _processor, _memory, _folder, _sqlite, _writer, _collection, _parser, _encoder,
    _reader,
)  # fmt: skip
