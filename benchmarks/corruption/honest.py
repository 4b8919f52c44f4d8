"""Paraphrase a sentence by rule without making it false, only where the rule is safe."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.corruption.bases import Base

SAID = r"(?:said|says|told|claimed|claims|argued|warned|insisted|added|noted|wrote|according to|believes?|estimated?|predicted|suggest\w*|report\w*|announced|stated|called)"
HEDGED = r"(?:may|might|could|would|should|if|unless|likely|expected|plan\w*|not|no|never|n.t|without|only|except|but)"
_NAME = r"[A-Z][a-z]+(?: [A-Z][a-z]+)+"
_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: n for n, word in enumerate(_ONES) if n > 1} | {
    word: 10 * n for n, word in enumerate(_TENS) if n > 1
}
# Verbs whose past form is also the participle, so that a sentence can be turned round by rule.
_TURNED = "built bought won held led founded published released designed created approved rejected signed opened ordered killed launched directed produced announced".split()
_NOT_A_DAY = r"(?<!January )(?<!February )(?<!March )(?<!April )(?<!May )(?<!June )(?<!July )(?<!August )(?<!September )(?<!October )(?<!November )(?<!December )"


@dataclass(frozen=True, slots=True)
class Truth:
    """A true statement, the kind of paraphrase that it is, and the sentences that support it."""

    text: str
    kind: str
    spans: tuple[str, ...]
    base: Base


def spelled(value: int) -> str:
    """Return a number below 10,000 in words.

    >>> spelled(2345)
    'two thousand three hundred and forty-five'
    """
    parts = []
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if value >= size:
            parts.append(f"{_ONES[value // size]} {name}")
            value %= size
    if value or not parts:
        words = (
            _ONES[value]
            if value < 20
            else _TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "")
        )
        parts.append(f"and {words}" if parts and "hundred" in parts[-1] else words)
    return " ".join(parts)


def _words_for_figures(base: Base) -> str:
    def word(match: re.Match[str]) -> str:
        value = int(match[0].replace(",", ""))
        return spelled(value) if 1 < value < 10_000 and not 1900 <= value <= 2100 else match[0]

    return re.sub(
        rf"{_NOT_A_DAY}(?<![\w.,$£€–:/-])\d{{1,3}}(?:,\d{{3}})?(?= [a-z])(?! (?:million|billion|trillion|percent|per cent|[ap]\.?m|(?:January|February|March)))",
        word,
        base.text,
        count=1,
    )


def _figures_for_words(base: Base) -> str:
    return re.sub(
        rf"(?<![\w-])(?:{'|'.join(_WORDS)})(?= [a-z])(?! (?:hundred|thousand|million|billion|dozen|and a half|or|to|of))",
        lambda match: str(_WORDS[match[0]]),
        base.text,
        count=1,
    )


def _percent(base: Base) -> str:
    if "%" in base.text:
        return re.sub(r"(\d) ?%", r"\1 percent", base.text)
    return re.sub(r"(\d) (?:percent|per cent)\b", r"\1%", base.text)


def _clause_dropped(base: Base) -> str:
    """Remove a clause between commas, dashes or brackets, unless it names the speaker or limits the rest."""
    for pattern, put in (
        (r", (?:who|which|where)\b[^,;“”\"]{8,}, (?=[a-z])", " "),
        (r" \([^()]{3,}\)", ""),
        (
            r", (?:which|where|who|while|as|making|including|leaving|bringing|followed by|with)\b[^,;“”\"]{8,}\.$",
            ".",
        ),
        (r" [–—] [^–—“”\"]{8,} [–—] ", " "),
    ):
        if (found := re.search(pattern, base.text)) and not re.search(rf"\b(?:{SAID}|{HEDGED})\b", found[0]):
            return base.text[: found.start()] + put + base.text[found.end() :]
    return base.text


def _opening_dropped(base: Base) -> str:
    found = re.match(
        r"(?:In|On|At|By|After|During|Since|For|Meanwhile|However|Later)\b[^,;“”\"]{0,40}, (?=[A-Za-z])",
        base.text,
    )
    if not found or re.search(rf"\b(?:{SAID}|{HEDGED})\b", found[0]):
        return base.text
    return base.text[found.end()].upper() + base.text[found.end() + 1 :]


def _opening_moved(base: Base) -> str:
    found = re.match(
        r"(In|On) ((?:[A-Z][a-z]+ )?\d[\w, ]{1,16}?|[A-Z][a-z]+day), (?=the |a |[A-Z])([^,;“”\"]+)\.$",
        base.text,
    )
    return f"{found[3][0].upper()}{found[3][1:]} {found[1].lower()} {found[2]}." if found else base.text


def _speaker_first(base: Base) -> str:
    """Turn "P, X said." into "X said that P." and "X said that P." into "According to X, P."."""
    if found := re.fullmatch(
        rf"((?:The|A|It|There|In|This|That)\b[^“”\"]+), ((?:the )?[\w' ]{{2,30}}|{_NAME}) said\.", base.text
    ):
        return f"{found[2][0].upper()}{found[2][1:]} said that {found[1][0].lower()}{found[1][1:]}."
    if found := re.match(rf"((?:The )?[\w' ]{{2,30}}|{_NAME}) said that ([^“”\"]+)\.$", base.text):
        return f"According to {found[1].replace('The ', 'the ')}, {found[2]}."
    if found := re.match(rf"According to ({_NAME}|the [a-z' ]{{3,30}}), ([^,“”\"][^“”\"]+)\.$", base.text):
        return f"{found[1][0].upper()}{found[1][1:]} said that {found[2]}."
    return base.text


def _tense(base: Base) -> str:
    """Turn "has approved" into "approved"; "have grown" stays."""
    return re.sub(
        r"\b(?:has|have|had) (?=[a-z]+ed\b)(?!(?:need|embed|wed|fe|ble|she)ed?\b)", "", base.text, count=1
    )


def _turned_round(base: Base) -> str:
    """Turn "A approved the B." into "The B was approved by A.", and back."""
    verbs = "|".join(_TURNED)
    if found := re.match(
        rf"({_NAME}|The [a-z]+) ({verbs}) (the (?:[a-z]+ )?[a-z]+|{_NAME})((?: (?:in|on|at|for) [^,;“”\"]+)?)\.$",
        base.text,
    ):
        return f"{found[3][0].upper()}{found[3][1:]} was {found[2]} by {found[1].replace('The ', 'the ')}{found[4]}."
    if found := re.match(
        rf"({_NAME}|The [a-z]+(?: [a-z]+)?) was ({verbs}) by ({_NAME}|the [a-z]+)((?: (?:in|on|at|for) [^,;“”\"]+)?)\.$",
        base.text,
    ):
        return f"{found[3][0].upper()}{found[3][1:]} {found[2]} {found[1].replace('The ', 'the ')}{found[4]}."
    return base.text


def _halves(base: Base) -> list[str]:
    """Split "The A did B, and the C did D." in two, where neither half depends on the other."""
    found = re.fullmatch(
        r"((?:The|In|A|It|He|She|They|[A-Z][a-z]+)\b[^;“”\"]{20,}), (?:and|but|while) ((?:the|it|he|she|they|a|[A-Z][a-z]+) [^;“”\"]{20,})\.",
        base.text,
    )
    if not found or re.search(
        rf"\b(?:{SAID}|{HEDGED}|that|neither|both|either|if)\b", base.text, re.IGNORECASE
    ):
        return []
    return [f"{found[1]}.", f"{found[2][0].upper()}{found[2][1:]}."]


def _subject_kept(base: Base) -> list[str]:
    """Split "X did A and did B." into "X did A." and "X did B."."""
    found = re.fullmatch(
        rf"({_NAME}|The [a-z]+) ([a-z]+ed\b[^,;“”\"]{{8,}}) and ((?:also |later |then )?[a-z]+ed [^,;“”\"]{{8,}})\.",
        base.text,
    )
    if not found or re.search(rf"\b(?:{SAID}|{HEDGED}|that|which|who|between|both)\b", base.text):
        return []
    return [f"{found[1]} {found[2]}.", f"{found[1]} {found[3]}."]


def _pronoun_resolved(base: Base) -> Truth | None:
    """Replace "He" after a sentence that opens with its only person by the name; cite both sentences."""
    subject = re.match(rf"({_NAME})\b(?! and| &|,? (?:who|whose))", base.before)
    if (
        not subject
        or not re.match(r"(?:He|She) [a-z]", base.text)
        or len(re.findall(_NAME, base.before)) > 1
        or "”" in base.before
    ):
        return None
    return Truth(
        re.sub(r"^(?:He|She)\b", subject[1], base.text), "pronoun resolved", (base.before, base.text), base
    )


_RULES: dict[str, Callable[[Base], str]] = {
    "figures in words": _words_for_figures, "words in figures": _figures_for_words, "percent sign": _percent, "clause dropped": _clause_dropped,
    "opening dropped": _opening_dropped, "opening moved": _opening_moved, "speaker moved": _speaker_first, "tense": _tense, "passive or active": _turned_round,
}  # fmt: skip


def truths(base: Base) -> list[Truth]:
    """Return the sentence itself and every paraphrase of it by the rules."""
    made = [Truth(base.text, "verbatim", (base.text,), base)]
    made += [
        Truth(text, kind, (base.text,), base)
        for kind, rule in _RULES.items()
        if (text := rule(base)) != base.text
    ]
    made += [
        Truth(half, "two sentences", (base.text,), base) for half in [*_halves(base), *_subject_kept(base)]
    ]
    resolved = _pronoun_resolved(base)
    return made + ([resolved] if resolved else [])
