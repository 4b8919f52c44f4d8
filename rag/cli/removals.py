"""`dateline set ID keep=...`: put back into an article what cleaning left out."""

from corpus.store.database import Store
from rag.settings import Settings

_KEEP = "keep="
KEEP_HELP = "keep=12,14 takes back lines that were left out, keep=all every one; the article gets a new id."


class InvalidLines(ValueError):
    """A value of `keep` that is no list of line numbers."""


def take_back(store: Store, words: tuple[str, ...]) -> tuple[str, ...]:
    """Put the lines that `keep=...` names back into the articles; return the other words, with the new ids.

    Raises:
        InvalidLines: a value is neither "all" nor line numbers.
        UnknownLine: one of the lines was not left out.
    """
    values = [word.removeprefix(_KEEP) for word in words if word.startswith(_KEEP)]
    if not values:
        return words
    from rag.factory import open_library_over

    lines = _lines(",".join(values))
    library = open_library_over(store, Settings.read())
    others = (word for word in words if not word.startswith(_KEEP))
    return tuple(word if "=" in word else library.take_back(word, lines).id for word in others)


def _lines(value: str) -> set[int] | None:
    """Return the numbers of the lines; None for all."""
    numbers = [part.strip() for part in value.split(",")]
    if value != "all" and not all(number.isdecimal() for number in numbers):
        raise InvalidLines(
            f'"{value}" names no lines; write keep=12,14 or keep=all, with the numbers that '
            "`dateline show ID --removed` prints"
        )
    return None if value == "all" else set(map(int, numbers))
