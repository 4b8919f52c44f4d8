"""Make one thing in a true statement false, as a bad model does.

Each function returns None where it does not apply.
"""

import random
import re
from collections.abc import Callable, Sequence

from benchmarks.corruption.honest import SAID, Truth
from corpus.words import STOP_WORDS

Draw = random.Random
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DATE_BEFORE = re.compile(rf"(?:{'|'.join(_MONTHS)})\.? (?:\d{{1,2}}, )?$")
_NUMBER = re.compile(
    r"(?<![\w.,:/-])\d{1,3}(?:,\d{3})+(?![\d%])|(?<![\w.,:/-])\d+(?:\.\d+)?(?![\w,.:/-]*\d)(?!\w)"
)
_NAME = re.compile(r"\b[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*\b")
_COMMON = frozenset(
    "The This That These Those There They Their Then When While Where What Who Why How His Her Its Our Your She But And For With From After Before During Since "
    "However Although Though Meanwhile Later Earlier Some Many Most Both All Each Every One Two Three Four Five Six Seven Eight Nine Ten In On At As If It Not You We He "
    "Other Another Such Also According Because About Under Over Into Between Among Even Still Yet Now Once Only Until Unlike Despite Following Instead Here Just".split()
)
_UNITS = (
    ("percent", "million"), ("per cent", "million"), ("%", " million"), ("dollars", "euros"), ("euros", "dollars"), ("pounds", "euros"), ("crowns", "dollars"),
    ("$", "€"), ("£", "$"), ("€", "£"), ("million", "billion"), ("billion", "million"), ("years", "months"), ("months", "weeks"), ("weeks", "days"), ("days", "weeks"),
    ("hours", "minutes"), ("minutes", "hours"), ("kilometres", "miles"), ("miles", "kilometers"), ("metres", "feet"), ("feet", "meters"), ("tons", "kilograms"), ("km", "miles"),
)  # fmt: skip
_BOUND = re.compile(
    r"\b(?:more than|fewer than|less than|at least|up to|about|around|nearly|almost|roughly|approximately|over|no more than|at most) (?=[$£€]?\d)"
)
_FACT = {"is expected to ": "will ", "are expected to ": "will ", "plans to ": "will ", "plan to ": "will ", "hopes to ": "will ", "wants to ": "will ", "is likely to ": "will ",
         "may have ": "", "might have ": "", "could have ": "", "reportedly ": "", "allegedly ": "", "possibly ": "", "probably ": "", "perhaps ": "", "may be ": "is ",
         "might be ": "is ", "could be ": "is ", "may ": "will ", "might ": "will ", "could ": "will ", "would be ": "was ", "will be ": "was "}  # fmt: skip
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|will|would|has|have|had|can|could|should|must|may|might)\b(?! not| no\b| only|n['’]t|['’]t| [“\"])"
)
_PAST = re.compile(
    r"(?<=[a-z] )(?:approved|agreed|announced|began|started|opened|closed|won|reached|signed|rose|fell|increased|decided|became|included|received|finished|paid)\b"
)
_BASES = {"began": "begin", "won": "win", "rose": "rise", "fell": "fall", "became": "become", "paid": "pay"}


def pieces(text: str) -> list[re.Match[str]]:
    """Return the names in a statement that are not just its first word."""
    return [
        match
        for match in _NAME.finditer(text)
        if match[0].split()[0] not in _COMMON and match[0] not in (*_MONTHS, *_DAYS)
    ]


def numbers(text: str) -> list[re.Match[str]]:
    return list(_NUMBER.finditer(text))


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _values(text: str) -> set[str]:
    return {number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


def figure(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """Replace a value by one that the source does not hold."""
    found = [
        match
        for match in numbers(truth.text)
        if not _DATE_BEFORE.search(truth.text[: match.start()])
        and not re.fullmatch(r"(?:19|20)\d\d", match[0])
    ]
    if not found:
        return None
    match = draw.choice(found)
    value = float(match[0].replace(",", ""))
    new = draw.choice((value * 10, value + draw.randint(1, 9), value * 2, value + 100, max(value - 1, 1)))
    written = f"{new:,.1f}" if "." in match[0] else f"{int(new):,}" if "," in match[0] else f"{int(new)}"
    held = _values(" ".join((*truth.spans, truth.base.headline)))
    return None if written.replace(",", "") in held or new == value else _put(truth.text, match, written)


def date(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """Replace a year, month or weekday by another."""
    found = list(
        re.finditer(
            rf"\b(?:(?:19|20)\d\d(?!s)|{'|'.join(month for month in _MONTHS if month != 'May')}|{'|'.join(_DAYS)})\b",
            truth.text,
        )
    )
    if not found:
        return None
    match = draw.choice(found)
    pool = (
        _MONTHS
        if match[0] in _MONTHS
        else _DAYS
        if match[0] in _DAYS
        else [str(int(match[0]) + n) for n in (-10, -2, -1, 1, 2, 3)]
    )
    source = " ".join((*truth.spans, truth.base.headline))
    pool = [new for new in pool if new not in source and new != "May"]
    return _put(truth.text, match, draw.choice(pool)) if pool else None


def name(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """Replace a name by one of another text."""
    found = pieces(truth.text)
    source = " ".join((*truth.spans, truth.base.headline)).lower()
    pool = [other for other in others if not any(word.lower() in source for word in other.split())]
    return _put(truth.text, draw.choice(found), draw.choice(pool)) if found and pool else None


def neighbour(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """Replace a name or a number by one of the sentence before or after, which is not cited."""
    near = f"{truth.base.after} {'' if len(truth.spans) > 1 else truth.base.before}"
    held = " ".join((*truth.spans, truth.base.headline))
    names = [
        match[0]
        for match in pieces(near)
        if " " in match[0] or not re.search(r"(?:^|[.!?“\"] ?)$", near[: match.start()])
        if match[0].lower() not in STOP_WORDS
        and not any(word.lower() in held.lower() for word in match[0].split())
    ]
    if (found := pieces(truth.text)) and names:
        return _put(truth.text, draw.choice(found), draw.choice(names))
    values = [match[0] for match in numbers(near) if match[0].replace(",", "") not in _values(held)]
    return (
        _put(truth.text, draw.choice(found), draw.choice(values))
        if (found := numbers(truth.text)) and values
        else None
    )


def unit(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    found = []
    for old, new in _UNITS:
        pattern = (
            rf"(?<=\d){old}"
            if old == "%"
            else rf"{re.escape(old)}(?=\d)"
            if old in "$£€"
            else rf"(?<=\d ){old}\b"
        )
        if (match := re.search(pattern, truth.text)) and not re.search(
            rf"{re.escape(new.strip())}", " ".join(truth.spans)
        ):
            found.append(_put(truth.text, match, new))
    return draw.choice(found) if found else None


def negation(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """A denial taken out, or one put in."""
    if match := re.search(
        r"\b(is|are|was|were|will|would|has|have|had|can|could|did|does|do|should) not |\b(is|are|was|were|would|has|have|had|could|did|does|do|should)n['’]t ",
        truth.text,
    ):
        return _put(truth.text, match, f"{match[1] or match[2]} ")
    found = list(_AUXILIARY.finditer(truth.text))
    if found and (match := draw.choice(found)):
        return _put(truth.text, match, f"{match[0]} not")
    if match := _PAST.search(truth.text):
        return _put(
            truth.text,
            match,
            f"did not {_BASES.get(match[0], re.sub(r'(?<=[^e])d$|(?<=[kgntvs])ed$', '', match[0]))}",
        )
    return None


def speaker(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """Replace the speaker by somebody else of the same span or of another text."""
    match = re.search(
        rf"({_NAME.pattern}) (?:said|says|told|claimed|argued|warned|insisted|added|noted|wrote)\b|(?:said|says|added|according to|According to) ({_NAME.pattern})",
        truth.text,
    )
    group = match and (1 if match[1] else 2)
    if not match or not group or match[group].split()[0] in _COMMON:
        return None
    source = " ".join((*truth.spans, truth.base.headline))
    inside = [
        found[0]
        for found in pieces(" ".join(truth.spans))
        if found[0].lower() not in STOP_WORDS and not set(found[0].split()) & set(match[group].split())
    ]
    pool = inside or [other for other in others if other.split()[0] not in source]
    return (
        truth.text[: match.start(group)] + draw.choice(pool) + truth.text[match.end(group) :]
        if pool
        else None
    )


def speaker_dropped(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """State as a fact what somebody says."""
    if (
        match := re.match(
            r"(?:[A-Z][\w'’. -]{1,40}|(?:The|A|An|He|She|They|It)(?: [\w'’-]+){0,4}) (?:said|says|claimed|argued|warned|insisted|believes|estimated) (?:that )?(?=[a-z])",
            truth.text,
        )
    ) or (match := re.match(r"According to [^,]{3,50}, ", truth.text)):
        rest = truth.text[match.end() :]
    elif match := re.search(
        r",[”\"]? (?:[\w'’. -]{2,40} (?:said|says)|(?:said|says) [\w'’. -]{2,40})\.$", truth.text
    ):
        rest = truth.text[: match.start()] + "."
    else:
        return None
    still = re.search(rf"\b{SAID}\b", rest)
    return (
        None
        if still or len(rest) < 30 or rest.count("“") != rest.count("”") or '"' in rest or "“" in rest
        else rest[0].upper() + rest[1:]
    )


def hedge(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """State what may be or is planned as what is or will be; and what will be as what was."""
    for old, new in _FACT.items():
        if match := re.search(rf"(?<=[a-z] )(?<!if ){old}(?!not|have)", truth.text):
            return _put(truth.text, match, new)
    return None


def bound(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """Remove a bound: "more than 300" becomes "300"."""
    match = _BOUND.search(truth.text)
    return _put(truth.text, match, "") if match else None


def _swapped(text: str, found: list[re.Match[str]], draw: Draw) -> str | None:
    """Exchange two things of a statement; not two of one list ("A and B"), which would say the same."""
    pairs = [
        (a, b)
        for n, a in enumerate(found)
        for b in found[n + 1 :]
        if a[0] not in b[0]
        and b[0] not in a[0]
        and not re.fullmatch(
            r"(?:,? (?:and|or|&) |, (?:and )?|[^,]{0,25},? (?:and|or) )", text[a.end() : b.start()]
        )
    ]
    if not pairs:
        return None
    a, b = draw.choice(pairs)
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def figures_swapped(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    return _swapped(truth.text, numbers(truth.text), draw)


def names_swapped(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    return _swapped(truth.text, pieces(truth.text), draw)


def figure_moved(truth: Truth, draw: Draw, others: Sequence[str]) -> str | None:
    """Replace a number by another one of the same span: a right value of the wrong thing."""
    found = numbers(truth.text)
    source = " ".join(truth.spans)
    pairs = [
        (match, other)
        for match in found
        for other in _NUMBER.findall(source)
        if other.replace(",", "") != match[0].replace(",", "")
    ]
    if not pairs:
        return None
    match, other = draw.choice(pairs)
    return _put(truth.text, match, other)


KINDS: dict[str, Callable[[Truth, Draw, Sequence[str]], str | None]] = {
    "figure": figure, "date": date, "name": name, "from the neighbouring sentence": neighbour, "unit or currency": unit, "negation": negation,
    "speaker changed": speaker, "speaker dropped": speaker_dropped, "hedge lost": hedge, "bound lost": bound,
    "two figures swapped": figures_swapped, "two names swapped": names_swapped, "figure moved": figure_moved,
}  # fmt: skip
