"""The child process in which files of other people's formats are read, with bounds on memory and time. Knows processes, not formats.

Parsers meet hostile files; here one that hangs, crashes or eats memory costs its own file and nothing else.
"""

import base64
import json
import resource
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 8.0  # with starting the next child a file stays below ten
START_SECONDS = 60.0
MEMORY_BYTES = 300 << 20  # with the encoder in the parent, adding stays below a gigabyte


class ParsingError(ValueError):
    """A file could not be read; the message says why."""


class SandboxedParser:
    """One child, started at the first file and again after each that it did not survive. Safe for threads."""

    def __init__(self, seconds: float = TIMEOUT_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None

    def extract(self, ending: str, data: bytes) -> list[tuple[str, dict[str, str]]]:
        """The texts in a file and what it states of each.

        Raises:
            ParsingFailed: it is not what its ending says, took over eight seconds or too much memory.
        """
        with self._lock:
            child = self._running()
            answer = self._ask(
                child, {"ending": ending, "data": base64.b64encode(data).decode()}, self._seconds
            )
        if "failed" in answer:
            raise ParsingError(answer["failed"])
        return [(text, stated) for text, stated in answer["texts"]]

    def _running(self) -> "subprocess.Popen[str]":
        if self._child is None or self._child.poll() is not None:
            self._end()
            root = str(Path(__file__).parents[2])
            command = [sys.executable, "-m", "corpus.reading.sandbox"]
            self._child = subprocess.Popen(
                command,
                cwd=root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
            )
            if "failed" in self._ask(self._child, None, START_SECONDS):
                raise ParsingError("the file reader does not start; run: pip install -r requirements.txt")
        return self._child

    def _ask(
        self, child: "subprocess.Popen[str]", request: dict[str, Any] | None, seconds: float
    ) -> dict[str, Any]:
        """One request and its answer; the child is killed when it takes longer, and what it left unsaid is told as a failure."""
        assert child.stdin is not None and child.stdout is not None
        slow = threading.Event()

        def end() -> None:
            slow.set()
            child.kill()

        clock = threading.Timer(seconds, end)
        clock.daemon = True
        line = None
        try:
            clock.start()
            with suppress(BrokenPipeError):
                if request is not None:
                    child.stdin.write(json.dumps(request) + "\n")
                    child.stdin.flush()
            line = child.stdout.readline()
        finally:
            clock.cancel()
            if line is None:  # Ctrl-C: its answer to this question must not be taken for the next one's
                child.kill()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        child.wait()
        return {
            "failed": f"reading it took over {seconds:.0f} seconds"
            if slow.is_set()
            else "reading it took too much memory or crashed the reader"
        }

    @property
    def busy(self) -> bool:
        """True while a file is being read."""
        return self._lock.locked()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for stream in (self._child.stdin, self._child.stdout):
                if stream:
                    with suppress(BrokenPipeError):
                        stream.close()
            self._child = None


def main() -> None:
    """Answer requests on standard input until it closes."""
    from corpus.reading.formats import PARSER_ERRORS, extract

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _say({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        _limit_seconds()
        try:
            _say({"texts": extract(request["ending"], base64.b64decode(request["data"]))})
        except PARSER_ERRORS as error:  # any other ends this process, and the parent starts another
            _say({"failed": f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " ")})


def _limit_seconds() -> None:
    """Twice the seconds that a file has, from now on: the parent ends what takes too long, and where it is gone the kernel does."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + 2 * TIMEOUT_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
