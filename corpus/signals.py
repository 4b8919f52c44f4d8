"""Ctrl-C and SIGTERM: interrupt at once, or after the work in progress."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Options of subprocess.Popen, so that Ctrl-C in the terminal reaches the parent only.
APART: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    APART = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
EXIT_STOPPED = 130  # as shells report a process that Ctrl-C ended
_RETRY_SECONDS = 0.05  # limit: until a signal that came during an import is tried again


class Interrupted(KeyboardInterrupt):
    """Raised on Ctrl-C and SIGTERM.

    CPython 3.11 ends a process by the signal, whatever its exit code, if a bare KeyboardInterrupt was caught
    during an import; a subclass is not affected.
    """


def _raise_interrupted(number: int, frame: FrameType | None) -> None:
    """Raise `Interrupted`; while a module is imported, only when that is done.

    Extensions that are being initialised lose the exception (Cython's), or end the process with "terminate
    called" (PyTorch's). All imports of a command take a few seconds.
    """
    if not _is_importing(frame):
        raise Interrupted
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
        signal.setitimer(signal.ITIMER_REAL, _RETRY_SECONDS)
    else:  # Windows
        threading.Timer(_RETRY_SECONDS, signal.raise_signal, (number,)).start()


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


def raise_on_stop_signals() -> None:
    """Make SIGINT and SIGTERM raise `Interrupted`.

    This holds too where the shell started the process in the background with Ctrl-C ignored.
    """
    for number in _SIGNALS:
        signal.signal(number, _raise_interrupted)


class GracefulStop:
    """Context manager that lets the work in progress finish before a signal ends the process.

    A signal that comes while `is_working()` is true sets `requested`; at any other time it raises
    `Interrupted`. A second signal always raises.
    """

    def __init__(self, is_working: Callable[[], bool]) -> None:
        self.requested = False
        self._is_working = is_working
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "GracefulStop":
        self._previous = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested or not self._is_working():
            _raise_interrupted(number, frame)
        else:
            self.requested = True
