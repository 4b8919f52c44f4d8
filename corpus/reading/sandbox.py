"""The child process that parses files of complex formats, with limits on memory, time and writing.

Parsers meet hostile files; in the child, one that hangs, crashes or exhausts memory costs its own file and
nothing else. Systems differ in the limits that they enforce (macOS has none on memory, Windows none at all),
so the child tries each; where memory cannot be limited but is known, a thread watches it.
"""

import base64
import json
import mmap
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from corpus.reading.raw import ParsedText
from corpus.signals import APART

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

TIMEOUT_SECONDS = 8.0  # a limit: with the start of the next child a file takes less than ten
START_TIMEOUT_SECONDS = 60.0  # a limit
MEMORY_BYTES = 300 << 20  # a limit: with the encoder in the parent, adding needs at most 1.2 GB
_RESPONSE_CHARS = 100_000_000  # a limit: a child of that memory writes no longer response
_WATCH_SECONDS = 0.05  # limit: how often memory is compared where the system does not limit it
_COMMAND = (sys.executable, "-m", "corpus.reading.sandbox")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the child process is kept from, on this system.

    Attributes:
        memory: "limited" by the system, only "watched" (the child ends itself soon after it has more), or
            "unlimited" where it cannot see how much it has.
        writing: it cannot write to files.
        processor: it ends without its parent too, when its processor time is over.
    """

    memory: Literal["limited", "watched", "unlimited"]
    writing: bool
    processor: bool


class ParsingError(ValueError):
    """A file could not be parsed; the message says why."""


class SandboxedParser:
    """A child process for parsing, started with the first file and after each that ended it. Thread-safe."""

    def __init__(self, seconds: float = TIMEOUT_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._bounds: Bounds | None = None

    def extract(self, suffix: str, data: bytes) -> list[ParsedText]:
        """Return the texts of a file with the given suffix, such as ".html".

        Raises:
            ParsingError: the file is not what its suffix says, or took over eight seconds or too much memory.
        """
        with self._lock:
            child = self._running_child()
            request = {"suffix": suffix, "data": base64.b64encode(data).decode()}
            response = self._exchange(child, request, self._seconds)
        if "error" in response:
            raise ParsingError(response["error"])
        return [ParsedText(text, fields) for text, fields in response["texts"]]

    def bounds(self) -> Bounds:
        """Return what the child process is kept from.

        Raises:
            ParsingError: it does not start.
        """
        with self._lock:
            self._running_child()
            assert self._bounds is not None
            return self._bounds

    def _running_child(self) -> "subprocess.Popen[str]":
        if self._child is None or self._child.poll() is not None:
            self._end_child()
            self._child = subprocess.Popen(
                _COMMAND,
                cwd=Path(__file__).parent.parent.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                errors="replace",
                **APART,
            )
            response = self._exchange(self._child, None, START_TIMEOUT_SECONDS)
            if "bounds" not in response:
                raise ParsingError("the file parser does not start; run: pip install -r requirements.txt")
            self._bounds = Bounds(**response["bounds"])
        return self._child

    def _exchange(
        self, child: "subprocess.Popen[str]", request: dict[str, Any] | None, seconds: float
    ) -> dict[str, Any]:
        """Send a request, if any, and return the response; a child that takes over `seconds` is killed."""
        timed_out = threading.Event()

        def kill() -> None:
            timed_out.set()
            child.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        line = None
        try:
            timer.start()
            line = _send_and_read_line(child, request)
        finally:
            timer.cancel()
            if line is None:  # interrupted: the response to this request must not be read as the next one's
                child.kill()
        with suppress(ValueError, RecursionError):
            response = json.loads(line)
            if isinstance(response, dict):
                return response
        child.kill()  # if it has not ended, it wrote what is no response
        child.wait()
        return {
            "error": f"reading it took over {seconds:.0f} seconds"
            if timed_out.is_set()
            else "reading it took too much memory or crashed the parser"
        }

    @property
    def busy(self) -> bool:
        """True while a file is being parsed."""
        return self._lock.locked()

    def close(self) -> None:
        """End the child process, even while it parses a file."""
        child = self._child
        if child is not None:
            child.kill()
        with self._lock:
            self._end_child()

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for stream in (self._child.stdin, self._child.stdout):
                if stream:
                    with suppress(BrokenPipeError):
                        stream.close()
            self._child = None


def _send_and_read_line(child: "subprocess.Popen[str]", request: dict[str, Any] | None) -> str:
    assert child.stdin is not None and child.stdout is not None
    with suppress(BrokenPipeError):
        if request is not None:
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.flush()
    return child.stdout.readline(_RESPONSE_CHARS)


def main() -> None:
    """Answer requests, one JSON object a line, on standard input until it closes."""
    # Parsers may print, so that the protocol gets a file descriptor of its own.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from corpus.reading.formats import PARSER_ERRORS, extract

    _respond(out, {"bounds": asdict(_set_bounds())})
    for line in sys.stdin:
        request = json.loads(line)
        _limit_processor_time()
        try:
            texts = extract(request["suffix"], base64.b64decode(request["data"]))
            _respond(out, {"texts": [(item.text, item.fields) for item in texts]})
        except PARSER_ERRORS as error:  # any other ends this process, and the parent starts another
            _respond(out, {"error": f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " ")})


def _set_bounds() -> Bounds:
    """Limit this process by what the system enforces, and return that."""
    limited = _set_limit("RLIMIT_AS", MEMORY_BYTES) and not _can_allocate(MEMORY_BYTES)
    watched = not limited and _used_memory() is not None
    if watched:
        threading.Thread(target=_watch_memory, daemon=True).start()
    return Bounds(
        memory="limited" if limited else "watched" if watched else "unlimited",
        writing=_set_limit("RLIMIT_FSIZE", 0),
        processor=_limit_processor_time(),
    )


def _set_limit(name: str, value: int, final: bool = True) -> bool:
    """Set a limit, which cannot be raised again if it is `final`; return False if there is none."""
    try:
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value if final else hard))
    except (AttributeError, ValueError, OSError):
        return False
    return True


def _can_allocate(size: int) -> bool:
    """Return True if the system gives out `size` bytes; none of them are used."""
    try:
        mmap.mmap(-1, size).close()
    except (OSError, MemoryError, ValueError):
        return False
    return True


def _watch_memory() -> None:
    """End this process once it uses more than `MEMORY_BYTES`."""
    while (_used_memory() or 0) <= MEMORY_BYTES:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _used_memory() -> int | None:
    """Return the bytes that this process uses, or the most it has used; None where neither is known."""
    statm = Path("/proc/self/statm")
    if statm.exists():  # on Linux the most that was used includes what the parent used
        return int(statm.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE
    if resource is None:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _limit_processor_time() -> bool:
    """Allow twice the time that one file has from now on, so that a child without a parent ends too."""
    return _set_limit("RLIMIT_CPU", int(time.process_time() + 2 * TIMEOUT_SECONDS), final=False)


def _respond(out: TextIO, response: dict[str, Any]) -> None:
    out.write(json.dumps(response, default=str) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
