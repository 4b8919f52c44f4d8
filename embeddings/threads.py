"""Count the cores that this process may use, and those of them that are free right now.

Two busy pools of threads on the same cores slow each other 20-40 times, and a second thread on a free core
nearly halves the time: so the number of threads is chosen anew for each batch.
"""

import os
from functools import lru_cache
from pathlib import Path

_RUNNING = Path("/proc/loadavg")  # its fourth field is "running/all" threads of the machine, now
_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # microseconds of processor time in a period, and the period


@lru_cache(maxsize=1)
def usable_cores() -> int:
    """Return the number of cores that this process may use, by its affinity and its cgroup's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, quota_cores(_read(_QUOTA)) or cores))


def quota_cores(text: str) -> int | None:
    """Return the whole cores that a cgroup's `cpu.max` allows, at least 1; None if it sets no limit.

    >>> quota_cores("150000 100000"), quota_cores("max 100000")
    (1, None)
    """
    quota, _, period = text.strip().partition(" ")
    return max(1, int(quota) // int(period)) if quota.isdecimal() and period.isdecimal() else None


def free_cores() -> int:
    """Return how many cores are free for this thread, at least 1; half of the usable ones if unknown."""
    running, _, _ = next(iter(_read(_RUNNING).split()[3:4]), "").partition("/")
    if not running.isdecimal():
        return max(1, usable_cores() // 2)
    others = int(running) - 1  # less this thread
    return max(1, min(usable_cores(), (os.cpu_count() or 1) - others))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError:
        return ""
