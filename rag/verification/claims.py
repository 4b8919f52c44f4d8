"""Parse what a sentence claims: its words, numbers and names, what is denied or hedged, and who said it."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from corpus.dates import CALENDAR_WORDS
from corpus.words import STOP_WORDS, stem
from rag.quantities.numbers import Number, parse_numbers

Softener = Literal["almost", "hardly", "partly"]
_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|\w+(?:[.,]\d+)*(?:['’]\w+)?")
_NAME = re.compile(r"[A-Z][\w’'-]*|\w*[a-z][A-Z]\w*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s|[“\"‘(]|\n)\s*$")
# Stop words that change a claim as much as a number does.
_QUALIFIERS = frozenset(
    "all every whole only most none nobody always never entire entirely both half quarter twice double "
    "doubled triple tripled dozens hundreds thousands millions billions first last former".split()
)
_IGNORED = STOP_WORDS - _QUALIFIERS
# Words that often open a sentence, and so have a capital, but are no names.
_NO_NAMES = frozenset(
    "yes however although though since later earlier last next meanwhile officials ministers people many "
    "several still now today instead "
    "even despite among within without according one another new no never nearly almost around between like "
    "unlike following given "
    "recently currently finally eventually originally then there together such these those".split()
)
_IRREGULAR = {
    form: base
    for base, forms in (
        line.split(": ")
        for line in (
            "rise: rose risen|fall: fell fallen|grow: grew grown|begin: began begun|become: became|"
            "buy: bought|bring: brought|build: built|"
            "catch: caught|choose: chose chosen|come: came|cut: cut|draw: drew drawn|drive: drove driven|"
            "fight: fought|find: found|fly: flew flown|"
            "forget: forgot forgotten|get: got gotten|give: gave given|go: went gone|hold: held|keep: kept|"
            "know: knew known|lead: led|leave: left|"
            "lose: lost|make: made|mean: meant|meet: met|pay: paid|run: ran|see: saw seen|seek: sought|"
            "sell: sold|send: sent|speak: spoke spoken|"
            "spend: spent|stand: stood|steal: stole stolen|strike: struck|take: took taken|teach: taught|"
            "tell: told|think: thought|throw: threw thrown|"
            "win: won|write: wrote written|break: broke broken|show: shown|sink: sank sunk|shoot: shot|"
            "say: said says|lay: laid|feel: felt|"
            "sign: signs|wear: wore worn|sing: sang sung|swim: swam|eat: ate eaten|fail: failed|do: did done|"
            "hide: hid hidden|beat: beaten|child: children|"
            "per cent: percent|kilometer: kilometre km kilometres|meter: metre metres|ton: tonne tonnes"
        ).split("|")
    )
    for form in forms.split()
}  # fmt: skip
_DENIAL = re.compile(
    r"\b(?:no(?! longer than| more than| fewer than| less than)|not(?! only\b| just\b| (?:more|less|"
    r"fewer) than [\d$£€])"
    r"|never|none|neither|nor|nobody|nothing|without|cannot|refus(?:e|es|ed|ing) to|declin(?:e|es|ed|ing) to"
    r"|fail(?:s|ed|ing)? to|unable to|unlikely to|ruled out|rather than|instead of|\w+n['’]t"
    # Verbs that deny what follows them (Karttunen 1971), with an object between or not.
    r"|neglect(?:s|ed|ing)? to|forg[eo]t(?:s|ten|ting)? to|refrain(?:s|ed|ing)? from|avoid(?:s|ed|ing)?"
    r"|avert(?:s|ed|ing)?|escap(?:es?|ed|ing)|miss(?:es|ed)(?: out on)?"
    r"|(?:stop(?:s|ped|ping)?|fell|falls?) short of"
    r"|(?:prevent|ke(?:ep|pt)|stop|barr?|bann?|block|prohibit|deterr?|discourag|dissuad)\w{0,4} "
    r"(?:[\w’'-]+ ){0,5}?from(?= \w+ing\b))(?!\w)",
    re.IGNORECASE,
)
# Adverbs that take from what they modify (the approximators, minimizers and partial diminishers of Quirk
# et al. 1985, 8.104-8.115): what is almost done is not done. Those of one class may replace each other.
_SOFTENERS: tuple[tuple[Softener, re.Pattern[str]], ...] = (
    (
        "almost",
        re.compile(
            r"\b(?:almost|nearly|near(?=-\w)|virtually|practically|all but|as good as|more or less|close to|"
            r"(?:came|comes?|coming) near(?: to)?|within an (?:inch|ace) of|next to|"
            r"on the (?:verge|brink|point|cusp|edge) of|(?:just |very )?about(?= to\b))(?!\w)",
            re.IGNORECASE,
        ),
    ),
    (
        "hardly",
        re.compile(r"\b(?:hardly|scarcely|barely|seldom|rarely|little more than)(?!\w)", re.IGNORECASE),
    ),
    (
        "partly",
        re.compile(
            r"\b(?:partly|partially|in part|half|semi(?=-)|to some extent|nominally|provisionally|"
            r"tentatively|conditionally|in principle)(?!\w)",
            re.IGNORECASE,
        ),
    ),
)
# The same behind what they modify: "approved the plan in principle".
_SOFTENED_BEFORE = re.compile(r"\b(?:in part|to some extent|in principle|in name only)\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(?:may|might|could|should|possibly|perhaps|probably|likely|unlikely|reportedly|allegedly|apparently|"
    r"potentially|presumably|supposedly|maybe|if|unless"
    r"|alleged|suspected|would-be|proposed|planned|considering|consider|considers|considered|suggests?|"
    r"suggested|hopes?|hoped|hoping"
    r"|(?:plan|expect|intend|aim|want|seek|propose|try|offer|threaten|vow|promise|pledge|agree|seem"
    r"|appear|tend|prepar|schedul|believ|say|claim|attempt|wish|need|estimate|project|forecast)\w* to"
    r"|(?:sought|tried|thought|said|set|due|ready|about|able|supposed|bound|poised|meant|designed|eager|"
    r"willing|hope|move|bid|effort|deal|plans?) to)(?!\w)",
    re.IGNORECASE,
)
_MONTH_OF_MAY = re.compile(r"(?:^|[a-z,] )May\b|\bMay(?= \d)")
_FUTURE = re.compile(r"\b(?:will|would|shall|going to|\w+['’]ll|\w+['’]d|won['’]t)(?!\w)", re.IGNORECASE)
_SAYING = re.compile(
    r"\b(?:(?P<by>according to|in the words of)|said|says|saying|say|told|claim(?:ed|ing)|argu(?:es|ed|ing)|"
    r"believ(?:es|ed)|thinks|thought(?! of)"
    # "Warning" is a noun too: "without warning", "a warning light".
    r"|warn(?:s|ed)|(?:(?:is|are|was|were|been|by) |(?<=[,;] ))warning|warning(?= that\b)"
    r"|insist(?:s|ed)(?! on)|(?<!\ban )estimated|predict(?:s|ed)|wr(?:ites|ote)|suggest(?:s|ed)"
    r"|assert(?:s|ed)|alleg(?:es|ed)"
    r"|tweeted|admitted|complained|contended|denied"
    r"|(?:add|note|state|report|maintain|claim|estimate)(?:(?:s|d|ed)(?= that\b)|e?d(?=[,.:”\"]|$|"
    r" [“\"])))\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:he|she|they|it|his|her|their|its|him|them|who|which|i|we)\b", re.IGNORECASE)
# "and", "who" and the like, behind which the subject continues: no article and no name follows.
_SAME_SUBJECT = re.compile(
    r"(?:,|;|\)|\b(?:and|but|or|who|which|that|then)\b)\s+(?=(?!the |a |an |he |she |it |they |its |his |"
    r"her |their |in |on |at |for |with )[a-z])"
)
_CLAUSE_END = re.compile(
    r"(?=([;:,]\s|\s(?:and|but|while|whereas|although|because|as|that|which|who)\s|[“”\"()]|\s[–—]\s))"
)
_OPENING_PHRASE = re.compile(
    r"(?:In|On|By|Since|Until|During|At|From|Before|After|Last|This)\b[^,;“”\"]{0,40},"
)
# What can be left out without changing the rest: brackets, "which ..." between commas, insertions between
# dashes.
_ASIDE = re.compile(
    r"(?:(?<!\s)\s++)?\([^()]*\)|\s[–—] [^–—]{1,200} [–—](?=\s)|, (?:which|who|whose|where)\b[^,;]{1,200},"
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|been|being|be)\s+(?:\w+ly\s+)?\w+(?:\s+\w+){0,3}?\s+by\b", re.IGNORECASE
)
# Around a verb of saying: the end of the phrase behind it, the start of the clause before it, a quotation
# before it.
_PHRASE_END = re.compile(r"[,;:.“”\"]\s|[.”\"]?$| that ")
_CLAUSE_START = re.compile(r"[,;:“”\"]\s?|\b(?:and|but|while|as|when|because|that)\s")
_QUOTE_END = re.compile(r"[,”\"’]\s*$")
_OBJECT_AFTER = re.compile(r"\s+(?:that|it|the|there)\b")
_SUBJECT_AFTER = re.compile(r"\s+(?:that|it|there|he|she|they)\b")
# All measured in rag/evaluation/results/corruption.json.
_SPEAKER_CHARS = 80  # characters beside a verb of saying that can name its speaker
_SCOPE = 2  # words behind "not" or "may" to which it applies
_DATE_CHARS = 10  # characters behind a month in which its day and year follow
_SOFTENED = 3  # limit: words behind "almost" and before "in part" to which these apply
Kind = Literal["number", "name", "opening", "date", "qualifier", "word"]


@dataclass(frozen=True, slots=True)
class Token:
    """A content word or a number of a sentence; `key` is the form in which it is compared.

    The kind "opening" is a name that opens its sentence, and so may be none.
    """

    key: str
    kind: Kind
    start: int
    end: int
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The keys of the words that name a speaker (none for a pronoun), and the characters of what is said."""

    speaker: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A parsed sentence.

    Attributes:
        denied, hedged, future: the indexes of the tokens to which "not", "may" or "will" applies, each with
            the number of tokens between (0 for the next one).
        softened: the indexes of the tokens to which a word of each class like "almost" applies.
        attributions: who says what.
        continued: the indexes of tokens before which the subject of the sentence is to be understood again.
        pronouns: the characters at which pronouns start.
        denials: the number of words like "not".
        passive: True if something "is done by" someone.
        opening_end: the end of an opening phrase like "In 2018,"; 0 without one.
        positions: the indexes of the tokens with each key.
    """

    text: str
    tokens: tuple[Token, ...]
    denied: dict[int, int]
    hedged: dict[int, int]
    future: dict[int, int]
    softened: dict[Softener, frozenset[int]]
    attributions: tuple[Attribution, ...]
    continued: tuple[int, ...]
    pronouns: tuple[int, ...]
    denials: int
    passive: bool
    opening_end: int
    positions: dict[str, list[int]] = field(default_factory=dict)


def parse_claim(text: str) -> Claim:
    """Parse what a sentence claims.

    >>> claim = parse_claim("NATO may not send 300 trainers, Kerry said.")
    >>> [token.key for token in claim.tokens], claim.denied, claim.hedged
    (['nato', 'send', '300', 'trainer', 'kerri', 'say'], {1: 0, 2: 1}, {1: 0, 2: 1})
    >>> [set(attribution.speaker) for attribution in claim.attributions]
    [{'kerri'}]
    """
    tokens = tuple(_tokens(text))
    starts = [token.start for token in tokens]
    positions: dict[str, list[int]] = {}
    for n, token in enumerate(tokens):
        positions.setdefault(token.key, []).append(n)
    without_may = _MONTH_OF_MAY.sub(lambda match: "_" * len(match[0]), text)
    opening = _OPENING_PHRASE.match(text)
    return Claim(
        text,
        tokens,
        denied=_in_scope(_DENIAL, text, tokens),
        hedged=_in_scope(_HEDGE, without_may, tokens),
        future=_in_scope(_FUTURE, text, tokens),
        softened={kind: _softened(kind, words, text, tokens) for kind, words in _SOFTENERS},
        attributions=tuple(_attributions(text, tokens)),
        continued=tuple(dict.fromkeys(bisect_left(starts, m.end()) for m in _SAME_SUBJECT.finditer(text))),
        pronouns=tuple(match.start() for match in _PRONOUN.finditer(text)),
        denials=len(_DENIAL.findall(text)),
        passive=bool(_PASSIVE.search(text)),
        opening_end=opening.end() if opening else 0,
        positions=positions,
    )


def remove_asides(text: str) -> str:
    """Return a sentence without brackets, relative clauses between commas and text between dashes.

    >>> remove_asides("Corvane, which built the ferry, said (on Monday) that it sails.")
    'Corvane said that it sails.'
    """
    return _ASIDE.sub("", text)


def month_dates(claim: Claim) -> set[tuple[str, str]]:
    """Return the months of a claim, each with the numbers beside it: the day, the year, or both."""
    found = set()
    for n, token in enumerate(claim.tokens):
        if token.kind != "date":
            continue
        beside = [
            other
            for other in claim.tokens[max(0, n - 1) : n]
            if claim.text[other.end : token.start] in (" ", " of ")
        ]
        for other in claim.tokens[n + 1 : n + 3]:
            if not other.number or other.start - token.end > _DATE_CHARS:
                break
            beside.append(other)
        found |= {
            (token.key, other.key)
            for other in beside
            if other.number and other.number.unit in ("", "ordinal")
        }
    return found


def _tokens(text: str) -> Iterator[Token]:
    numbers = parse_numbers(text)
    n = 0
    for match in _TOKEN.finditer(text):
        while n < len(numbers) and numbers[n].end <= match.start():
            n += 1
        if n < len(numbers) and numbers[n].start < match.end():
            number = numbers[n]
            first_word = _TOKEN.search(text, number.start)
            if match.start() <= number.start or (first_word and match.start() == first_word.start()):
                yield Token(f"{number.value:f}", "number", number.start, number.end, number)
        elif token := _word_token(match, text):
            yield token


def _word_token(match: re.Match[str], text: str) -> Token | None:
    """Return the token of a word, or None for a word without content."""
    bare = match[0].removesuffix("'s").removesuffix("’s").removesuffix("’").removesuffix("'")
    lower = bare.lower().replace(".", "")
    is_capital = bool(_NAME.match(bare)) and bare != "I"
    is_abbreviation = is_capital and bare.isupper() and len(bare) > 1
    if is_capital and lower in CALENDAR_WORDS and _is_calendar_word(lower, match, text):
        return Token(CALENDAR_WORDS[lower], "date", match.start(), match.end())
    if lower in _IGNORED and not is_abbreviation and not _SAYING.fullmatch(lower):
        return None
    if lower == "most" and text[max(0, match.start() - 3) : match.start()].lower() == "at ":
        return None  # a bound
    if lower in _QUALIFIERS:
        return Token(lower, "qualifier", match.start(), match.end())
    is_first = bool(_SENTENCE_START.search(text[max(0, match.start() - 4) : match.start()]))
    is_no_name = is_first and (lower in _NO_NAMES or lower.endswith("ly") or _SAYING.fullmatch(lower))
    kind: Kind = "word"
    if is_capital and not is_no_name:
        kind = "opening" if is_first else "name"
    return Token(normalise_word(lower), kind, match.start(), match.end())


def _is_calendar_word(lower: str, match: re.Match[str], text: str) -> bool:
    """Return False for "May" the verb, and for "Mar" and "Sun"."""
    beside = text[max(0, match.start() - 2) : match.end() + 2]
    return lower not in ("may", "mar", "sun") or bool(_MONTH_OF_MAY.search(beside))


def normalise_word(word: str) -> str:
    """Return the form in which a word is compared: the stem of its base form.

    >>> normalise_word("rose"), normalise_word("rising")
    ('rise', 'rise')
    """
    return stem(_IRREGULAR.get(word, word))


def _in_scope(pattern: re.Pattern[str], text: str, tokens: tuple[Token, ...]) -> dict[int, int]:
    """Return the tokens in its clause to which a word like "not" or "may" applies, with their distance."""
    starts = [token.start for token in tokens]
    # Found once for the text and not once for each match. The ends overlap: ", and " holds two.
    ends = [match.span(1) for match in _CLAUSE_END.finditer(text)]
    found: dict[int, int] = {}
    for match in pattern.finditer(text):
        first = bisect_left(starts, match.end())
        # No clause end holds another, so the next one to start is the next one to end.
        following = bisect_left(ends, (match.end(), 0))
        scope_end = ends[following][1] if following < len(ends) else len(text) + 1
        for distance, n in enumerate(range(first, min(first + _SCOPE, len(tokens)))):
            if distance and scope_end <= tokens[n].start:
                break
            found[n] = min(distance, found.get(n, distance))
    return found


def _softened(kind: Softener, words: re.Pattern[str], text: str, tokens: tuple[Token, ...]) -> frozenset[int]:
    """Return the indexes of the tokens to which the softeners of a class apply.

    These are the next token and, behind adverbs and words like "all", what they modify: "almost certainly
    resigned". A number is left to its bound, and the "half" of "half a million" is a part of one.
    """
    starts = [token.start for token in tokens]
    found: set[int] = set()
    for match in words.finditer(text):
        first = bisect_left(starts, match.end())
        before = tokens[bisect_left(starts, match.start() + 1) - 1] if first else None
        if before and before.number and match.start() < before.end:
            continue
        for n in range(first, min(first + _SOFTENED, len(tokens))):
            if tokens[n].number:
                break
            found.add(n)
            if tokens[n].kind != "qualifier" and not text[: tokens[n].end].endswith("ly"):
                break
    for match in _SOFTENED_BEFORE.finditer(text) if kind == "partly" else ():
        last = bisect_left(starts, match.start())
        pause = max((text.rfind(mark, 0, match.start()) for mark in ",;:()"), default=-1)
        found |= set(range(max(bisect_left(starts, pause), last - _SOFTENED), last))
    return frozenset(found)


def _attributions(text: str, tokens: tuple[Token, ...]) -> Iterator[Attribution]:
    starts = [token.start for token in tokens]

    def keys(start: int, end: int) -> frozenset[str]:
        return frozenset(
            token.key
            for token in tokens[bisect_left(starts, start) : bisect_left(starts, end)]
            if not _SAYING.fullmatch(text[token.start : token.end])
        )

    for match in _SAYING.finditer(text):
        after = text[match.end() : match.end() + _SPEAKER_CHARS]
        stop = _PHRASE_END.search(after)
        phrase_end = match.end() + (stop.start() if stop else len(after))
        if match["by"]:
            yield Attribution(keys(match.end(), phrase_end), 0, len(text))
            continue
        before = text[max(0, match.start() - _SPEAKER_CHARS) : match.start()]
        subject = _CLAUSE_START.split(before)[-1]
        start = match.start() - len(subject)
        if subject.strip():
            is_behind = _QUOTE_END.search(text[max(0, start - 3) : start]) and not _OBJECT_AFTER.match(after)
            said = (0, start) if is_behind else (match.end(), len(text))
            yield Attribution(keys(start, match.start()), *said)
        elif _SUBJECT_AFTER.match(after) or phrase_end >= match.end() + _SPEAKER_CHARS:
            yield Attribution(keys(match.start() - 2 * _SPEAKER_CHARS, match.start()), match.end(), len(text))
        else:
            yield Attribution(keys(match.end(), phrase_end), 0, match.start())
