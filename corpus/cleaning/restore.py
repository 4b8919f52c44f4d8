"""Say what a body lacks of the text that it was read from, and put pieces back into it."""

from collections.abc import Iterable

from corpus.article import Removal
from corpus.characters import normalise_text
from corpus.cleaning.offsets import aligned_spans

_EARLIER = "left out by an earlier version"


def missing_lines(raw: str, body: str) -> tuple[Removal, ...]:
    """Return the lines of `raw` of which nothing is in `body`, for articles whose removals were not recorded.

    >>> missing_lines("Menu\\n\\nA ferry sails.", "A ferry sails.")
    (Removal(line=1, start=0, text='Menu', reason='left out by an earlier version'),)
    """
    text = normalise_text(raw)
    spans = aligned_spans(text, body)
    kept = {at for span in spans for at in range(span.raw_start, span.raw_start + span.length)}
    missing, position = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        start = position + len(line) - len(line.lstrip())
        if line.strip() and kept.isdisjoint(range(position, position + len(line))):
            missing.append(Removal(number, start, line.strip(), _EARLIER))
        position += len(line) + 1
    return tuple(missing)


def restore_body(raw: str, body: str, pieces: Iterable[Removal]) -> str:
    """Return the body with pieces of the raw text at their places, each a paragraph or the start of one.

    >>> piece = Removal(1, 0, "What it costs", "block beside the text")
    >>> restore_body("What it costs\\nThe ferry costs 56 million.", "The ferry costs 56 million.", [piece])
    'What it costs\\n\\nThe ferry costs 56 million.'
    """
    spans = aligned_spans(normalise_text(raw), body)
    placed: list[tuple[int, str]] = []
    position = 0
    for paragraph in body.split("\n\n"):
        ends_at = position + len(paragraph)
        places = (span.raw_start for span in spans if position <= span.start < ends_at)
        placed.append((next(places, placed[-1][0] if placed else 0), paragraph))
        position = ends_at + 2
    for piece in pieces:
        following = next((n for n, (at, _) in enumerate(placed) if at > piece.start), len(placed))
        if following < len(placed) and placed[following][0] == piece.start + len(piece.text):
            placed[following] = (piece.start, piece.text + placed[following][1])
        else:
            placed.insert(following, (piece.start, piece.text))
    return "\n\n".join(paragraph for _, paragraph in placed)
