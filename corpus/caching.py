"""Keep what was computed from texts, without the texts, up to a number of characters."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")


class TextCache(Generic[Result]):
    """A function of one text that keeps its latest results by a digest of their texts.

    The texts of the kept results have at most `max_chars` characters together. Safe to share between threads.
    """

    def __init__(self, function: Callable[[str], Result], max_chars: int) -> None:
        self._function = function
        self._max_chars = max_chars
        self._kept: OrderedDict[bytes, tuple[int, Result]] = OrderedDict()  # in order of last use
        self._lock = Lock()
        self.chars = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __call__(self, text: str) -> Result:
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
                return self._kept[digest][1]
        result = self._function(text)
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = len(text), result
                self.chars += len(text)
            while self.chars > self._max_chars:
                self.chars -= self._kept.popitem(last=False)[1][0]
        return result
