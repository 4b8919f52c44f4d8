"""A statement and the words that it cites -> supported or not, and why. Mechanical: compares what two texts claim (`rag.verification.claims`), asks no model.

A statement holds only what its sources hold: each figure, date, name and quoted phrase stands in a cited span, beside the words that it
stands beside there, measured and bounded alike; what is denied, hedged or somebody's word stays that; most content words are the span's.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from rag.quantities.numbers import Number
from rag.verification.alignment import (
    CitedText,
    TokenPosition,
    best_position,
    context_overlap,
    parse_cited_text,
    pronoun_context_overlap,
)
from rag.verification.claims import Claim, normalise_word, parse_claim

# The share of its content words that each clause of a statement must have in common with what it cites.
MIN_CONTENT_OVERLAP = 0.8
# The share of the words beside a figure or a name that must stand beside it in the source too.
MIN_CONTEXT_OVERLAP = 0.6
_BESIDE_HERE, _BESIDE_THERE = 2, 3  # words on each side, in the statement and in the source
_LONGEST = 2_000  # characters of a statement
_MOST_PLACES = 20  # of one word in the source that are looked at
_REPORTED = 0.6  # the share of a statement's words that are somebody's word in the source, from which on it must say whose
_CLAUSE = re.compile(
    r"[;:]\s+|,\s+(?:and|but|while|whereas|as|which|who|or|although)\s+|\s+(?:while|whereas|although|but)\s+",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"]([^“”\"]{3,})[”\"]")
_LIST = re.compile(r",? (?:and|or|&) |, ")

MEASURE_WORDS = frozenset(
    normalise_word(word)
    for word in (
        "year month week day hour minute second mile kilometer meter foot feet inch ton kilogram gram litre liter gallon acre hectare pound "
        "degree knot megawatt gigawatt"
    ).split()
)


def verify_statement(
    statement: str, spans: Sequence[str], headlines: Sequence[str] = (), publishers: Sequence[str] = ()
) -> list[str]:
    """Why `spans`, the cited words, do not carry `statement`; empty where they do.

    The cited articles' headlines may lend it names and figures, and it may say that their publishers reported it. Their dates lend
    nothing: an article's day is not the day of what it tells.
    """
    cited = "\n".join(spans)
    if not cited.strip():
        return ["no source is cited"]
    if len(statement) > _LONGEST:
        return ["it is too long to be checked"]
    statement = _without_attribution(statement, publishers)
    flat = _flat(cited)
    claim = parse_claim(statement)
    source = parse_cited_text(spans, headlines)
    missing = [
        *_missing(claim, source),
        *_swapped(claim, source),
        *(
            f'the source does not hold the quoted words "{quoted}"'
            for quoted in _QUOTED.findall(statement)
            if _flat(quoted) not in flat
        ),
        *_too_little(claim, source),
    ]
    if missing:
        return list(dict.fromkeys(missing))
    aligned = {n: place for n in range(len(claim.tokens)) if (place := best_position(claim, n, source))}
    return list(
        dict.fromkeys(
            [
                *_misplaced(claim, source),
                *_denied(claim, aligned, source),
                *_hedges(claim, aligned),
                *_speakers(claim, aligned, source),
            ]
        )
    )


def _missing(claim: Claim, source: CitedText) -> Iterator[str]:
    """Figures, dates, names and words like "all" that the source does not hold at all."""
    for n, token in enumerate(claim.tokens):
        text = claim.text[token.start : token.end]
        if token.number:
            yield from _figure(claim, n, source)
        elif token.kind in ("name", "opening") and not _known(token.key, source):
            yield f'the name "{text}" is not in the source'
        elif token.kind == "date" and not source.holds(token.key):
            yield f'the date "{text}" is not in the source'
        elif token.kind == "strong" and not source.holds(token.key):
            yield f'the word "{text}" is not in the source'
    pairs = {pair for sentence in (*source.sentences, *source.headlines) for pair in _dates(sentence)}
    yield from (
        f'the date "{month.capitalize()} {number}" is not in the source'
        for month, number in _dates(claim) - pairs
    )


def _figure(claim: Claim, n: int, source: CitedText) -> Iterator[str]:
    """What keeps a figure from being one of the source's: no place there gives this value, so measured, so bounded, beside these words."""
    figure = claim.tokens[n].number
    assert figure
    places = [
        (there, m)
        for there, m in source.places(claim.tokens[n].key, headlines=True)
        if there.tokens[m].number
    ]
    steps: tuple[tuple[str, Callable[[Claim, int], bool]], ...] = (
        (
            "is measured in something else in the source",
            lambda there, m: (
                _same_unit(figure, there.tokens[m].number) and _measured_alike(claim, n, there, m)
            ),
        ),
        (
            'is bounded otherwise in the source ("more than", "up to", "about" or a range)',
            lambda there, m: _same_bound(figure, there.tokens[m].number),
        ),
        (
            "stands with other words in the source",
            lambda there, m: context_overlap(claim, n, there, m) >= MIN_CONTEXT_OVERLAP,
        ),
    )
    if not places:
        yield f"the figure {figure.value:,} is not in the source"
        return
    for reason, fits in steps:
        places = [place for place in places if fits(*place)]
        if not places:
            yield f"the figure {figure.value:,} {reason}"
            return


