"""Which texts no training sees: one rule for the reader, the ranker and those who measure them."""

from hashlib import sha256


def held_out(text: str) -> bool:
    """True for a tenth of all texts, by their hash (an `Article`'s id begins with the same digits)."""
    return int(sha256(text.strip().encode()).hexdigest()[:12], 16) % 10 == 0
