"""Whom a question asks: the phrases that name a publisher or a day of publication, told from what is asked of them.

Knows how people refer to articles. "According to the Northgate Ledger of 3 June 2013, who paid?" is searched as "who paid?"; the
names of papers and their dates are everywhere in a collection and say nothing about its subjects.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from corpus.article import MONTHS, Article, PartialDate
from corpus.store.filters import Filters
from rag.quantities.dates import parse_dates, published_within

_MONTH = f"(?:{'|'.join(MONTHS)})"
_DAY = rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:, \d{{4}})?|\d{{1,2}} {_MONTH}(?: \d{{4}})?|\d{{4}}-\d\d-\d\d|{_MONTH},? \d{{4}})"
_WHEN = rf"(?:,? ?\b(?:(?:published|dated|posted|released|issued) )?(?:(?:on|in|from|of|dated|after|before) )?{_DAY},?)"
# A name in quotation marks or capitals, with what papers put between the words of theirs: "Arts & Culture", "Site | Section".
_QUOTED = r"['‘“\"][A-Z][^'‘’“”\"]{1,70}['’”\"]"
_CAPITALS = (
    r"(?:The |the )?[A-Z][\w.’-]*(?:(?: \| | - |: | & | of | )(?!(?:{days})\b)[A-Z][\w.’-]*){{0,6}}".format(
        days="|".join(MONTHS)
    )
)
_MEDIUM = r"(?:articles?|reports?|reporting|coverage|pieces?|stor(?:y|ies)|publications?|posts?)"
_OUTLETS = r"(?:sources|outlets|publications|newspapers|papers|publishers)"
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, slots=True)
class NamedSources:
    """Whom or which days a phrase names."""

    publishers: tuple[str, ...] = ()
    dates: tuple[PartialDate, ...] = ()

    def fits(self, article: Article) -> int:
        """How much of it an article fits: 1 for its publisher, 1 for its day."""
        return (article.publisher in self.publishers) + published_within(article, self.dates)

    @property
    def filters(self) -> Filters:
        """The articles of its publishers between its first and its last day."""
        first, last = (day(self.dates) if self.dates else None for day in (_first, _last))
        return Filters(first, last, self.publishers)


@dataclass(frozen=True, slots=True)
class QuestionPart:
    """What is asked of some sources: the whole question, or one of its clauses. Without sources it asks all of them."""

    text: str
    source: NamedSources = NamedSources()


def split_question(
    question: str, publishers: Sequence[str], bare: bool = True, clauses: bool = True
) -> list[QuestionPart]:
    """The whole question and each of its `clauses` of at least five words, without (`bare`) the phrases that name sources, each with its sources.

    >>> [(part.text, part.source.publishers) for part in split_question("Does the Gull article say who paid for it all?", ("The Gull",))]
    [('Does say who paid for it all?', ('The Gull',))]
    """
    phrases: list[str] = []

    def mark(match: re.Match[str]) -> str:
        phrases.append(match[0])
        return _MARK.format(len(phrases) - 1)

    marked = question
    for pattern in _patterns(tuple(publishers)):
        marked = pattern.sub(mark, marked)
    sources = [NamedSources(_named(phrase, publishers), parse_dates(phrase)) for phrase in phrases]
    everywhere = _joined([*sources, NamedSources(dates=parse_dates(_MARKED.sub(" ", marked)))])
    found = []
    for part in [marked, *(_clauses(marked) if clauses else ())]:
        text = " ".join(_MARKED.sub(" " if bare else lambda match: phrases[int(match[1])], part).split())
        own = _joined(
            [
                *(sources[int(n)] for n in _MARKED.findall(part)),
                NamedSources(dates=parse_dates(_MARKED.sub(" ", part))),
            ]
        )
        if text:
            found.append(QuestionPart(text, own if own.publishers or own.dates else everywhere))
    return found or [QuestionPart(question, everywhere)]


def extract_filters(question: str, publishers: Sequence[str]) -> Filters:
    """The filter that a question itself sets: "only articles from the Gull", "in the Gull alone", "only from 2019"; most set none.

    >>> extract_filters("What do only articles by the Gull of 2019 say?", ("The Gull", "Harbour Times")).publishers
    ('The Gull',)
    """
    found = _demanding(tuple(publishers)).search(question)
    if not found:
        return Filters()
    said = found["some"] or found["alone"]
    return NamedSources(_named(said, publishers), parse_dates(said)).filters


@lru_cache(maxsize=8)
def _demanding(publishers: tuple[str, ...]) -> re.Pattern[str]:
    known = _known(publishers)
    one = f"(?:{known}|(?:19|20)\\d\\d|{_DAY})" if known else f"(?:(?:19|20)\\d\\d|{_DAY})"
    some = rf"(?:the )?{one}(?:(?:,? and|,? or|,)? (?:(?:of|in|from) )?(?:the )?{one})*"
    return re.compile(
        rf"\b(?i:only|just|solely|exclusively) (?:(?:use|look at|search) )?(?:the )?(?:{_MEDIUM} )?(?:(?:from|by|in|of) |published (?:by|in) )(?P<some>{some})"
        rf"|\b(?i:from|by|in|according to) (?P<alone>{some}) (?:only|alone)\b"
    )


def _known(publishers: tuple[str, ...]) -> str:
    """A pattern for the names of known publishers, in quotation marks or not, the longest first; "" where none is known."""
    names = sorted(
        (re.escape(name) for publisher in publishers for name in publisher_aliases(publisher)),
        key=len,
        reverse=True,
    )
    known = "|".join(names)
    return rf"(?:(?<!\w)['‘“\"](?:{known})['’”\"]|(?<![\w-])(?:{known})(?![\w-]))" if known else ""


@lru_cache(maxsize=8)
def _patterns(publishers: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """What refers to sources, the longest forms first; names of known publishers are sources wherever they stand."""
    known = _known(publishers)
    sure = f"(?:{known}|{_QUOTED})" if known else _QUOTED
    name = f"(?:{known}|{_QUOTED}|{_CAPITALS})" if known else f"(?:{_QUOTED}|{_CAPITALS})"
    names, sures = (
        rf"(?:the |both )?{one}(?:(?:,? and|,? or|, as well as|,|;) (?:the |both )?{one})*"
        for one in (name, sure)
    )
    before = (
        r"\b(?:(?:[Tt]he|[Aa]n?|[Bb]oth) )?(?:(?:subsequent|same|later|earlier|recent|latest|news|other) )*"
    )
    forms = [
        rf"{before}{_MEDIUM} (?:from|by) (?:the |both )?{names}{_WHEN}?",
        rf"{before}{_MEDIUM} (?:in|of) {sures}{_WHEN}?",
        rf"\b(?:[Aa]ccording to|(?:as )?(?:reported|covered|published|described|featured|mentioned|discussed|highlighted|noted|claimed) (?:by|in)|as per|"
        rf"{_OUTLETS} (?:including|like|such as)) (?:{before}{_MEDIUM} (?:from|by|in) )?{names}{_WHEN}?(?: {_MEDIUM}\b)?",
        rf"(?:\b[Tt]he )?{sures}(?:'s|’s)? {_MEDIUM}\b{_WHEN}?",
        rf"(?:\b[Tt]he )?\b{names}(?:'s|’s)? (?:articles?|coverage)\b{_WHEN}?",
        rf"\b(?:published|dated|posted){_WHEN}",
        *([rf"(?:{known}|\b[Tt]he {known}){_WHEN}?"] if known else []),
    ]
    return tuple(map(re.compile, forms))


def publisher_aliases(publisher: str) -> list[str]:
    """A publisher's name as questions write it: without its section, its slogan, its article and its address's ending.

    >>> publisher_aliases("The Gull - Arts"), spoken_names("Harbour.com | Shipping News")
    (['The Gull - Arts', 'The Gull', 'Gull'], ['Harbour.com | Shipping News', 'Harbour.com', 'Harbour'])
    """
    short = re.split(r" [|–-] |: ", publisher)[0]
    bare = short.removeprefix("The ")
    return list(
        dict.fromkeys(
            name
            for name in (publisher, short, bare, re.sub(r"\.(?:com|org|net|co\.uk)$", "", bare))
            if len(name) > 1
        )
    )


def _named(text: str, publishers: Sequence[str]) -> tuple[str, ...]:
    """The publishers that a phrase names; a longer name hides the shorter ones inside it."""
    forms = {name for publisher in publishers for name in publisher_aliases(publisher)}
    said = set()
    for name in sorted(forms, key=len, reverse=True):
        if name not in text:
            continue
        text, count = re.subn(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", text)
        said |= {name} if count else set()
    return tuple(publisher for publisher in publishers if said & set(publisher_aliases(publisher)))


def _first(days: Sequence[PartialDate]) -> date:
    return min(day.first for day in days)


def _last(days: Sequence[PartialDate]) -> date:
    return max(day.last for day in days)


def _joined(sources: Sequence[NamedSources]) -> NamedSources:
    return NamedSources(
        tuple(dict.fromkeys(name for source in sources for name in source.publishers)),
        tuple(dict.fromkeys(day for source in sources for day in source.dates)),
    )


_CLAUSE_BORDER = re.compile(
    r"[;:?]\s+|,\s+(?:and|but|while|whereas|as|which|who|or)\s+|,\s+(?!\d{4}\b)|\s+(?:and|while|whereas|but)\s+",
    re.IGNORECASE,
)
_CLAUSE_WORDS = 5


def _clauses(marked: str) -> Iterator[str]:
    """The parts of a long question that are searched on their own."""
    pieces = [piece.strip() for piece in _CLAUSE_BORDER.split(marked)]
    pieces = [piece for piece in pieces if len(_MARKED.sub(" ", piece).split()) >= _CLAUSE_WORDS]
    if len(pieces) > 1:
        yield from pieces
