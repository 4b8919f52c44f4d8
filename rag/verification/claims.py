"""What a sentence claims: its words in order, figures and names among them, what is denied, what is hedged, and who said it.

Knows English function words, no source to compare with.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.article import MONTHS
from corpus.words import STOP_WORDS, stem
from rag.quantities.numbers import Number, parse_numbers

_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|\w+(?:[.,]\d+)*(?:['’]\w+)?")
_NAME = re.compile(r"[A-Z][\w’'-]*|\w*[a-z][A-Z]\w*")
_FIRST = re.compile(r"(?:^|[.!?:]\s|[“\"‘(]|\n)\s*$")
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS = (
    {month.lower(): month.lower() for month in MONTHS}
    | {month[:3].lower(): month.lower() for month in MONTHS}
    | {"sept": "september"}
)
_CALENDAR = {*_DAYS, *_MONTHS}
# What changes a claim as much as a figure does, although a list of stop words holds it.
_STRONG = frozenset(
    "all every only most none nobody always never entire entirely both half quarter twice double doubled triple tripled dozens hundreds "
    "thousands millions billions first last former".split()
)
_LIGHT = STOP_WORDS - _STRONG
# Words that often open a sentence with a capital and name nobody.
_OPENERS = frozenset(
    "yes however although though since later earlier last next meanwhile officials ministers people many several still now today instead "
    "even despite among within without according one another new no never nearly almost around between like unlike following given "
    "recently currently finally eventually originally then there together such these those".split()
)
_IRREGULAR = {
    form: base
    for base, forms in (
        line.split(": ")
        for line in (
            "rise: rose risen|fall: fell fallen|grow: grew grown|begin: began begun|become: became|buy: bought|bring: brought|build: built|"
            "catch: caught|choose: chose chosen|come: came|cut: cut|draw: drew drawn|drive: drove driven|fight: fought|find: found|fly: flew flown|"
            "forget: forgot forgotten|get: got gotten|give: gave given|go: went gone|hold: held|keep: kept|know: knew known|lead: led|leave: left|"
            "lose: lost|make: made|mean: meant|meet: met|pay: paid|run: ran|see: saw seen|seek: sought|sell: sold|send: sent|speak: spoke spoken|"
            "spend: spent|stand: stood|steal: stole stolen|strike: struck|take: took taken|teach: taught|tell: told|think: thought|throw: threw thrown|"
            "win: won|write: wrote written|break: broke broken|show: shown|sink: sank sunk|shoot: shot|say: said says|lay: laid|feel: felt|"
            "sign: signs|wear: wore worn|sing: sang sung|swim: swam|eat: ate eaten|fail: failed|do: did done|hide: hid hidden|beat: beaten|child: children|"
            "per cent: percent|kilometer: kilometre km kilometres|meter: metre metres|ton: tonne tonnes"
        ).split("|")
    )
    for form in forms.split()
}  # fmt: skip
_DENIAL = re.compile(
    r"\b(?:no(?! longer than| more than| fewer than| less than)|not(?! only\b| just\b| (?:more|less|fewer) than [\d$£€])"
    r"|never|none|neither|nor|nobody|nothing|without|cannot|refus(?:e|es|ed|ing) to|declin(?:e|es|ed|ing) to"
    r"|fail(?:s|ed|ing)? to|unable to|unlikely to|ruled out|rather than|instead of|\w+n['’]t)(?!\w)",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|should|possibly|perhaps|probably|likely|unlikely|reportedly|allegedly|apparently|potentially|presumably|supposedly|maybe|if|unless"
    r"|alleged|suspected|would-be|proposed|planned|considering|consider|considers|considered|suggests?|suggested|hopes?|hoped|hoping"
    r"|(?:plan|expect|intend|aim|want|seek|propose|try|offer|threaten|vow|promise|pledge|agree|seem"
    r"|appear|tend|prepar|schedul|believ|say|claim|attempt|wish|need|estimate|project|forecast)\w* to"
    r"|(?:sought|tried|thought|said|set|due|ready|about|able|supposed|bound|poised|meant|designed|eager|willing|hope|move|bid|effort|deal|plans?) to)(?!\w)",
    re.IGNORECASE,
)
_MAY = re.compile(r"(?:^|[a-z,] )May\b|\bMay(?= \d)")  # the month
_FUTURE = re.compile(r"\b(?:will|would|shall|going to|\w+['’]ll|\w+['’]d|won['’]t)(?!\w)", re.IGNORECASE)
_SAID = re.compile(
    r"\b(?:(?P<by>according to|in the words of)|said|says|saying|say|told|claim(?:ed|ing)|argu(?:es|ed|ing)|believ(?:es|ed)|thinks|thought(?! of)"
    r"|warn(?:s|ed|ing)|insist(?:s|ed)(?! on)|estimated|predict(?:s|ed)|wr(?:ites|ote)|suggest(?:s|ed)|assert(?:s|ed)|alleg(?:es|ed)"
    r"|tweeted|admitted|complained|contended|denied"
    r"|(?:add|note|state|report|maintain|claim|estimate)(?:(?:s|d|ed)(?= that\b)|e?d(?=[,.:”\"]|$| [“\"])))\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:he|she|they|it|his|her|their|its|him|them|who|which|i|we)\b", re.IGNORECASE)
# "and", "who" and the like, where the subject goes on: no article or name follows.
_CARRY = re.compile(
    r"(?:,|;|\)|\b(?:and|but|or|who|which|that|then)\b)\s+(?=(?!the |a |an |he |she |it |they |its |his |her |their |in |on |at |for |with )[a-z])"
)
_CLAUSE_END = re.compile(
    r"[;:,]\s|\s(?:and|but|while|whereas|although|because|as|that|which|who)\s|[“”\"()]|\s[–—]\s"
)
_OPENING = re.compile(r"(?:In|On|By|Since|Until|During|At|From|Before|After|Last|This)\b[^,;“”\"]{0,40},")
# What can be left out of a sentence without a change to the rest: brackets, "which ..." between commas, what stands between dashes.
_ASIDE = re.compile(
    r"\s*\([^()]*\)|\s[–—] [^–—]{1,200} [–—](?=\s)|, (?:which|who|whose|where)\b[^,;]{1,200},"
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|been|being|be)\s+(?:\w+ly\s+)?\w+(?:\s+\w+){0,3}?\s+by\b", re.IGNORECASE
)
_SIDE = 80  # characters beside a verb of saying in which its speaker stands
_GOVERNED = 2  # words after "not" or "may" that it bears on


@dataclass(frozen=True, slots=True)
class Token:
    """A word of content or a figure; `key` is what it is compared by."""

    key: str
    kind: str  # "number", "name", "date", "strong" or "word"
    start: int
    end: int
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who says something (keys of words, empty for a pronoun), and which characters of the sentence it is that they say."""

    speaker: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, read. `denied`, `hedged` and `future` hold places of tokens with how far from the governing word they stand (0: next to it)."""

    text: str
    tokens: tuple[Token, ...]
    denied: dict[int, int]
    hedged: dict[int, int]
    future: dict[int, int]
    said: tuple[Attribution, ...]
    carried: tuple[int, ...]  # places of tokens that the sentence's subject goes on with
    pronouns: tuple[int, ...]  # characters at which a pronoun stands
    denials: int
    passive: bool
    opening: int  # where a phrase like "In 2018," ends that opens the sentence; 0 without one
    places: dict[str, list[int]] = field(default_factory=dict)


def parse_claim(text: str) -> Claim:
    """What a sentence claims.

    >>> claim = parse_claim("NATO may not send 300 trainers, Kerry said.")
    >>> [token.key for token in claim.tokens], claim.denied, claim.hedged, [set(said.speaker) for said in claim.said]
    (['nato', 'send', '300', 'trainer', 'kerri', 'say'], {1: 0, 2: 1}, {1: 0, 2: 1}, [{'kerri'}])
    """
    tokens = tuple(_tokens(text))
    starts = [token.start for token in tokens]
    places: dict[str, list[int]] = {}
    for n, token in enumerate(tokens):
        places.setdefault(token.key, []).append(n)
    bare = _MAY.sub(lambda match: "_" * len(match[0]), text)
    return Claim(
        text,
        tokens,
        _governed(_DENIAL, text, tokens),
        _governed(_HEDGE, bare, tokens),
        _governed(_FUTURE, text, tokens),
        tuple(_attributions(text, tokens)),
        tuple(dict.fromkeys(_at(starts, match.end()) for match in _CARRY.finditer(text))),
        tuple(match.start() for match in _PRONOUN.finditer(text)),
        len(_DENIAL.findall(text)),
        bool(_PASSIVE.search(text)),
        opening.end() if (opening := _OPENING.match(text)) else 0,
        places,
    )


def remove_asides(text: str) -> str:
    """A sentence without what it only says by the way.

    >>> remove_asides("Corvane, which built the ferry, said (on Monday) that it sails.")
    'Corvane said that it sails.'
    """
    return _ASIDE.sub("", text)


def _tokens(text: str) -> Iterator[Token]:
    figures = parse_numbers(text)
    here = 0
    for match in _TOKEN.finditer(text):
        while here < len(figures) and figures[here].end <= match.start():
            here += 1
        if here < len(figures) and figures[here].start < match.end() and match.start() < figures[here].end:
            figure = figures[here]
            if match.start() <= figure.start or match.start() == _first_word(text, figure):
                yield Token(f"{figure.value:f}", "number", figure.start, figure.end, figure)
            continue
        if token := _word(match, text):
            yield token


def _first_word(text: str, figure: Number) -> int:
    found = _TOKEN.search(text, figure.start)
    return found.start() if found else -1


def _word(match: re.Match[str], text: str) -> Token | None:
    """The token of a word, or None for one that carries nothing."""
    bare = match[0].removesuffix("'s").removesuffix("’s").removesuffix("’").removesuffix("'")
    low = bare.lower().replace(".", "")
    capital = bool(_NAME.match(bare)) and bare != "I"
    if (
        capital
        and low in _CALENDAR
        and (
            low not in ("may", "mar", "sun") or _MAY.search(text[max(0, match.start() - 2) : match.end() + 2])
        )
    ):
        return Token(_MONTHS.get(low, low), "date", match.start(), match.end())
    if low in _LIGHT and not (capital and bare.isupper() and len(bare) > 1) and not _SAID.fullmatch(low):
        return None
    if low in _STRONG:
        return Token(low, "strong", match.start(), match.end())
    first = bool(_FIRST.search(text[max(0, match.start() - 4) : match.start()]))
    kind = (
        "name"
        if capital and not (first and (low in _OPENERS or low.endswith("ly") or _SAID.fullmatch(low)))
        else "word"
    )
    return Token(
        normalise_word(low), "opening" if kind == "name" and first else kind, match.start(), match.end()
    )


def normalise_word(word: str) -> str:
    """What a word is compared by: the stem of its base form.

    >>> normalise_word("rose"), normalise_word("rising")
    ('rise', 'rise')
    """
    return stem(_IRREGULAR.get(word, word))


def _at(starts: list[int], place: int) -> int:
    return bisect_left(starts, place)


def _governed(pattern: re.Pattern[str], text: str, tokens: tuple[Token, ...]) -> dict[int, int]:
    """The tokens that an operator like "not" or "may" bears on: the next ones up to the clause's end."""
    starts = [token.start for token in tokens]
    found: dict[int, int] = {}
    for match in pattern.finditer(text):
        first = _at(starts, match.end())
        for far, n in enumerate(range(first, min(first + _GOVERNED, len(tokens)))):
            if far and _CLAUSE_END.search(text[match.end() : tokens[n].start]):
                break
            found[n] = min(far, found.get(n, far))
    return found


