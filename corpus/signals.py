"""Ctrl-C and a service's stop: at once, or after what is in hand. Knows signals, not what is being done."""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_ENDINGS = (signal.SIGINT, signal.SIGTERM)
EXIT_STOPPED = 130  # the exit code


class Interrupted(KeyboardInterrupt):
    """A Ctrl-C or a service's stop. CPython 3.11 ends by the signal, whatever the exit code, where a bare KeyboardInterrupt was caught in an import."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted


def raise_on_stop_signals() -> None:
    """Have both signals raise `Interrupted`, also where a shell that started this process in the background had Ctrl-C ignored."""
    for ending in _ENDINGS:
        signal.signal(ending, _interrupt)


class GracefulStop:
    """While entered: a signal that comes while something is in hand sets `asked` and leaves it to be finished; any other interrupts.

    A second signal interrupts in any case.
    """

    def __init__(self, in_hand: Callable[[], bool]) -> None:
        self.asked = False
        self._in_hand = in_hand
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "GracefulStop":
        self._before = {ending: signal.signal(ending, self._take) for ending in _ENDINGS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for ending, handler in self._before.items():
            signal.signal(ending, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.asked or not self._in_hand():
            raise Interrupted
        self.asked = True
