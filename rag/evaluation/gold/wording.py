"""Whether a text says a wording that a gold question accepts."""

import re
from collections.abc import Iterable


def is_yes_or_no(wordings: Iterable[str]) -> bool:
    """Return True if an answer is "yes" or "no" and nothing else."""
    return {wording.strip(" .").lower() for wording in wordings} in ({"yes"}, {"no"})


def contains_wording(text: str, wording: str) -> bool:
    """Return True if a text holds a wording as whole words, without case.

    >>> contains_wording("At least 1,300 came.", "300"), contains_wording("Thirty-four came.", "thirty four")
    (False, True)
    """
    pattern = rf"(?<![\w.,]){re.escape(_normalise(wording))}(?![\w]|[.,]\d)"
    return bool(re.search(pattern, _normalise(text)))


def _normalise(text: str) -> str:
    """Return a text in lower case with plain apostrophes, and spaces for hyphens and white space."""
    return " ".join(text.lower().replace("’", "'").replace("-", " ").split())
