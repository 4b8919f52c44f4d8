"""Text as it may enter the collection. Knows characters, not news."""

import re
import unicodedata

# Long runs of one character crash some tokenizers (40,000 were enough) and mean nothing in news.
_MAX_RUN = 100
_RUN = re.compile(rf"(.)\1{{{_MAX_RUN},}}", re.DOTALL)
_SPACES = re.compile(r"[^\S\n]+")
_KEPT_CONTROLS = "\n\t"


def normalise_text(text: str) -> str:
    """Text as it may enter the collection: NFC, plain spaces, no control, bidi, tag or zero-width characters, no endless runs. Idempotent.

    >>> normalise_text("5,200\\u00a0US\\u200b soldiers")
    '5,200 US soldiers'
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))
    text = "".join(char for char in text if char in _KEPT_CONTROLS or not is_removed_character(char))
    text = _SPACES.sub(" ", text.replace("\u2028", "\n").replace("\u2029", "\n"))
    return unicodedata.normalize("NFC", _RUN.sub(lambda run: run[1] * _MAX_RUN, text))


def is_removed_character(char: str) -> bool:
    """True for what never enters: control, format (bidi, zero-width, tag), surrogate, private and unassigned characters."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")
