"""A statement and the words that it cites -> supported or not, and why. Mechanical: knows figures, names, quotations and words, no model.

A statement holds only what its sources hold: each figure, name and quoted phrase must stand in a cited span, a denial must stay
a denial, and most content words must be the span's.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from corpus.article import MONTHS
from corpus.words import STOP_WORDS, content_stems, stem

# The share of its content words that each clause of a statement must have in common with what it cites.
CONTENT_SHARE = 0.75
_MOST_CLAUSES = 50  # of a sentence; what has more is a list
_CLAUSE = re.compile(
    r"[;:]\s+|,\s+(?:and|but|while|whereas|as|which|who|or|although)\s+|\s+(?:while|whereas|although|but)\s+", re.IGNORECASE
)

_UNITS = {
    name: n
    for n, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {name: 10 * n for n, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
    "bn": 10**9,
    "m": 10**6,
    "mn": 10**6,
    "k": 10**3,
}
_TIMES = {"twofold": 2, "threefold": 3, "fourfold": 4, "fivefold": 5, "eightfold": 8, "tenfold": 10}
_NUMBER_WORD = "|".join([*_UNITS, *_TENS, "hundred", "thousand", "million", "billion", "trillion", "dozen"])
_DIGITS = re.compile(
    r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:[ -]?(hundred|thousand|million|billion|trillion|dozen|bn|mn|m|k)\b)?", re.IGNORECASE
)
_SPELLED = re.compile(rf"\b(?:{_NUMBER_WORD})(?:(?:[ -]|\s+and\s+)(?:{_NUMBER_WORD}))*\b", re.IGNORECASE)
_QUOTED = re.compile(r"[“\"]([^“”\"]{3,})[”\"]")
_NAME = re.compile(r"\b[A-Z][\w’'-]*|\b\w*[a-z][A-Z]\w*")
_FIRST = re.compile(r"(?:^|[.!?:]\s|[“\"‘(]|\n)\s*$")
_DENIAL = re.compile(r"\b(?:no|not|never|none|neither|nor|without|cannot|refus\w*|reject\w*|den(?:y|ies|ied)|\w+n['’]t)\b", re.IGNORECASE)
_MONTHS = frozenset(month.lower() for month in MONTHS)


def figures(text: str) -> set[Decimal]:
    """The numbers of a text as values, however they are written; those up to one are left out where they are words ("one option").

    >>> sorted(figures("4,000 soldiers, 8.8 billion dollars and twenty-one ships"))
    [Decimal('21'), Decimal('4000'), Decimal('8800000000')]
    """
    found = {_value(whole, part, scale) for whole, part, scale in _DIGITS.findall(text)}
    found |= {Decimal(_spelled(match[0])) for match in _SPELLED.finditer(_DIGITS.sub(" ", text)) if match[0].lower() not in ("one", "zero")}
    return found | {Decimal(times) for word, times in _TIMES.items() if word in text.lower()}


def _value(whole: str, part: str, scale: str) -> Decimal:
    return (Decimal(whole.replace(",", "") + part) * _SCALES.get(scale.lower(), 1)).normalize() + 0


def _spelled(words: str) -> int:
    total, current = 0, 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if current >= 1000:
                total, current = total + current, 0
        elif word != "and":
            current += _UNITS.get(word, 0) + _TENS.get(word, 0)
    return total + current


def names(text: str) -> set[str]:
    """Stems of the capitalised words inside the sentences of a text, without months; a sentence's first word says nothing.

    >>> sorted(names("Later that week NATO's chief Jens Stoltenberg met Kerry."))
    ['jen', 'kerri', 'nato', 'stoltenberg']
    """
    found = set()
    for match in _NAME.finditer(text):
        word = match[0].lower().removesuffix("'s").removesuffix("’s")
        if word not in STOP_WORDS and word not in _MONTHS and not _FIRST.search(text[: match.start()]):
            found.add(stem(word))
    return found


def reasons_against(statement: str, spans: Sequence[str], headlines: Sequence[str] = (), publishers: Sequence[str] = ()) -> list[str]:
    """Why `spans`, the cited words, do not carry `statement`; empty where they do.

    The cited articles' headlines may lend it names and figures, and it may say that their publishers reported it. Their dates lend
    nothing: an article's day is not the day of what it tells.
    """
    cited = "\n".join(spans)
    if not cited.strip():
        return ["no source is cited"]
    statement = _without_attribution(statement, publishers)
    around = "\n".join([cited, *headlines])
    # Every capitalised word of the source may be a name, its first ones too.
    known = {stem(word.removesuffix("'s").removesuffix("’s")) for match in _NAME.findall(around) for word in (match, *match.split("-"))}
    reasons = [f"the figure {value:,} is not in the source" for value in sorted(figures(statement) - figures(around))]
    reasons += [f'the name "{name}" is not in the source' for name in sorted(names(statement) - known)]
    flat = _flat(cited)
    reasons += [
        f'the source does not hold the quoted words "{quoted}"' for quoted in _QUOTED.findall(statement) if _flat(quoted) not in flat
    ]
    parts = [(part, set(content_stems(part))) for part in _CLAUSE.split(statement)]
    if _flat(statement) not in flat and _denials_differ(parts, cited):
        reasons.append("one denies what the other affirms")
    # A headline may lend a name; the rest of a claim must stand in the cited words themselves, clause by clause.
    held = set(content_stems(cited)) | names(statement)
    share = min((len(wanted & held) / len(wanted) for _, wanted in parts if wanted), default=1.0)
    if share < CONTENT_SHARE:
        reasons.append(f"only {share:.0%} of its words are in the source")
    return reasons


def _denials_differ(parts: Sequence[tuple[str, set[str]]], cited: str) -> bool:
    """True if a clause denies where the clause of the source that shares most words with it affirms, or the other way round."""
    clauses = [(bool(_DENIAL.search(clause)), set(content_stems(clause))) for clause in _CLAUSE.split(cited)]
    for part, wanted in parts[:_MOST_CLAUSES]:
        nearest = max(clauses[:_MOST_CLAUSES], key=lambda clause: len(clause[1] & wanted))
        if bool(_DENIAL.search(part)) != nearest[0]:
            return True
    return False


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
