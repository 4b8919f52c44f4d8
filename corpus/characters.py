"""Normalise the characters of text before it enters the collection."""

import re
import unicodedata

# A limit: some tokenizers crash on long runs of one character (40,000 were enough), and news needs none.
_MAX_RUN = 100
_RUN = re.compile(rf"(.)\1{{{_MAX_RUN},}}", re.DOTALL)
_SPACES = re.compile(r"[^\S\n]+")
_KEPT_CONTROLS = "\n\t"
# Control, format (bidi, zero-width, tag), surrogate, private-use and unassigned characters.
_REMOVED_CATEGORIES = ("Cc", "Cf", "Cs", "Co", "Cn")


def normalise_text(text: str) -> str:
    """Return text in NFC with plain spaces, without invisible characters and without endless runs.

    Invisible are control, bidi, tag and zero-width characters. Normalising twice changes nothing more.

    >>> normalise_text("5,200\\u00a0US\\u200b soldiers")
    '5,200 US soldiers'
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))
    text = "".join(char for char in text if char in _KEPT_CONTROLS or not is_removed_character(char))
    text = _SPACES.sub(" ", text.replace("\u2028", "\n").replace("\u2029", "\n"))
    return unicodedata.normalize("NFC", _RUN.sub(lambda run: run[1] * _MAX_RUN, text))


def is_removed_character(char: str) -> bool:
    """Return True for characters that never enter the collection, such as control and zero-width ones."""
    return unicodedata.category(char) in _REMOVED_CATEGORIES