def _attributions(text: str, tokens: tuple[Token, ...]) -> Iterator[Attribution]:
    starts = [token.start for token in tokens]

    def keys(start: int, end: int) -> frozenset[str]:
        return frozenset(
            token.key
            for token in tokens[_at(starts, start) : _at(starts, end)]
            if not _SAID.fullmatch(text[token.start : token.end])
        )

    for match in _SAID.finditer(text):
        after = text[match.end() : match.end() + _SIDE]
        stop = re.search(r"[,;:.“”\"]\s|[.”\"]?$| that ", after)
        following = match.end() + (stop.start() if stop else len(after))
        if match["by"]:
            yield Attribution(keys(match.end(), following), 0, len(text))
            continue
        before = text[max(0, match.start() - _SIDE) : match.start()]
        chunk = re.split(r"[,;:“”\"]\s?|\b(?:and|but|while|as|when|because|that)\s", before)[-1]
        start = match.start() - len(chunk)
        trailing = bool(re.search(r"[,”\"’]\s*$", text[max(0, start - 3) : start])) and not re.match(
            r"\s+(?:that|it|the|there)\b", after
        )
        if chunk.strip():
            yield Attribution(
                keys(start, match.start()), *((0, start) if trailing else (match.end(), len(text)))
            )
        elif re.match(r"\s+(?:that|it|there|he|she|they)\b", after) or following >= match.end() + _SIDE:
            yield Attribution(keys(match.start() - 2 * _SIDE, match.start()), match.end(), len(text))
        else:
            yield Attribution(keys(match.end(), following), 0, match.start())
