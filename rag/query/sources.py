"""Find the sources that a question names: publishers and days of publication.

"According to the Northgate Ledger of 3 June 2013, who paid?" is searched as "who paid?": the names of papers
and their dates are everywhere in a collection and say nothing about its subjects.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.article import Article, PartialDate
from corpus.dates import MONTH, YEAR
from corpus.store.filters import Filters
from rag.quantities.dates import parse_dates, published_within

_DAY = (
    rf"(?:{MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:, \d{{4}})?|\d{{1,2}} {MONTH}(?: \d{{4}})?|"
    rf"\d{{4}}-\d\d-\d\d|{MONTH},? \d{{4}})"
)
_WHEN = (
    r"(?:,? ?\b(?:(?:published|dated|posted|released|issued) )?"
    rf"(?:(?:on|in|from|of|dated|after|before) )?{_DAY},?)"
)
# A name in quotation marks or capitals, with what papers put between the words of theirs: "Arts & Culture",
# "Site | Section".
_QUOTED = r"['‘“\"][A-Z][^'‘’“”\"]{1,70}['’”\"]"
_CAPITALS = (
    r"(?:The |the )?[A-Z][\w.’-]*"
    rf"(?:(?: \| | - |: | & | of | )(?!{MONTH}\b)[A-Z][\w.’-]*){{0,6}}"
)
_MEDIUM = r"(?:articles?|reports?|reporting|coverage|pieces?|stor(?:y|ies)|publications?|posts?)"
_OUTLETS = r"(?:sources|outlets|publications|newspapers|papers|publishers)"
_REPORTED = (
    r"(?:reported|covered|published|described|featured|mentioned|discussed|highlighted|noted|claimed) "
    r"(?:by|in)"
)
# Private characters, which no question holds for another reason.
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, slots=True)
class NamedSources:
    """The publishers and the days of publication that a phrase names; false if it names none."""

    publishers: tuple[str, ...] = ()
    dates: tuple[PartialDate, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.publishers or self.dates)

    def match_count(self, article: Article) -> int:
        """Return how much of it an article matches: 1 for its publisher, and 1 for its day."""
        return (article.publisher in self.publishers) + published_within(article, self.dates)

    @property
    def filters(self) -> Filters:
        """The filters for articles of its publishers between its first and its last day."""
        first = min((date.first for date in self.dates), default=None)
        last = max((date.last for date in self.dates), default=None)
        return Filters(first, last, self.publishers)


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text in which each phrase that names sources is replaced by a mark.

    `phrases` and `named` hold the phrase and the sources of each mark, by the mark's number.
    """

    text: str
    phrases: tuple[str, ...]
    named: tuple[NamedSources, ...]

    @property
    def sources(self) -> NamedSources:
        """All sources and dates that the text names."""
        return _joined([*self.named, self._dates_beside_marks(self.text)])

    def sources_in(self, piece: str) -> NamedSources:
        """Return the sources and dates that a piece of the marked text names."""
        return _joined(
            [*(self.named[int(n)] for n in _MARKED.findall(piece)), self._dates_beside_marks(piece)]
        )

    def with_sources(self, piece: str) -> str:
        """Return a piece of the marked text with its phrases again."""
        return " ".join(_MARKED.sub(lambda match: self.phrases[int(match[1])], piece).split())

    def without_sources(self, piece: str) -> str:
        """Return a piece of the marked text without its marks."""
        return " ".join(_MARKED.sub(" ", piece).split())

    def _dates_beside_marks(self, piece: str) -> NamedSources:
        return NamedSources(dates=parse_dates(_MARKED.sub(" ", piece)))


def mark_sources(text: str, publishers: Sequence[str]) -> MarkedText:
    """Replace the phrases that name sources by marks; `publishers` are those of the collection.

    >>> marked = mark_sources("According to the Gull of 3 June 2013, who paid?", ("The Gull",))
    >>> marked.without_sources(marked.text), marked.sources.publishers
    ('who paid?', ('The Gull',))
    """
    phrases: list[str] = []

    def mark(match: re.Match[str]) -> str:
        phrases.append(match[0])
        return _MARK.format(len(phrases) - 1)

    for pattern in _source_phrases(tuple(publishers)):
        text = pattern.sub(mark, text)
    named = (NamedSources(_named_publishers(phrase, publishers), parse_dates(phrase)) for phrase in phrases)
    return MarkedText(text, tuple(phrases), tuple(named))


def extract_filters(question: str, publishers: Sequence[str]) -> Filters:
    """Return the filters that a question itself sets; most questions set none.

    Only an explicit restriction counts: "only articles from the Gull", "in the Gull alone", "only from 2019".

    >>> extract_filters("What do only articles by the Gull say?", ("The Gull", "Harbour Times")).publishers
    ('The Gull',)
    """
    found = _restriction(tuple(publishers)).search(question)
    if not found:
        return Filters()
    phrase = found["after_only"] or found["before_only"]
    return NamedSources(_named_publishers(phrase, publishers), parse_dates(phrase)).filters


