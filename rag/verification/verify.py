"""Verify a statement against the words that it cites, by comparing what the two texts claim.

No model is asked. Every number, date, name and quotation of a supported statement is in a cited sentence,
beside the same words and with the same unit and bound. What is denied, hedged or attributed there is so in
the statement, and most of its other words are there.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from rag.quantities.numbers import Number
from rag.quantities.units import MEASURE_NOUNS
from rag.verification.alignment import (
    CitedText,
    TokenPosition,
    best_position,
    context_overlap,
    parse_cited_text,
    pronoun_context_overlap,
)
from rag.verification.claims import Claim, month_dates, normalise_word, parse_claim

# The least share of the words of each clause that the cited text has: measured in
# rag/evaluation/results/support.json (benchmarks/support.py).
MIN_CONTENT_OVERLAP = 0.8
# The next two are measured in rag/evaluation/results/corruption.json, on its development half.
# The least share of the words beside a number or a name that are beside it in the source too.
MIN_CONTEXT_OVERLAP = 0.6
# The least share of a statement's words that someone says in the source, for it to name who.
_MIN_ATTRIBUTED = 0.6
_MAX_CHARS = 2_000  # limit: of a statement
_CLAUSE = re.compile(
    # Possessive and from the start of the white space, so that none of it is looked at twice.
    r"[;:]\s+|,\s++(?:and|but|while|whereas|as|which|who|or|although)\s+"
    r"|(?<!\s)\s++(?:while|whereas|although|but)\s+",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"]([^“”\"]{3,})[”\"]")
_LIST = re.compile(r",? (?:and|or|&) |, ")
_MEASURES = frozenset(map(normalise_word, MEASURE_NOUNS))


def verify_statement(
    statement: str, spans: Sequence[str], headlines: Sequence[str] = (), publishers: Sequence[str] = ()
) -> list[str]:
    """Return the reasons why `spans`, the cited words, do not support `statement`; none if they do.

    Numbers and names may also come from the `headlines` of the cited articles, and the statement may say that
    their `publishers` reported it. The dates of the articles support nothing, as they need not be those of
    the events.
    """
    cited = "\n".join(spans)
    if not cited.strip():
        return ["no source is cited"]
    if len(statement) > _MAX_CHARS:
        return ["it is too long to be checked"]
    statement = without_publishers(statement, publishers)
    claim = parse_claim(statement)
    source = parse_cited_text(spans, headlines)
    reasons = [
        *_missing(claim, source),
        *swapped_neighbours(claim, source),
        *misquoted_words(statement, cited),
        *_uncovered(claim, source),
        *_unfounded(claim, source),
    ]
    if not reasons:
        positions = ((n, best_position(claim, n, source)) for n in range(len(claim.tokens)))
        aligned = {n: position for n, position in positions if position}
        reasons = [
            *_misplaced(claim, source),
            *denied_words(claim, aligned, source),
            *unhedged_words(claim, aligned),
            *unsoftened_words(claim, aligned),
            *misattributed_speakers(claim, aligned, source),
        ]
    return list(dict.fromkeys(reasons))


def support_score(statement: str, spans: Sequence[str]) -> float:
    """Return how closely the words of a statement follow its source, from 0 to 1.

    The mean of two shares: of the words that the best sentence has, and of the words beside them that are
    beside them there too. `benchmarks/support.py` measures it on AttributionBench.

    >>> support_score("The council approved the plan", ["On Monday the town's council approved the plan."])
    1.0
    """
    claim, source = parse_claim(statement[:_MAX_CHARS]), parse_cited_text(spans, ())
    if not claim.tokens:
        return 1.0
    held = max(
        (sum(token.key in there.positions for token in claim.tokens) for there in source.variants), default=0
    )
    overlap = sum(
        _best_overlap(claim, n, source.positions(token.key)) for n, token in enumerate(claim.tokens)
    )
    return (held + overlap) / 2 / len(claim.tokens)


def _best_overlap(claim: Claim, n: int, positions: Sequence[TokenPosition]) -> float:
    return max((context_overlap(claim, n, *position) for position in positions), default=0.0)


def _missing(claim: Claim, source: CitedText) -> Iterator[str]:
    """Yield the numbers, dates, names and words like "all" that the source does not have."""
    for n, token in enumerate(claim.tokens):
        text = claim.text[token.start : token.end]
        if token.number:
            yield from _missing_number(claim, n, token.number, source)
        elif token.kind in ("name", "opening") and not has_name(token.key, source):
            yield f'the name "{text}" is not in the source'
        elif token.kind == "date" and not source.contains(token.key):
            yield f'the date "{text}" is not in the source'
        elif token.kind == "qualifier" and not source.contains(token.key):
            yield f'the word "{text}" is not in the source'
    dates = {date for sentence in (*source.variants, *source.headlines) for date in month_dates(sentence)}
    yield from (
        f'the date "{month.capitalize()} {number}" is not in the source'
        for month, number in month_dates(claim) - dates
    )


def _missing_number(claim: Claim, n: int, number: Number, source: CitedText) -> Iterator[str]:
    """Yield why the source does not have a number, with its unit and bound, beside the same words."""
    candidates = [
        (there, m, other)
        for there, m in source.positions(claim.tokens[n].key, headlines=True)
        if (other := there.tokens[m].number)
    ]
    if not candidates:
        yield f"the figure {number.value:,} is not in the source"
        return
    checks: tuple[tuple[str, Callable[[Claim, int, Number], bool]], ...] = (
        (
            "has another unit in the source",
            lambda there, m, other: number.unit == other.unit and is_measured_alike(claim, n, there, m),
        ),
        (
            'has another bound in the source ("more than", "up to", "about" or a range)',
            lambda there, m, other: is_bounded_alike(number, other),
        ),
        (
            "appears beside other words in the source",
            lambda there, m, other: context_overlap(claim, n, there, m) >= MIN_CONTEXT_OVERLAP,
        ),
    )
    for reason, passes in checks:
        candidates = [candidate for candidate in candidates if passes(*candidate)]
        if not candidates:
            yield f"the figure {number.value:,} {reason}"
            return


def is_bounded_alike(number: Number, other: Number) -> bool:
    """Return True if two numbers are bounded alike; "up to 300" and "fewer than 300" are."""
    bounds = {one.bound.replace("fewer than", "up to") for one in (number, other)}
    return len(bounds) == 1 and bool(number.range_part) == bool(other.range_part)


def is_measured_alike(claim: Claim, n: int, there: Claim, m: int) -> bool:
    """Return True if the words behind a number are behind it in the source too.

    "20 tanks" is not "20 American soldiers", nor are "20 days" "20 weeks".
    """
    ours, theirs = _words_behind(claim, n), _words_behind(there, m)
    return ours & _MEASURES == theirs & _MEASURES and (not ours or not theirs or bool(ours & theirs))


def _words_behind(claim: Claim, n: int) -> set[str]:
    """Return the next words, up to three, with nothing but a space or a hyphen between them."""
    found: set[str] = set()
    for before, token in pairwise(claim.tokens[n : n + 4]):
        if claim.text[before.end : token.start] not in (" ", "-", " - "):
            break
        found.add(token.key)
    return found


def has_name(key: str, source: CitedText) -> bool:
    """Return True if the source has a name, or a form of it: "Iraqi" for "Iraq"."""
    return source.contains(key) or (
        len(key) > 3
        and (
            key in source.stems or any(len(cut) > 3 and source.contains(cut) for cut in (key[:-1], key[:-2]))
        )
    )


def swapped_neighbours(claim: Claim, source: CitedText) -> Iterator[str]:
    """Yield neighbours in another order ("from 7 to 5"), and numbers that appear too often."""
    links = {link for sentence in (*source.variants, *source.headlines) for link in _links(sentence)}
    for first, between, second in _links(claim):
        is_known = (first, between, second) in links or (second, between, first) not in links
        if not is_known and not _LIST.fullmatch(between):
            yield f'"{first}" and "{second}" have changed places'
    for token in claim.tokens:
        times = sum(len(there.positions.get(token.key, ())) for there in source.sentences)
        if token.number and len(claim.positions[token.key]) > max(1, times):
            yield f"the figure {token.number.value:,} appears more often than in the source"


def _links(claim: Claim) -> set[tuple[str, str, str]]:
    """Return the pairs of neighbours that are no plain words, with the characters between them."""
    return {
        (a.key, claim.text[a.end : b.start], b.key)
        for a, b in pairwise(claim.tokens)
        if "word" not in (a.kind, b.kind)
    }


def misquoted_words(statement: str, cited: str) -> Iterator[str]:
    """Yield the quotations that are not in the source."""
    words = _words_only(cited)
    for quoted in _QUOTED.findall(statement):
        if _words_only(quoted) not in words:
            yield f'the source does not hold the quoted words "{quoted}"'


def _uncovered(claim: Claim, source: CitedText) -> Iterator[str]:
    """Yield the share of the least covered clause, if too few of its words are in the cited sentences.

    Names are covered wherever they are: headlines may lend them.
    """
    held = {key for sentence in source.variants for key in sentence.positions}
    ends = [match.start() for match in _CLAUSE.finditer(claim.text)] + [len(claim.text)]
    shares, n = [], 0
    for end in ends:
        tokens = set()
        while n < len(claim.tokens) and claim.tokens[n].start < end:
            tokens.add(claim.tokens[n])
            n += 1
        if tokens:
            shares.append(sum(token.key in held or token.kind != "word" for token in tokens) / len(tokens))
    if min(shares, default=1.0) < MIN_CONTENT_OVERLAP:
        yield f"only {min(shares):.0%} of its words are in the source"


def _unfounded(claim: Claim, source: CitedText) -> Iterator[str]:
    """Yield a reason if all that is claimed is lent by the headlines, which anybody may word as an answer."""
    held = {key for sentence in source.variants for key in sentence.positions}
    if claim.tokens and not any(token.key in held for token in claim.tokens):
        yield "none of its words are in the cited sentences"


def _misplaced(claim: Claim, source: CitedText) -> Iterator[str]:
    """Yield the names and dates that are beside other words than in the source."""
    speakers = _speakers(claim) & {key for sentence in source.variants for key in _speakers(sentence)}
    for n, token in enumerate(claim.tokens):
        # Who says something may be named before it or after it.
        if token.kind not in ("name", "opening", "date") or token.key in speakers:
            continue
        positions = source.positions(token.key, headlines=True)
        overlap = _best_overlap(claim, n, positions) if positions else 1.0
        if overlap < MIN_CONTEXT_OVERLAP and token.kind != "date":
            overlap = max(
                (pronoun_context_overlap(claim, n, sentence) for sentence in source.variants), default=0.0
            )
        if overlap < MIN_CONTEXT_OVERLAP:
            yield f'"{claim.text[token.start : token.end]}" appears beside other words in the source'


def _speakers(claim: Claim) -> set[str]:
    return {key for attribution in claim.attributions for key in attribution.speaker}


def denied_words(claim: Claim, aligned: dict[int, TokenPosition], source: CitedText) -> Iterator[str]:
    """Yield a reason if one text denies what the other affirms."""
    for n, (there, m) in aligned.items():
        lost = n not in claim.denied and _applies(there.denied, m, there, claim)
        added = claim.denied.get(n) == 0 and m not in there.denied
        if lost or added:
            yield "one denies what the other affirms"
    if claim.denials > sum(there.denials for there in source.sentences):
        yield "one denies what the other affirms"


def _applies(scope: dict[int, int], m: int, there: Claim, claim: Claim) -> bool:
    """Return True if a word like "not" applies to token `m` before any other that the claim has too."""
    distance = scope.get(m)
    return distance == 0 or (
        distance is not None
        and not any(there.tokens[k].key in claim.positions for k in range(m - distance, m))
    )


def unhedged_words(claim: Claim, aligned: dict[int, TokenPosition]) -> Iterator[str]:
    """Yield what is possible, planned or expected in the source and a fact in the claim."""
    for n, (there, m) in aligned.items():
        text = claim.text[claim.tokens[n].start : claim.tokens[n].end]
        if n in claim.hedged:
            continue
        if _applies(there.hedged, m, there, claim):
            yield f'it states as a fact what is possible or planned in the source ("{text}")'
        elif n not in claim.future and _applies(there.future, m, there, claim):
            yield f'it states as done what is expected in the source ("{text}")'


def unsoftened_words(claim: Claim, aligned: dict[int, TokenPosition]) -> Iterator[str]:
    """Yield what only one of the two texts says to be "almost", "hardly" or "partly" so."""
    for n, (there, m) in aligned.items():
        text = claim.text[claim.tokens[n].start : claim.tokens[n].end]
        for kind, softened in there.softened.items():
            if m in softened and n not in claim.softened[kind]:
                yield f'it leaves out that the source says "{kind}" or the like ("{text}")'
            elif n in claim.softened[kind] and m not in softened:
                yield f'the source does not say "{kind}" or the like ("{text}")'


def misattributed_speakers(
    claim: Claim, aligned: dict[int, TokenPosition], source: CitedText
) -> Iterator[str]:
    """Yield the speakers that the source does not name, and a reason if the claim names none but should."""
    attributions = [attribution for sentence in source.variants for attribution in sentence.attributions]
    for speaker in (attribution.speaker for attribution in claim.attributions if attribution.speaker):
        if not any(not other.speaker or other.speaker & speaker for other in attributions):
            yield f"the source does not say that {' '.join(sorted(speaker))} said it"
    if claim.attributions or not aligned:
        return
    said = sum(
        any(said.start <= sentence.tokens[m].start < said.end for said in sentence.attributions)
        for sentence, m in aligned.values()
    )
    if said / len(aligned) >= _MIN_ATTRIBUTED:
        yield "it leaves out who said it"


def without_publishers(statement: str, publishers: Sequence[str]) -> str:
    """Return the statement without "according to The Halden Post" and the like for its publishers."""
    for name in publishers:
        bare = rf"(?:the )?{re.escape(name.removeprefix('The '))}"
        statement = re.sub(
            rf"\b(?:according to|as reported by|reported by) {bare}\b,?"
            rf"|\b{bare} (?:said|says|reported|reports|wrote|writes)\b(?: that)?",
            "",
            statement,
            flags=re.IGNORECASE,
        )
    return statement


def _words_only(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
