"""Which paragraphs are trained on, which choose a checkpoint and which are reported, for all models."""

from hashlib import sha256

TRAINED, CHOOSING, REPORTED = "trained", "choosing", "reported"
_SEED = 20261121  # of the halves of what is held out


def part(text: str) -> str:
    """Return the part of a text and its questions: nine tenths `TRAINED`, a twentieth each of the others.

    It follows from the text's hash (an `Article`'s id begins with the same digits), so that the parts are the
    same for every model, at every time and in every order.
    """
    if _number(text.strip()) % 10:
        return TRAINED
    return (CHOOSING, REPORTED)[_number(f"{_SEED} {text.strip()}") % 2]


def held_out(text: str) -> bool:
    """Return True for a text that no model is trained on, whether it chooses a checkpoint or is reported."""
    return part(text) != TRAINED


def _number(text: str) -> int:
    return int(sha256(text.encode()).hexdigest()[:12], 16)