def publisher_aliases(publisher: str) -> list[str]:
    """Return the names that questions use for a publisher, the longest first.

    They go without its section, its slogan, its article and the ending of its address.

    >>> publisher_aliases("The Gull - Arts")
    ['The Gull - Arts', 'The Gull', 'Gull']
    >>> publisher_aliases("Harbour.com | Shipping News")
    ['Harbour.com | Shipping News', 'Harbour.com', 'Harbour']
    """
    short = re.split(r" [|–-] |: ", publisher)[0]
    bare = short.removeprefix("The ")
    names = (publisher, short, bare, re.sub(r"\.(?:com|org|net|co\.uk)$", "", bare))
    return list(dict.fromkeys(name for name in names if len(name) > 1))


@lru_cache(maxsize=8)
def _restriction(publishers: tuple[str, ...]) -> re.Pattern[str]:
    known = _known_publisher(publishers)
    source = "|".join(filter(None, [known, YEAR, _DAY]))
    sources = rf"(?:the )?(?:{source})(?:(?:,? and|,? or|,)? (?:(?:of|in|from) )?(?:the )?(?:{source}))*"
    return re.compile(
        rf"\b(?i:only|just|solely|exclusively) (?:(?:use|look at|search) )?(?:the )?(?:{_MEDIUM} )?"
        rf"(?:(?:from|by|in|of) |published (?:by|in) )(?P<after_only>{sources})"
        rf"|\b(?i:from|by|in|according to) (?P<before_only>{sources}) (?:only|alone)\b"
    )


@lru_cache(maxsize=8)
def _source_phrases(publishers: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of phrases that name sources, the longest forms first.

    The name of a known publisher is a source anywhere, any other name only in one of the forms.
    """
    known = _known_publisher(publishers)
    certain = "|".join(filter(None, [known, _QUOTED]))
    certain_names, names = map(_enumeration, (f"(?:{certain})", f"(?:{certain}|{_CAPITALS})"))
    before = (
        r"\b(?:(?:[Tt]he|[Aa]n?|[Bb]oth) )?(?:(?:subsequent|same|later|earlier|recent|latest|news|other) )*"
    )
    forms = [
        rf"{before}{_MEDIUM} (?:from|by) (?:the |both )?{names}{_WHEN}?",
        rf"{before}{_MEDIUM} (?:in|of) {certain_names}{_WHEN}?",
        rf"\b(?:[Aa]ccording to|(?:as )?{_REPORTED}|as per|{_OUTLETS} (?:including|like|such as)) "
        rf"(?:{before}{_MEDIUM} (?:from|by|in) )?{names}{_WHEN}?(?: {_MEDIUM}\b)?",
        rf"(?:\b[Tt]he )?{certain_names}(?:'s|’s)? {_MEDIUM}\b{_WHEN}?",
        rf"(?:\b[Tt]he )?\b{names}(?:'s|’s)? (?:articles?|coverage)\b{_WHEN}?",
        rf"\b(?:published|dated|posted){_WHEN}",
        *([rf"(?:{known}|\b[Tt]he {known}){_WHEN}?"] if known else []),
    ]
    return tuple(map(re.compile, forms))


def _enumeration(name: str) -> str:
    """Return the pattern of one name or several, as in "the Gull, the Wire and the Post"."""
    return rf"(?:the |both )?{name}(?:(?:,? and|,? or|, as well as|,|;) (?:the |both )?{name})*"


def _known_publisher(publishers: Sequence[str]) -> str:
    """Return the pattern of a known publisher's name, in quotation marks or not; "" if none is known."""
    aliases = (re.escape(name) for publisher in publishers for name in publisher_aliases(publisher))
    known = "|".join(sorted(aliases, key=len, reverse=True))
    return rf"(?:(?<!\w)['‘“\"](?:{known})['’”\"]|(?<![\w-])(?:{known})(?![\w-]))" if known else ""


def _named_publishers(text: str, publishers: Sequence[str]) -> tuple[str, ...]:
    """Return the publishers that a phrase names; a longer name hides the shorter ones inside it."""
    aliases = {name for publisher in publishers for name in publisher_aliases(publisher)}
    named = set()
    for name in sorted(aliases, key=len, reverse=True):
        if name not in text:
            continue
        text, count = re.subn(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", text)
        if count:
            named.add(name)
    return tuple(publisher for publisher in publishers if named & set(publisher_aliases(publisher)))


def _joined(sources: Iterable[NamedSources]) -> NamedSources:
    sources = list(sources)
    return NamedSources(
        tuple(dict.fromkeys(name for source in sources for name in source.publishers)),
        tuple(dict.fromkeys(date for source in sources for date in source.dates)),
    )
