import ctypes
import subprocess
import sys

import pytest

# Arrays of different lengths, every second one of which is freed: glibc keeps what lies between the others.
FRAGMENT = """
import time, numpy as np
from pathlib import Path
from embeddings import heap

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("RssAnon"))

def fragment():
    arrays = [np.ones(8_000 + n % 7 * 500, np.float32) for n in range(8_000)]
    del arrays[::2]
    return arrays

heap.return_freed_memory()
kept = fragment()
print(held(), end=" ")
heap.return_freed_memory_at_times()
print(held(), end=" ")
heap._returned -= 60
heap.return_freed_memory_at_times()
print(held())
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="not the C library that keeps freed memory",
)
def test_freed_memory_goes_back_to_the_system_at_times() -> None:
    run = subprocess.run([sys.executable, "-c", FRAGMENT], capture_output=True, text=True, check=True)
    fragmented, soon, later = map(int, run.stdout.split())
    assert soon > fragmented - 10 and later < fragmented - 80