def _same_unit(figure: Number, other: Number | None) -> bool:
    return other is not None and figure.unit == other.unit


def _same_bound(figure: Number, other: Number | None) -> bool:
    """Return whether two numbers are bounded alike; "up to 300" and "fewer than 300" are."""
    if other is None:
        return False
    bounds = {number.bound.replace("fewer than", "up to") for number in (figure, other)}
    return len(bounds) == 1 and bool(figure.range_part) == bool(other.range_part)


def _measured_alike(claim: Claim, n: int, there: Claim, m: int) -> bool:
    """True if the words that follow a figure follow it in the source too: "20 tanks" is not "20 American soldiers", nor "20 days" "20 weeks"."""
    ours, theirs = _followed_by(claim, n), _followed_by(there, m)
    return ours & MEASURE_WORDS == theirs & MEASURE_WORDS and (not ours or not theirs or bool(ours & theirs))


def _followed_by(claim: Claim, n: int) -> set[str]:
    """The next words, up to three, with nothing but a space or a hyphen between them."""
    found: set[str] = set()
    for before, token in pairwise(claim.tokens[n : n + 4]):
        if claim.text[before.end : token.start] not in (" ", "-", " - "):
            break
        found.add(token.key)
    return found


def _known(key: str, source: CitedText) -> bool:
    """True if the source holds a name, or a form of it: "Iraqi" for "Iraq"."""
    return source.holds(key) or (
        len(key) > 3
        and (key in source.forms or any(len(cut) > 3 and source.holds(cut) for cut in (key[:-1], key[:-2])))
    )


def _dates(claim: Claim) -> set[tuple[str, str]]:
    """Months with the figures that stand beside them: the day or the year, and the year after the day."""
    found = set()
    for n, token in enumerate(claim.tokens):
        if token.kind != "date":
            continue
        near = [
            other
            for other in claim.tokens[max(0, n - 1) : n]
            if claim.text[other.end : token.start] in (" ", " of ")
        ]
        for other in claim.tokens[n + 1 : n + 3]:
            if not other.number or other.start - token.end > 10:
                break
            near.append(other)
        found |= {
            (token.key, other.key) for other in near if other.number and other.number.unit in ("", "ordinal")
        }
    return found


def _too_little(claim: Claim, source: CitedText) -> Iterator[str]:
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
            shares.append(sum(token.key in held or token.kind != "word" for token in keys) / len(keys))
    if min(shares, default=1.0) < MIN_CONTENT_OVERLAP:
        yield f"only {min(shares):.0%} of its words are in the source"


def _swapped(claim: Claim, source: CitedText) -> Iterator[str]:
    """Two neighbours in the other order ("Board of Governors", "from 5 to 7"), and figures that the statement has more often than the source."""
    links = {link for sentence in (*source.sentences, *source.headlines) for link in _links(sentence)}
    for first, between, second in _links(claim):
        if (
            (second, between, first) in links
            and (first, between, second) not in links
            and not _LIST.fullmatch(between)
        ):
            yield f'"{first}" and "{second}" have changed places'
    for token in claim.tokens:
        if token.number and len(claim.places[token.key]) > max(
            1, sum(len(there.places.get(token.key, ())) for there in source.whole)
        ):
            yield f"the figure {token.number.value:,} stands there once too often"


