"""Parse what kind of account a question wants, and the topic that it wants it of."""

import re
from dataclasses import dataclass

from corpus.dates import YEAR

_CHANGED = r"change[ds]?|evolve[ds]?|develop(?:ed)?|grow|grown|shift(?:ed)?|var(?:y|ied)|move[ds]?"
_CHANGE = re.compile(
    rf"\b(how (has|have|did|does|do) .{{3,120}} ({_CHANGED})|over (time|the years)|"
    r"timeline|history of|trace the)\b",
    re.IGNORECASE,
)
_CHANGE_WORDS = re.compile(
    rf"\b(how|has|have|had|did|does|do|been|{_CHANGED}|over time|over the years|timeline|history|trace)\b",
    re.IGNORECASE,
)
_YEAR_SPAN = re.compile(
    rf"\b(?:between|from|since|over)\b(?: \w+)? {YEAR}"
    rf"(?: (?:and|to|until|through)(?: \w+)? (?:{YEAR}|now|today))?",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"\b(latest|newest|most recent(ly)?|currently|current|now|today|at present|as of today|still|so far)\b",
    re.IGNORECASE,
)
_WHAT_ARTICLES_SAY = (
    r"(?:what )?(?:do |does |did )?(?:the|these|those|my|our|all) (?:news )?"
    r"(?:articles?|sources?|papers?|collection|archive) "
    r"(?:says?|tells?|reports?|holds?|writes?) (?:about|on|of)"
)
# The topic follows: "summarise ...", "what do the articles say about ...".
_OVERVIEW = re.compile(
    r"^(?:please |can you |could you )*(?:"
    r"(?:summari[sz]e|(?:give|write) (?:me )?an? (?:\w+ )?(?:summary|overview|account) of|"
    rf"(?:tell|show) (?:me )?(?:more |all |everything )?(?:about|on))(?: (?:what )?{_WHAT_ARTICLES_SAY})?|"
    rf"{_WHAT_ARTICLES_SAY}|what is (?:said|known|written|reported) about)\b",
    re.IGNORECASE,
)
_DISAGREEMENT = re.compile(
    r"\b(disagree\w*|agree on|each (?:say|said|give|put|claim)|differ\w*|dispute[ds]?|conflicting|"
    r"contradict\w*|at odds|compare[ds]?|rival (?:figures|claims|totals)|accounts)\b",
    re.IGNORECASE,
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
    """
    return Intent(
        change=bool(_CHANGE.search(question)),
        latest=bool(_LATEST.search(question)),
        disagreement=bool(_DISAGREEMENT.search(question)),
        overview=bool(_OVERVIEW.match(question)),
    )


def extract_topic(question: str) -> str:
    """Return a question without the words that ask for change or an overview, and without the span of years.

    The span is left out because values from between its first and its last year count too.

    >>> extract_topic("How has the price of the ticket changed from 2012 to 2020?")
    'the price of the ticket ?'
    >>> extract_topic("What do the articles say about the ferry?")
    'the ferry?'
    """
    overview = _OVERVIEW.match(question)
    if overview:
        return question[overview.end() :].strip() or question
    if not _CHANGE.search(question):
        return question
    return " ".join(_CHANGE_WORDS.sub(" ", _YEAR_SPAN.sub(" ", question)).split())
