"""Align the words of a statement with those of the text that it cites, by the words beside them."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.passages import sentence_spans
from rag.verification.claims import Claim, normalise_word, parse_claim, remove_asides

# Words on each side that are compared, of the statement and of the source: measured in
# rag/evaluation/results/corruption.json.
_CONTEXT, _SOURCE_CONTEXT = 2, 3
_MAX_POSITIONS = 20  # limit: of one word in the source
_FIRST_YEAR, _LAST_YEAR = 1800, 2100
_SAYS = normalise_word("says")
_PAUSE = re.compile(r"[,;:()“”\"–—]")

TokenPosition = tuple[Claim, int]  # a sentence of the source, and the index of one of its tokens


@dataclass(frozen=True, slots=True)
class CitedText:
    """The parsed sentences that a statement cites, and the headlines of their articles.

    `shortened` holds the sentences that have asides, without them; `stems` are the keys of all words without
    their last letter and without their last two.
    """

    sentences: tuple[Claim, ...]
    shortened: tuple[Claim, ...]
    headlines: tuple[Claim, ...]
    stems: frozenset[str]

    @property
    def variants(self) -> tuple[Claim, ...]:
        """All sentences, with and without their asides."""
        return self.sentences + self.shortened

    def positions(self, key: str, headlines: bool = False) -> list[TokenPosition]:
        """Return where the tokens with a key are; in headlines too if asked."""
        claims = (*self.variants, *self.headlines) if headlines else self.variants
        return [(claim, n) for claim in claims for n in claim.positions.get(key, ())[:_MAX_POSITIONS]]

    def contains(self, key: str) -> bool:
        """Return True if any sentence or headline has a token with this key."""
        return any(key in claim.positions for claim in (*self.variants, *self.headlines))


def parse_cited_text(spans: Sequence[str], headlines: Sequence[str]) -> CitedText:
    """Parse the sentences of the cited spans, and the headlines."""
    texts = [span[start:end] for span in spans for start, end in sentence_spans(span)]
    sentences = tuple(map(parse_claim, texts))
    titles = tuple(map(parse_claim, headlines))
    shortened = tuple(parse_claim(short) for text in texts if (short := remove_asides(text)) != text)
    stems = frozenset(
        key[:-cut]
        for claim in (*sentences, *titles)
        for key in claim.positions
        for cut in (1, 2)
        if len(key) - cut > 3
    )
    return CitedText(sentences, shortened, titles, stems)


def best_position(claim: Claim, n: int, source: CitedText) -> TokenPosition | None:
    """Return where the source has token `n` of a claim: the position with most words in common."""
    return max(
        source.positions(claim.tokens[n].key),
        key=lambda position: (context_overlap(claim, n, *position), -abs(position[1] - n)),
        default=None,
    )


def context_overlap(claim: Claim, n: int, there: Claim, m: int) -> float:
    """Return the share of the words beside token `n` that are on the same side of token `m` in the source.

    The other side counts too if only one of the two sentences is in the passive.
    """
    if _is_time(claim, n) and _is_moved_opening(claim, n, there, m):
        return 1.0
    left, right = _context(claim, n, n)
    tokens = there.tokens
    before = {token.key for token in tokens[max(0, m - _SOURCE_CONTEXT) : m]}
    after = {token.key for token in tokens[m + 1 : m + 1 + _SOURCE_CONTEXT]}
    following = bisect_right(there.continued, m)
    for continued in there.continued[following : following + _MAX_POSITIONS]:
        after |= {token.key for token in tokens[continued : continued + 2]}
    total = len(left) + len(right)
    if not total:
        return 1.0
    share = (len(left & before) + len(right & after)) / total
    if claim.passive != there.passive:
        share = max(share, (len(left & after) + len(right & before)) / total)
    return share


def pronoun_context_overlap(claim: Claim, n: int, there: Claim) -> float:
    """Return the overlap for a name, with all its words, in whose place the source has a pronoun."""
    first = last = n
    while first and _is_one_name(claim, first - 1):
        first -= 1
    while last + 1 < len(claim.tokens) and _is_one_name(claim, last):
        last += 1
    left, right = _context(claim, first, last)
    best = 0.0
    for start in there.pronouns[:_MAX_POSITIONS]:
        m = sum(token.start < start for token in there.tokens)
        before = {token.key for token in there.tokens[max(0, m - _SOURCE_CONTEXT) : m]}
        after = {token.key for token in there.tokens[m : m + _SOURCE_CONTEXT]}
        best = max(best, (len(left & before) + len(right & after)) / max(1, len(left) + len(right)))
    return best


def _is_moved_opening(claim: Claim, n: int, there: Claim, m: int) -> bool:
    """Return True if "In 2018," opens both sentences, or opens one and ends the other."""
    here_opens = claim.tokens[n].end <= claim.opening_end
    there_opens = there.tokens[m].end <= there.opening_end
    both_have_openings = bool(claim.opening_end and there.opening_end)
    return (here_opens or there_opens) and (here_opens == there_opens or not both_have_openings)


def _is_time(claim: Claim, n: int) -> bool:
    """Return True for a token near a month, a weekday or a year."""
    return any(_is_date(claim, m) for m in range(max(0, n - 1), min(n + 3, len(claim.tokens))))


def _is_date(claim: Claim, n: int) -> bool:
    """Return True for a month, a weekday and a year."""
    token = claim.tokens[n]
    return token.kind == "date" or (
        token.number is not None
        and not token.number.unit
        and _FIRST_YEAR <= token.number.value <= _LAST_YEAR
        and token.number.value % 1 == 0
    )


def _is_one_name(claim: Claim, n: int) -> bool:
    """Return True if token `n` and the next are parts of one name."""
    first, second = claim.tokens[n], claim.tokens[n + 1]
    return {first.kind, second.kind} <= {"name", "opening"} and claim.text[first.end : second.start] == " "


def _context(claim: Claim, first: int, last: int) -> tuple[set[str], set[str]]:
    """Return the words before and after some tokens, up to the next pause, or beyond it if these are few.

    Dates are left out, as they can open or end any sentence.
    """
    tokens = claim.tokens
    left = [n for n in range(max(0, first - _CONTEXT), first) if not _is_date(claim, n)]
    right = [n for n in range(last + 1, min(last + 1 + _CONTEXT, len(tokens))) if not _is_date(claim, n)]
    near_left = [n for n in left if not _PAUSE.search(claim.text[tokens[n].end : tokens[first].start])]
    near_right = [n for n in right if not _PAUSE.search(claim.text[tokens[last].end : tokens[n].start])]
    near = [tokens[n].key for n in near_left + near_right]
    if len(near) > 1 or _SAYS in near:  # one word alone is too few, but not in "Kerry said"
        left, right = near_left, near_right
    return {tokens[n].key for n in left}, {tokens[n].key for n in right}
