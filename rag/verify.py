"""A statement and the words that it cites -> supported or not, and why. Mechanical: compares what two texts claim (`rag.claims`), asks no model.

A statement holds only what its sources hold: each figure, date, name and quoted phrase stands in a cited span, beside the words that it
stands beside there, measured and bounded alike; what is denied, hedged or somebody's word stays that; most content words are the span's.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.passages import sentences
from corpus.words import content_stems
from rag.claims import Claim, Token, key_of, read, without_asides

# The share of its content words that each clause of a statement must have in common with what it cites.
CONTENT_SHARE = 0.75
# The share of the words beside a figure or a name that must stand beside it in the source too.
BESIDE = 0.5
_BESIDE_HERE, _BESIDE_THERE = 2, 3  # words on each side, in the statement and in the source
_MOST_PLACES = 20  # of one word in the source that are looked at
_REPORTED = 0.6  # the share of a statement's words that are somebody's word in the source, from which on it must say whose
_CLAUSE = re.compile(
    r"[;:]\s+|,\s+(?:and|but|while|whereas|as|which|who|or|although)\s+|\s+(?:while|whereas|although|but)\s+", re.IGNORECASE
)
_QUOTED = re.compile(r"[“\"]([^“”\"]{3,})[”\"]")
_PASSIVE = re.compile(r"\b(?:is|are|was|were|been|being|be)\s+(?:\w+ly\s+)?\w+(?:\s+\w+){0,3}?\s+by\b", re.IGNORECASE)
_PAUSE = re.compile(r"[,;:()“”\"–—]")

MEASURES = frozenset(
    key_of(word)
    for word in "year month week day hour minute second mile kilometer meter foot feet inch ton kilogram gram litre liter gallon acre hectare pound degree knot megawatt gigawatt".split()
)

Place = tuple[Claim, int]  # a sentence of the source, and a token in it


@dataclass(frozen=True, slots=True)
class Source:
    """The cited sentences, read, and the headlines of their articles."""

    sentences: tuple[Claim, ...]
    headlines: tuple[Claim, ...]

    def places(self, key: str, headlines: bool = False) -> list[Place]:
        claims = (*self.sentences, *self.headlines) if headlines else self.sentences
        return [(claim, n) for claim in claims for n in claim.places.get(key, ())[:_MOST_PLACES]]

    def holds(self, key: str) -> bool:
        return any(key in claim.places for claim in (*self.sentences, *self.headlines))


def reasons_against(statement: str, spans: Sequence[str], headlines: Sequence[str] = (), publishers: Sequence[str] = ()) -> list[str]:
    """Why `spans`, the cited words, do not carry `statement`; empty where they do.

    The cited articles' headlines may lend it names and figures, and it may say that their publishers reported it. Their dates lend
    nothing: an article's day is not the day of what it tells.
    """
    cited = "\n".join(spans)
    if not cited.strip():
        return ["no source is cited"]
    statement = _without_attribution(statement, publishers)
    flat = _flat(cited)
    claim = read(statement)
    source = Source(
        tuple(read(text) for span in spans for start, end in sentences(span) for text in dict.fromkeys((span[start:end], without_asides(span[start:end])))),
        tuple(read(headline) for headline in headlines),
    )
    missing = [
        *_missing(claim, source),
        *(f'the source does not hold the quoted words "{quoted}"' for quoted in _QUOTED.findall(statement) if _flat(quoted) not in flat),
        *_too_little(claim, source),
    ]
    if missing:
        return list(dict.fromkeys(missing))
    aligned = {n: place for n in range(len(claim.tokens)) if (place := _nearest(claim, n, source))}
    return list(
        dict.fromkeys([*_misplaced(claim, source), *_denied(claim, aligned, source), *_hedges(claim, aligned), *_speakers(claim, aligned, source)])
    )


def _missing(claim: Claim, source: Source) -> Iterator[str]:
    """Figures, dates, names and words like "all" that the source does not hold at all."""
    for n, token in enumerate(claim.tokens):
        text = claim.text[token.start : token.end]
        if token.figure:
            yield from _figure(claim, n, source)
        elif token.kind in ("name", "opening") and not _known(token.key, source):
            yield f'the name "{text}" is not in the source'
        elif token.kind == "date" and not source.holds(token.key):
            yield f'the date "{text}" is not in the source'
        elif token.kind == "strong" and not source.holds(token.key):
            yield f'the word "{text}" is not in the source'
    pairs = {pair for sentence in (*source.sentences, *source.headlines) for pair in _dates(sentence)}
    yield from (f'the date "{month.capitalize()} {number}" is not in the source' for month, number in _dates(claim) - pairs)


def _figure(claim: Claim, n: int, source: Source) -> Iterator[str]:
    token = claim.tokens[n]
    assert token.figure
    there = [there.figure for where, m in source.places(token.key, headlines=True) if (there := where.tokens[m]).figure]
    if not there:
        yield f"the figure {token.figure.value:,} is not in the source"
    elif token.figure.unit not in {figure.unit for figure in there} or not _measured_alike(claim, n, source):
        yield f"the figure {token.figure.value:,} is measured in something else in the source"
    elif (token.figure.unit, token.figure.bound) not in {(figure.unit, figure.bound) for figure in there}:
        yield f'the figure {token.figure.value:,} is bounded otherwise in the source ("more than", "up to", "about" or a range)'


def _measured_alike(claim: Claim, n: int, source: Source) -> bool:
    """True if the words that follow a figure follow it in the source too: "20 tanks" is not "20 American soldiers", nor "20 days" "20 weeks"."""
    ours = _followed_by(claim, n)
    for there, m in source.places(claim.tokens[n].key, headlines=True):
        theirs = _followed_by(there, m)
        if ours & MEASURES == theirs & MEASURES and (not ours or not theirs or ours & theirs):
            return True
    return False


def _followed_by(claim: Claim, n: int) -> set[str]:
    """The next words, up to three, with nothing but a space or a hyphen between them."""
    found: set[str] = set()
    for before, token in pairwise(claim.tokens[n : n + 4]):
        if claim.text[before.end : token.start] not in (" ", "-", " - "):
            break
        found.add(token.key)
    return found


def _known(key: str, source: Source) -> bool:
    """True if the source holds a name, or a form of it: "Iraqi" for "Iraq"."""
    return source.holds(key) or (
        len(key) > 3
        and any(
            len(other) > 3 and abs(len(other) - len(key)) <= 2 and (other.startswith(key) or key.startswith(other))
            for claim in (*source.sentences, *source.headlines)
            for other in claim.places
        )
    )


def _dates(claim: Claim) -> set[tuple[str, str]]:
    """Months with the figures that stand beside them: the day or the year, and the year after the day."""
    found = set()
    for n, token in enumerate(claim.tokens):
        if token.kind != "date":
            continue
        near = [other for other in claim.tokens[max(0, n - 1) : n] if token.start - other.end <= 4]
        for other in claim.tokens[n + 1 : n + 3]:
            if not other.figure or other.start - token.end > 10:
                break
            near.append(other)
        found |= {(token.key, other.key) for other in near if other.figure and other.figure.unit in ("", "th")}
    return found


def _too_little(claim: Claim, source: Source) -> Iterator[str]:
    """A clause most of whose words are not the source's. A headline may lend a name; the rest must stand in the cited words themselves."""
    held = {key for sentence in source.sentences for key in sentence.places}
    ends = [match.start() for match in _CLAUSE.finditer(claim.text)] + [len(claim.text)]
    shares, n = [], 0
    for end in ends:
        keys = set()
        while n < len(claim.tokens) and claim.tokens[n].start < end:
            keys.add(claim.tokens[n])
            n += 1
        if keys:
            shares.append(sum(token.key in held or token.kind in ("name", "opening") for token in keys) / len(keys))
    if min(shares, default=1.0) < CONTENT_SHARE:
        yield f"only {min(shares):.0%} of its words are in the source"


