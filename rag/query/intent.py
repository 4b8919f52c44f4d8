"""Parse what kind of account a question wants, and the topic that it wants it of.

A word decides only in its grammatical place: "develop" with an object is no change over time, "still" in the
past is not the latest, and "account" is a side only where sides are compared. Measured in
rag/evaluation/results/intents.json (`python -m benchmarks.intents`).
"""

import re
from dataclasses import dataclass

from corpus.dates import YEAR

# Where one thing that is asked ends and the next begins, and what a clause that asks begins with.
_CLAUSE_BORDER = re.compile(
    r"[,;:?]\s|\s(?:and|but)\s(?=(?:who|what|when|where|how|is|are|does|do|has)\b)", re.IGNORECASE
)
_QUESTION_WORD = r"(?:who(?:se|m)?|what|which|when|where|why|how)"
_ASKS = re.compile(
    rf"\W*(?:(?:and|but|so|please|as of|according|(?:in|on|at|by|for|of|to|since|until|from|with))\b|"
    rf"(?:{_QUESTION_WORD}|is|are|was|were|do|does|did|has|have|had|can|could|will|may|should)\b)",
    re.IGNORECASE,
)
# Change over time: the verb stands without an object, at the end or before a phrase of time or extent.
_CHANGING = (
    r"changed?|evolved?|develop(?:ed)?|gr(?:ow|ew|own)|shift(?:ed)?|var(?:y|ied)|moved?|r(?:ise|ose|isen)|"
    r"f(?:all|ell|allen)|increased?|decreased?|declined?|drop(?:ped)?|shr[aiu]nk|climb(?:ed)?|slip(?:ped)?|"
    r"fluctuated?|go(?:ne)? (?:up|down)"
)
_REVISED = r"been (?:revised|reduced|cut|changed|extended|postponed|amended|adjusted|delayed|put off)"
_INTRANSITIVE = (
    r"(?=\W*$|[,;?]| (?:or (?:up|down)\b|since|over|from|between|during|through|throughout|until|after|"
    r"before|according|with|so far|by|to|when|while|as|in (?:the (?:last|past)|recent|(?:19|20)\d\d)|year)\b)"
)
_SUBJECT = r"(?:(?!(?:and|or)? ?\b(?:who|what|which|why)\b)[^,;?]){2,120}?"
_CHANGED = rf"(?:(?:{_CHANGING}){_INTRANSITIVE}|{_REVISED})"
_CHANGE = re.compile(
    rf"\bhow (?:(?:much|far) )?(?:has|have|had|did|does|do) {_SUBJECT} (?P<verb>{_CHANGED})\b"
    rf"|\bhow {_SUBJECT} (?:has|have) (?P<late_verb>{_CHANGED})\b"
    rf"|\A\W*(?:has|have|did) {_SUBJECT} (?:{_CHANGING})"
    r"(?= (?:or (?:up|down)|since|over|in recent|in the (?:last|past)|from|between)\b)"
    r"|\bin (?:what|which) ways (?:has|have) "
    rf"|\bwhat (?:has|have) changed\b|\b(?:from|since) {YEAR} on(?:wards?)?\b"
    r"|\b(?:how|has|have|had|show)\b[^,;?]{2,120}? over (?:time(?! \w)|the (?:years|months|decades))\b"
    r"|\byear by year\b"
    r"|\bfrom (?:year to year|month to month)\b"
    r"|\A\W*(?:what is|what's) the (?:timeline|history|chronology|evolution) of\b"
    r"|\A\W*(?:(?:give|show|tell|trace|describe|outline|draw up|write)\b[^,?]{0,30}? )?"
    r"(?:the |an? )?(?:timeline|history|chronology|evolution|development) of\b"
    r"|\A\W*(?:trace|chart|track) "
    rf"|\b{YEAR}, {YEAR},? and {YEAR}\b",
    re.IGNORECASE,
)
# Words that ask for change and say nothing of the topic.
_CHANGE_WORDS = re.compile(
    r"\b(?:how|has|have|had|did|does|do|been|over time|over the years|timeline|history|trace)\b", re.I
)
_YEAR_SPAN = re.compile(
    rf"\b(?:between|from|since|over)\b(?: \w+)? {YEAR}"
    rf"(?: (?:and|to|until|through)(?: \w+)? (?:{YEAR}|now|today))?",
    re.IGNORECASE,
)
# The latest: the newest of a kind at any time, or what is so in the present.
_NEWEST = re.compile(
    r"\b(?:(?:latest|newest|most recent)(?! to\b)|most recently|up-to-date|last known|"
    r"last (?:hosted|held|played|seen|published|updated)|in the last (?-i:[A-Z]))",
    re.IGNORECASE,
)
_AT_PRESENT = re.compile(
    r"\b(?:(?:the|its|their|his|her|'s|’s|\w+s) current (?!of\b|in\b)\w|(?:is|are) the present \w|"
    r"currently|at present|"
    r"these days|so far|to date|at the moment|as of (?:today|now)|up to now|by now|right now|still|yet\W*$|"
    r"(?-i:now|today)(?! or\b))",
    re.IGNORECASE,
)
_OF_A_TIME = re.compile(rf"\b(?:why|{YEAR})\b", re.IGNORECASE)
_PARTITIVE = re.compile(
    r"\b(?:many|which|some|one|any) of the (?:current|present)\b|['’]s? (?:now|today)\b", re.IGNORECASE
)
_PAST = re.compile(r"\b(?:did|was|were|had|before|until|why)\b|\A\W*who \w+ed\b", re.IGNORECASE)
# Sides, and what is said of them where they are compared.
_SIDES = (
    r"(?:accounts?|versions?|sources?|reports?|articles?|(?:news)?papers?|statements?|figures?|estimates?|"
    r"forecasts?|totals?|outlets?|witness(?:es)?|testimon(?:y|ies)|stor(?:y|ies))"
)
_SIDE = re.compile(rf"\b{_SIDES}\b", re.IGNORECASE)
_SAY_BESIDE = re.compile(
    r"\A\W*compare (?:what|how)\b|\brival (?:figures|claims|totals)|"
    r"\b(?:each|both) (?:sides? )?(?:say|said|give|gave|put|claim|argue)(?:s|ed)?\b|\beither side\b|"
    r"\bwho disputes?\b|\bdiffer(?:ed|s)? (?:about|over|on|as to)\b|\b(?:is|are) (?:\w+ ){1,6}disputed\b|"
    r"\bdisputed \w+s\b|\b(?:do|does|is there|are there) [^,;?]{2,120}? (?:disagree\w*|contradict\w*)|"
    r"(?:\A|[,:] |and )(?:do|does) [^,;?]{2,120}? (?:agree|(?:give|name|state|report) the same)\b|"
    r"\b(?:is|are) there any disagreement\b",
    re.IGNORECASE,
)
# These compare what is said only beside a word for it, and the adjectives only if a yes or no is asked for.
_DIFFER = re.compile(
    r"\b(?:differ(?:s|ed)?|agree|compare(?! ?d)|match(?:es|ed)?|disagree\w*|contradict\w*|conflicting|"
    r"in conflict|at odds|diverge[ds]?)\b",
    re.IGNORECASE,
)
_DIFFERENT = re.compile(r"\b(?:different|the same|(?:in)?consistent)\b", re.IGNORECASE)
_TWO_SAY = re.compile(
    r"\bwhat (?:do|did) (?:(?! and |[,;?]).){2,80} and [^,;?]{2,80}? "
    r"(?:say|claim|argue|think|write|report)\b",
    re.I,
)
_LONG = 200  # limit: a longer question describes what it asks for, in words that ask for nothing
_YES_NO = re.compile(r"\W*(?:do|does|did|is|are|was|were|has|have)\b", re.IGNORECASE)
_BESIDE = re.compile(r"\b(?:while|whereas|compared (?:to|with)|than|as) ", re.IGNORECASE)
_REPORTS = re.compile(r"\b(?:articles?|reports?|coverage|publications?|pieces?|Blog)\b")
_WHAT_ARTICLES_SAY = (
    r"(?:what )?(?:do |does |did )?(?:the|these|those|my|our|all) (?:news )?"
    r"(?:articles?|sources?|papers?|collection|archive) "
    r"(?:says?|tells?|reports?|holds?|writes?) (?:about|on|of)"
)
_ACCOUNT = r"an? (?:\w+ ){0,2}(?:summary|overview|account|outline)"
# The topic follows: "summarise ...", "what do the articles say about ...".
_OVERVIEW = re.compile(
    r"^(?:please |can you |could you |i(?:'d| would) like (?:to (?:know|read|have) )?)*(?:"
    rf"(?:summari[sz]e|sum up|(?:give|write|have)? ?(?:me )?{_ACCOUNT} of|summary of|"
    r"describe in (?:a few|two|three|some) (?:\w+ )?(?:sentences|words)|"
    rf"(?:tell|show) (?:me )?(?:more |all |everything )?(?:about|on))(?: (?:what )?{_WHAT_ARTICLES_SAY})?|"
    rf"{_WHAT_ARTICLES_SAY}|"
    r"what (?:is|has been|is being|was) (?:being )?(?:said|known|written|reported) (?:about|on|of)|"
    r"what (?:do|can) (?:we|you) (?:know|say|tell me) (?:about|on|of))\b",
    re.IGNORECASE,
)
_SUMMARY_BEHIND = re.compile(
    rf"\A(?!\W*(?:{_QUESTION_WORD}|is|are|do|does|did)\b).* summary\W*\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Intent:
    """The kind of account that a question wants; none of them is set for a question for one fact.

    `change` is an account over time, `latest` the newest state, `disagreement` a comparison of accounts,
    `overview` whatever the articles say about a topic.
    """

    change: bool = False
    latest: bool = False
    disagreement: bool = False
    overview: bool = False

    @property
    def several(self) -> bool:
        """True if one passage cannot answer, because more than one date or side is asked for."""
        return self.change or self.disagreement or self.overview


def parse_intent(question: str) -> Intent:
    """Return the kind of account that a question wants.

    >>> parse_intent("How has the price of the ticket changed?").change, parse_intent("Who sold it?").several
    (True, False)
    >>> parse_intent("Is it still shut?").latest, parse_intent("Why did they still refuse?").latest
    (True, False)
    """
    return Intent(
        change=bool(_CHANGE.search(question)),
        latest=_asks_for_latest(question),
        disagreement=_asks_for_sides(question),
        overview=bool(_OVERVIEW.match(question) or _SUMMARY_BEHIND.match(question)),
    )


def _asks_for_latest(question: str) -> bool:
    """Return True if a clause that asks wants the newest of a kind, or what is so in the present."""
    for clause in _CLAUSE_BORDER.split(question) if len(question) < _LONG else ():
        if not _ASKS.match(clause) or _PARTITIVE.search(clause):
            continue
        if _NEWEST.search(clause) and not _OF_A_TIME.search(clause):
            return True
        if _AT_PRESENT.search(clause) and not _PAST.search(clause):
            return True
    return False


def _asks_for_sides(question: str) -> bool:
    """Return True if a question compares what several say, in one of the ways that English has for it."""
    if _SAY_BESIDE.search(question) or _TWO_SAY.search(question):
        return True
    yes_no = bool(_YES_NO.match(question))
    differs = _DIFFER.search(question) or (yes_no and _DIFFERENT.search(question))
    if differs and _SIDE.search(question) and len(question) < _LONG:
        return True
    reports = [match.start() for match in _REPORTS.finditer(question)] if yes_no else []
    return any(reports[0] < beside.start() < reports[-1] for beside in _BESIDE.finditer(question) if reports)


def extract_topic(question: str) -> str:
    """Return a question without the words that ask for change or an overview, and without the span of years.

    It is what sentences are ranked for; the search looks for all words of the question. The span is left out
    because values from between its first and its last year count too.

    >>> extract_topic("How has the price of the ticket changed from 2012 to 2020?")
    'the price of the ticket ?'
    >>> extract_topic("What do the articles say about the ferry?")
    'the ferry?'
    """
    overview = _OVERVIEW.match(question)
    if overview:
        return question[overview.end() :].strip() or question
    change = _CHANGE.search(question)
    if not change:
        return question
    verb = "verb" if change["verb"] else "late_verb"
    without_verb = question[: change.start(verb)] + question[change.end(verb) :] if change[verb] else question
    return " ".join(_CHANGE_WORDS.sub(" ", _YEAR_SPAN.sub(" ", without_verb)).split())
