"""Dates and publishers in questions, and how the day of a figure is told. Knows how people speak of time; decides nothing about articles' truth."""

import re
from dataclasses import dataclass

from corpus.article import PartialDate
from rag.quantities.dates import parse_dates

_CHANGED = r"change[ds]?|evolve[ds]?|develop(?:ed)?|grow|grown|shift(?:ed)?|var(?:y|ied)|move[ds]?"
_CHANGE = re.compile(
    rf"\b(how (has|have|did|does|do) .{{3,120}} ({_CHANGED})|over (time|the years)|timeline|history of|trace the)\b",
    re.IGNORECASE,
)
_CHANGE_WORDS = re.compile(
    rf"\b(how|has|have|had|did|does|do|been|{_CHANGED}|over time|over the years|timeline|history|trace)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"\b(?:between|from|since|over)\b(?: \w+)? (?:19|20)\d\d(?: (?:and|to|until|through)(?: \w+)? (?:(?:19|20)\d\d|now|today))?",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"\b(latest|newest|most recent(ly)?|currently|current|now|today|at present|as of today|still|so far)\b",
    re.IGNORECASE,
)
# A wish for what there is about a thing, which is then the topic: "summarise ...", "what do the articles say about ...".
_SAY = (
    r"(?:what )?(?:do |does |did )?(?:the|these|those|my|our|all) (?:news )?(?:articles?|sources?|papers?|collection|archive) "
    r"(?:says?|tells?|reports?|holds?|writes?) (?:about|on|of)"
)
_OVERVIEW = re.compile(
    rf"^(?:please |can you |could you )*(?:(?:summari[sz]e|(?:give|write) (?:me )?an? (?:\w+ )?(?:summary|overview|account) of|"
    rf"(?:tell|show) (?:me )?(?:more |all |everything )?(?:about|on))(?: (?:what )?{_SAY})?|{_SAY}|what is (?:said|known|written|reported) about)\b",
    re.IGNORECASE,
)
_DISAGREEMENT = re.compile(
    r"\b(disagree\w*|agree on|each (?:say|said|give|put|claim)|differ\w*|dispute[ds]?|conflicting|contradict\w*|at odds|"
    r"compare[ds]?|rival (?:figures|claims|totals)|accounts)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question says about time and sources: dates and publishers that it names, and what kind of account it wants."""

    dates: tuple[PartialDate, ...] = ()
    publishers: tuple[str, ...] = ()
    change: bool = False
    latest: bool = False
    disagreement: bool = False
    overview: bool = False

    @property
    def several(self) -> bool:
        """True where one passage cannot answer: the question wants more than one date or side."""
        return self.change or self.disagreement or self.overview


def parse_intent(question: str, publishers: tuple[str, ...]) -> Intent:
    """Read a question against the publishers that the collection holds.

    >>> found = parse_intent("What did the Northgate Ledger report in June 2013?", ("Northgate Ledger",))
    >>> [str(day) for day in found.dates], found.publishers, found.several
    (['2013-06'], ('Northgate Ledger',), False)
    """
    named = tuple(
        name
        for name in publishers
        if re.search(rf"\b{re.escape(name.removeprefix('The '))}\b", question, re.IGNORECASE)
    )
    return Intent(
        dates=parse_dates(question),
        publishers=named,
        change=bool(_CHANGE.search(question)),
        latest=bool(_LATEST.search(question)),
        disagreement=bool(_DISAGREEMENT.search(question)),
        overview=bool(_OVERVIEW.match(question)),
    )


def extract_topic(question: str) -> str:
    """The question without the words that only ask for change or for an overview, and without the span of years; the values in between count too.

    >>> extract_topic("How has the cost of HS2 changed from 2012 to 2020?")
    'the cost of HS2 ?'
    >>> extract_topic("What do the articles say about the ferry?")
    'the ferry?'
    """
    wish = _OVERVIEW.match(question)
    if wish:
        return question[wish.end() :].strip() or question
    return (
        " ".join(_CHANGE_WORDS.sub(" ", _SPAN.sub(" ", question)).split())
        if _CHANGE.search(question)
        else question
    )


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day that a figure speaks of, and who told it when.

    `figure` stands verbatim in the cited words, or is "" where they hold several. `stage` is "actual", "announced", "planned" or "estimated".
    """

    figure: str
    day: PartialDate | None
    published: PartialDate | None
    publisher: str | None
    stage: str = "actual"

    @property
    def spoken(self) -> str:
        """In plain words.

        >>> AsOf("500", PartialDate(2021, 2), PartialDate(2021, 2), "The National", "announced").spoken
        'announced, as of February 2021, The National'
        >>> AsOf("18", PartialDate(2018), PartialDate(2021, 2), "The National").spoken
        'for 2018, told in February 2021, The National'
        """
        when = f"as of {self.published.spoken}" if self.published else "undated"
        if self.day and self.day != self.published:
            when = (
                f"for {self.day.spoken}, told in {self.published.spoken}"
                if self.published
                else f"for {self.day.spoken}, in an undated article"
            )
            if self.published and self.published.day:
                when = f"for {self.day.spoken}, told on {self.published.spoken}"
        return ", ".join(
            part for part in ("" if self.stage == "actual" else self.stage, when, self.publisher) if part
        )