def _misplaced(claim: Claim, source: Source) -> Iterator[str]:
    """Figures and names that stand beside other words than in the source: moved to another thing, or swapped."""
    for n, token in enumerate(claim.tokens):
        if token.kind not in ("figure", "name", "opening", "date"):
            continue
        places = source.places(token.key, headlines=True)
        best = max((_beside(claim, n, *place) for place in places), default=1.0)
        if best < BESIDE and token.kind in ("name", "opening"):
            best = max((_beside_pronoun(claim, n, sentence) for sentence in source.sentences), default=0.0)
        if best < BESIDE:
            yield f'"{claim.text[token.start : token.end]}" stands with other words in the source'


def _beside(claim: Claim, n: int, there: Claim, m: int) -> float:
    """The share of the words beside a token that stand on the same side of it in the source; on the other one where one of both is passive."""
    if _is_time(claim, n) and (claim.tokens[n].end <= claim.opening or there.tokens[m].end <= there.opening):
        return 1.0  # "In 2018, ..." may open a sentence or end it
    left, right = _sides(claim, n)
    tokens = there.tokens
    before = {token.key for token in tokens[max(0, m - _BESIDE_THERE) : m]}
    after = {token.key for token in tokens[m + 1 : m + 1 + _BESIDE_THERE]}
    for carried in there.carried:
        if carried > m:
            after |= {token.key for token in tokens[carried : carried + 2]}
    total = len(left) + len(right)
    if not total:
        return 1.0
    share = (len(left & before) + len(right & after)) / total
    if bool(_PASSIVE.search(claim.text)) != bool(_PASSIVE.search(there.text)):
        share = max(share, (len(left & after) + len(right & before)) / total)
    return share


