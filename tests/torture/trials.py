"""What long runs try, how often, and what became of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trial:
    """One try: at which step, what went wrong ("" for nothing), and how many seconds mattered."""

    step: str
    problem: str
    seconds: float = 0.0