def _links(claim: Claim) -> set[tuple[str, str, str]]:
    return {
        (a.key, claim.text[a.end : b.start], b.key)
        for a, b in pairwise(claim.tokens)
        if "word" not in (a.kind, b.kind)
    }


def _misplaced(claim: Claim, source: CitedText) -> Iterator[str]:
    """Figures and names that stand beside other words than in the source: moved to another thing, or swapped."""
    speakers = {key for said in claim.said for key in said.speaker} & {
        key for sentence in source.sentences for said in sentence.said for key in said.speaker
    }
    for n, token in enumerate(claim.tokens):
        if token.kind not in ("name", "opening", "date"):
            continue
        if token.key in speakers:
            continue  # who says it may stand before or after what is said
        places = source.places(token.key, headlines=True)
        best = max((context_overlap(claim, n, *place) for place in places), default=1.0)
        if best < MIN_CONTEXT_OVERLAP and token.kind in ("name", "opening"):
            best = max(
                (pronoun_context_overlap(claim, n, sentence) for sentence in source.sentences), default=0.0
            )
        if best < MIN_CONTEXT_OVERLAP:
            yield f'"{claim.text[token.start : token.end]}" stands with other words in the source'


def _denied(claim: Claim, aligned: dict[int, TokenPosition], source: CitedText) -> Iterator[str]:
    """A word that one denies and the other affirms."""
    for n, (there, m) in aligned.items():
        if (n not in claim.denied and _governs(there.denied, m, there, claim)) or (
            claim.denied.get(n) == 0 and m not in there.denied
        ):
            yield "one denies what the other affirms"
    if claim.denials > sum(there.denials for there in source.whole):
        yield "one denies what the other affirms"


def _governs(governed: dict[int, int], m: int, there: Claim, claim: Claim) -> bool:
    """True if an operator bears on this word before all others that the statement takes over."""
    far = governed.get(m)
    return far == 0 or (
        far is not None and not any(there.tokens[k].key in claim.places for k in range(m - far, m))
    )


def _hedges(claim: Claim, aligned: dict[int, TokenPosition]) -> Iterator[str]:
    """What may be, is planned or is to come, told as a fact."""
    for n, (there, m) in aligned.items():
        if n in claim.hedged:
            continue
        if _governs(there.hedged, m, there, claim):
            yield f'what the source only holds possible or planned ("{claim.text[claim.tokens[n].start : claim.tokens[n].end]}") is told as a fact'
        elif n not in claim.future and _governs(there.future, m, there, claim):
            yield f'what is to come in the source ("{claim.text[claim.tokens[n].start : claim.tokens[n].end]}") is told as done'


def _speakers(claim: Claim, aligned: dict[int, TokenPosition], source: CitedText) -> Iterator[str]:
    """Somebody's word told as a fact, or as somebody else's word."""
    there = [said for sentence in source.sentences for said in sentence.said]
    named = [said.speaker for said in claim.said if said.speaker]
    for speaker in named:
        if not any(not said.speaker or said.speaker & speaker for said in there):
            yield f"the source does not say that {' '.join(sorted(speaker))} said it"
    if claim.said or not aligned:
        return
    reported = sum(
        any(said.start <= sentence.tokens[m].start < said.end for said in sentence.said)
        for sentence, m in aligned.values()
    )
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


def support_score(statement: str, spans: Sequence[str]) -> float:
    """How closely the words of a statement are those of its source, 0 to 1; measured on AttributionBench by `benchmarks/support.py`.

    The mean of two shares: of its words, those that the best sentence holds, and of the words beside them, those that stand beside them there.

    >>> support_score("The council approved the plan", ["On Monday the town's council approved the plan."])
    1.0
    """
    claim, source = parse_claim(statement[:_LONGEST]), parse_cited_text(spans, ())
    if not claim.tokens:
        return 1.0
    held = max(
        (sum(token.key in there.places for token in claim.tokens) for there in source.sentences), default=0
    )
    near = sum(
        max((context_overlap(claim, n, *place) for place in source.places(token.key)), default=0.0)
        for n, token in enumerate(claim.tokens)
    )
    return (held + near) / 2 / len(claim.tokens)


def _flat(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