def _is_time(claim: Claim, n: int) -> bool:
    figure = claim.tokens[n].figure
    near = claim.tokens[max(0, n - 1) : n + 3]
    return any(token.kind == "date" for token in near) or (figure is not None and not figure.unit and 1800 <= figure.value <= 2100)


def _beside_pronoun(claim: Claim, n: int, there: Claim) -> float:
    """The same for a name that stands where the source has a pronoun."""
    left, right = _sides(claim, n)
    best = 0.0
    for place in there.pronouns[:_MOST_PLACES]:
        m = sum(token.start < place for token in there.tokens)
        before = {token.key for token in there.tokens[max(0, m - _BESIDE_THERE) : m]}
        after = {token.key for token in there.tokens[m : m + _BESIDE_THERE]}
        best = max(best, (len(left & before) + len(right & after)) / max(1, len(left) + len(right)))
    return best


def _sides(claim: Claim, n: int) -> tuple[set[str], set[str]]:
    """The words before and after a token up to the next pause; up to the sentence's ends where nothing stands between pauses."""
    tokens = claim.tokens
    left, right = tokens[max(0, n - _BESIDE_HERE) : n], tokens[n + 1 : n + 1 + _BESIDE_HERE]
    near_left = [token for token in left if not _PAUSE.search(claim.text[token.end : tokens[n].start])]
    near_right = [token for token in right if not _PAUSE.search(claim.text[tokens[n].end : token.start])]
    if near_left or near_right:
        left, right = tuple(near_left), tuple(near_right)
    return {token.key for token in left}, {token.key for token in right}


def _nearest(claim: Claim, n: int, source: Source) -> Place | None:
    """Where the source has a token of the statement: of several places the one with the same words beside it."""
    return max(source.places(claim.tokens[n].key), key=lambda place: (_beside(claim, n, *place), -abs(place[1] - n)), default=None)


def _denied(claim: Claim, aligned: dict[int, Place], source: Source) -> Iterator[str]:
    """A word that one denies and the other affirms."""
    for n, (there, m) in aligned.items():
        if (n not in claim.denied and _governs(there.denied, m, there, claim)) or (claim.denied.get(n) == 0 and m not in there.denied):
            yield "one denies what the other affirms"
    if claim.denials > sum(there.denials for there in source.sentences):
        yield "one denies what the other affirms"


def _governs(governed: dict[int, int], m: int, there: Claim, claim: Claim) -> bool:
    """True if an operator bears on this word before all others that the statement takes over."""
    far = governed.get(m)
    return far == 0 or (far is not None and not any(there.tokens[k].key in claim.places for k in range(m - far, m)))


def _hedges(claim: Claim, aligned: dict[int, Place]) -> Iterator[str]:
    """What may be, is planned or is to come, told as a fact."""
    for n, (there, m) in aligned.items():
        if n in claim.hedged:
            continue
        if _governs(there.hedged, m, there, claim):
            yield f'what the source only holds possible or planned ("{claim.text[claim.tokens[n].start : claim.tokens[n].end]}") is told as a fact'
        elif n not in claim.future and _governs(there.future, m, there, claim):
            yield f'what is to come in the source ("{claim.text[claim.tokens[n].start : claim.tokens[n].end]}") is told as done'


def _speakers(claim: Claim, aligned: dict[int, Place], source: Source) -> Iterator[str]:
    """Somebody's word told as a fact, or as somebody else's word."""
    there = [said for sentence in source.sentences for said in sentence.said]
    named = [said.speaker for said in claim.said if said.speaker]
    for speaker in named:
        if not any(not said.speaker or said.speaker & speaker for said in there):
            yield f'the source does not say that {" ".join(sorted(speaker))} said it'
    if claim.said or not aligned:
        return
    reported = sum(any(said.start <= sentence.tokens[m].start < said.end for said in sentence.said) for sentence, m in aligned.values())
    if reported / len(aligned) >= _REPORTED:
        yield "it leaves out who said it"


def _without_attribution(statement: str, publishers: Sequence[str]) -> str:
    """The statement without "according to The Halden Post" and the like, for the publishers that it cites."""
    for name in publishers:
        bare = rf"(?:the )?{re.escape(name.removeprefix('The '))}"
        statement = re.sub(
            rf"\b(?:according to|as reported by|reported by) {bare}\b,?|\b{bare} (?:said|says|reported|reports|wrote|writes)\b(?: that)?",
            "",
            statement,
            flags=re.IGNORECASE,
        )
    return statement


def support(statement: str, source: str) -> float:
    """The share of a statement's content words that the source holds, 0 to 1.

    >>> support("The council approved the plan", "The plan was approved by the town's council.")
    1.0
    """
    wanted = content_stems(statement)
    held = set(content_stems(source))
    return sum(word in held for word in wanted) / len(wanted) if wanted else 1.0


def _flat(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
