"""Where the words of a statement stand in what it cites, and whether they stand beside the same words there.

Knows places of words, not what makes a statement false.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.passages import sentence_spans
from rag.verification.claims import Claim, normalise_word, parse_claim, remove_asides

_BESIDE_HERE, _BESIDE_THERE = 2, 3  # words on each side, in the statement and in the source
_MOST_PLACES = 20  # of one word in the source that are looked at
_YEARS = range(1800, 2101)
_SAYS = normalise_word("says")
_PAUSE = re.compile(r"[,;:()“”\"–—]")

TokenPosition = tuple[Claim, int]  # a sentence of the source, and a token in it


@dataclass(frozen=True, slots=True)
class CitedText:
    """The cited sentences, read, and the headlines of their articles."""

    whole: tuple[Claim, ...]
    bare: tuple[Claim, ...]  # the same without what they say by the way, where they do
    headlines: tuple[Claim, ...]
    forms: frozenset[str]  # of the words of all these, without their last letter or two

    @property
    def sentences(self) -> tuple[Claim, ...]:
        return self.whole + self.bare

    def places(self, key: str, headlines: bool = False) -> list[TokenPosition]:
        claims = (*self.sentences, *self.headlines) if headlines else self.sentences
        return [(claim, n) for claim in claims for n in claim.places.get(key, ())[:_MOST_PLACES]]

    def holds(self, key: str) -> bool:
        return any(key in claim.places for claim in (*self.sentences, *self.headlines))


def parse_cited_text(spans: Sequence[str], headlines: Sequence[str]) -> CitedText:
    texts = [span[start:end] for span in spans for start, end in sentence_spans(span)]
    bare = [shorter for text in texts if (shorter := remove_asides(text)) != text]
    whole, titles = tuple(map(parse_claim, texts)), tuple(map(parse_claim, headlines))
    forms = frozenset(
        key[:-cut]
        for claim in (*whole, *titles)
        for key in claim.places
        for cut in (1, 2)
        if len(key) - cut > 3
    )
    return CitedText(whole, tuple(map(parse_claim, bare)), titles, forms)


def best_position(claim: Claim, n: int, source: CitedText) -> TokenPosition | None:
    """Where the source has a token of the statement: of several places the one with the same words beside it."""
    return max(
        source.places(claim.tokens[n].key),
        key=lambda place: (context_overlap(claim, n, *place), -abs(place[1] - n)),
        default=None,
    )


def context_overlap(claim: Claim, n: int, there: Claim, m: int) -> float:
    """The share of the words beside a token that stand on the same side of it in the source; on the other one where one of both is passive."""
    if _is_time(claim, n) and _moved_opening(claim, n, there, m):
        return 1.0
    left, right = _sides(claim, n, n)
    tokens = there.tokens
    before = {token.key for token in tokens[max(0, m - _BESIDE_THERE) : m]}
    after = {token.key for token in tokens[m + 1 : m + 1 + _BESIDE_THERE]}
    following = bisect_right(there.carried, m)
    for carried in there.carried[following : following + _MOST_PLACES]:
        after |= {token.key for token in tokens[carried : carried + 2]}
    total = len(left) + len(right)
    if not total:
        return 1.0
    share = (len(left & before) + len(right & after)) / total
    if claim.passive != there.passive:
        share = max(share, (len(left & after) + len(right & before)) / total)
    return share


def _moved_opening(claim: Claim, n: int, there: Claim, m: int) -> bool:
    """True for "In 2018, ..." that stands at the end in the other, or opens both."""
    here, other = claim.tokens[n].end <= claim.opening, there.tokens[m].end <= there.opening
    return (here or other) and (here == other or not (claim.opening and there.opening))


def _is_time(claim: Claim, n: int) -> bool:
    near = range(max(0, n - 1), min(n + 3, len(claim.tokens)))
    return any(_is_date(claim, m) for m in near)


def _is_date(claim: Claim, n: int) -> bool:
    """True for a month, a weekday and a year."""
    figure = claim.tokens[n].number
    return claim.tokens[n].kind == "date" or (
        figure is not None and not figure.unit and figure.value in _YEARS
    )


def pronoun_context_overlap(claim: Claim, n: int, there: Claim) -> float:
    """The same for a name, first name and all, that stands where the source has a pronoun."""
    first = last = n
    while first and _one_name(claim, first - 1):
        first -= 1
    while last + 1 < len(claim.tokens) and _one_name(claim, last):
        last += 1
    left, right = _sides(claim, first, last)
    best = 0.0
    for place in there.pronouns[:_MOST_PLACES]:
        m = sum(token.start < place for token in there.tokens)
        before = {token.key for token in there.tokens[max(0, m - _BESIDE_THERE) : m]}
        after = {token.key for token in there.tokens[m : m + _BESIDE_THERE]}
        best = max(best, (len(left & before) + len(right & after)) / max(1, len(left) + len(right)))
    return best


def _one_name(claim: Claim, n: int) -> bool:
    """True if a token and the next are parts of one name."""
    first, second = claim.tokens[n], claim.tokens[n + 1]
    return {first.kind, second.kind} <= {"name", "opening"} and claim.text[first.end : second.start] == " "


def _sides(claim: Claim, first: int, last: int) -> tuple[set[str], set[str]]:
    """The words before and after a token, or several, up to the next pause; beyond it where that tells too little.

    Times are left out: they open or end a sentence as one likes.
    """
    tokens = claim.tokens
    left = [n for n in range(max(0, first - _BESIDE_HERE), first) if not _is_date(claim, n)]
    right = [n for n in range(last + 1, min(last + 1 + _BESIDE_HERE, len(tokens))) if not _is_date(claim, n)]
    near_left = [n for n in left if not _PAUSE.search(claim.text[tokens[n].end : tokens[first].start])]
    near_right = [n for n in right if not _PAUSE.search(claim.text[tokens[last].end : tokens[n].start])]
    near = [tokens[n].key for n in near_left + near_right]
    # "Kerry said" and two words tell enough; a lone word does not.
    if len(near) > 1 or _SAYS in near:
        left, right = near_left, near_right
    return {tokens[n].key for n in left}, {tokens[n].key for n in right}
