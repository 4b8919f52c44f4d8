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
    rf"(?:{MONTH} \d{{1,2}}(?!\d)(?:st|nd|rd|th)?(?:,? \d{{4}})?|\d{{1,2}} {MONTH}(?: \d{{4}})?|"
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
    # Possessive and from the start of a word, so that no part of a name is looked at twice.
    r"(?<![\w.’-])(?:The )?[A-Z][\w.’-]*+"
    rf"(?:(?: \| | - |: | & | of | )(?!{MONTH}\b)[A-Z][\w.’-]*+){{0,6}}"
)
_MEDIUM = r"(?:articles?|reports?|reporting|coverage|pieces?|stor(?:y|ies)|publications?|posts?)"
_OUTLETS = r"(?:sources|outlets|publications|newspapers|papers|publishers)"
_REPORTED = (
    r"(?:reported|covered|published|described|featured|mentioned|discussed|highlighted|noted|claimed) "
    r"(?:by|in)"
)
_MAX_NAMES = 8  # limit: of publishers in one enumeration, as each could otherwise start one of its own
_ONLY = r"(?i:only|just|solely|exclusively)"
# At the start of a clause, where "only in the Sun" is about the sources and not about the verb.
_BESIDE_MARK = r"(?:\A|(?<=[,.;:?(])|(?<=[,.;:?(] )|\b(?i:answer|search|look) )"
_ONLY_BESIDE_MARK = rf"{_BESIDE_MARK}{_ONLY}"
# Words behind the name of a publisher that make it one who says something.
# hand-set on 150 development questions of MultiHop-RAG; issue J replaces it, and the two lists below
_SAYS = (
    r"(?= (?:(?:each|both|also|then|first|later|not|ever|really|actually) )?"
    r"(?:say|said|report|claim|state|wr[io]te|describe|mention|t[eo]ll|told|argue|suggest|note|quote|publish|"
    r"call|give|gave|put|estimate|agree|disagree|differ|predict|think|thought|believe|explain|cite|list|warn|"
    r"add|announce|attribute|discuss|highlight|portray|present|characteri[sz]e|speak|spoke|blame|criticise|"
    r"confirm|focus|fail to report)"
    r"(?:s|d|ed|ing|ten)?\b)"
)
# Words before "by the Gull" that do the same.
_SAID = (
    r"\b(?:reporting|coverage|description|account|analysis|accused|presented|described|portrayed|identified|"
    r"suggested|characteri[sz]ed|stated|detailed|highlighted|likened|noted|reported|cited|quoted|mentioned|"
    r"discussed|rumou?red|considered)(?: [^\s,;:?.]{1,30}){0,8}? by (?:both )?"
)
# Nouns behind "the Gull's" for what it said.
_ACCOUNTS = (
    r"(?=(?:'s|’s|') (?:\w+ )?"
    r"(?:accounts?|claims?|figures?|estimates?|version|view|headlines?|words|text)\b)"
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
    if attributions := _attributions(tuple(publishers)):
        phrase, name = attributions
        text = phrase.sub(lambda match: name.sub(mark, match[0]), text)
    named = (NamedSources(_named_publishers(phrase, publishers), parse_dates(phrase)) for phrase in phrases)
    return MarkedText(text, tuple(phrases), tuple(named))


def extract_filters(question: str, publishers: Sequence[str]) -> Filters:
    """Return the filters that a question itself sets; most questions set none.

    Only an explicit restriction of articles or sources counts: "only articles of 2019", "according to the
    Gull alone", "Who paid, only in the Gull?". What happened "only in 2019" may be reported at any time.

    >>> extract_filters("What do only articles by the Gull say?", ("The Gull", "Harbour Times")).publishers
    ('The Gull',)
    """
    found = _restriction(tuple(publishers)).search(question)
    if not found:
        return Filters()
    phrase = next(filter(None, found.groups()))
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
    """Return the pattern of a restriction to some sources.

    It speaks of articles or of what was published, and may then name days, or it names a publisher first. A
    year alone is when something happened: "How many came in 2015 alone?"
    """
    known = _known_publisher(publishers)
    any_source = "|".join(filter(None, [known, _DAY, YEAR]))
    more = rf"(?:(?:,? and|,? or|,)? (?:(?:of|in|from) )?(?:the )?(?>{any_source})){{0,{_MAX_NAMES}}}"
    sources = rf"(?:the )?(?>{any_source}){more}"
    from_articles = rf"{_MEDIUM} (?:(?:from|by|in|of)|published (?:by|in)|dated)"
    forms = [
        rf"\b{_ONLY} (?:(?:use|look at|search|from|in|by) )?(?:the )?(?:{from_articles}|published (?:by|in)) "
        rf"(?P<only_articles>{sources})",
        rf"\b(?i:according to|{from_articles}) (?P<articles_alone>{sources}) (?:only|alone)\b",
    ]
    if known:
        publisher = rf"(?:the )?(?>{known}){more}"
        forms += [
            rf"{_ONLY_BESIDE_MARK} (?:from|by|in|of) (?P<only_publisher>{publisher})",
            rf"{_BESIDE_MARK}(?i:from|by|in) (?P<publisher_alone>{publisher}) (?:only|alone)\b",
        ]
    return re.compile("|".join(forms))


@lru_cache(maxsize=8)
def _source_phrases(publishers: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of phrases that name sources, the longest forms first.

    Names of known publishers without a word for an article are left to `_attributions`.
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
    ]
    return tuple(map(re.compile, forms))


@lru_cache(maxsize=8)
def _attributions(publishers: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return the pattern of phrases that take known publishers for sources, and that of a name in them.

    Something is said by the publishers, or in them on a day, or only they are asked. A name alone is a word
    like any other: "How hot is the Sun?" does not ask The Sun.
    """
    known = _known_publisher(publishers)
    if not known:
        return ()
    name = rf"(?>(?:\b[Tt]he )?(?:{known})|\ue000\d+\ue001)"
    names = rf"{name}(?:(?:,? and|,? or|, as well as|,|;) {name}){{0,{_MAX_NAMES}}}"
    phrase = re.compile(
        rf"(?:\b(?:[Ii]n|[Bb]y|[Ff]rom) |\(){names}{_WHEN}"
        rf"|{_SAID}{names}"
        rf"|{names}(?:{_SAYS}|{_ACCOUNTS}|,? (?:of|dated|published(?: on| in)?) {_DAY})"
        rf"|{_ONLY_BESIDE_MARK} (?:by|from|in) {names}"
        rf"|{_BESIDE_MARK}(?i:from|by|in) {names} (?:only|alone)\b"
    )
    return phrase, re.compile(rf"(?:{known}|\b[Tt]he {known}){_WHEN}?")


def _enumeration(name: str) -> str:
    """Return the pattern of one name or several, as in "the Gull, the Wire and the Post"."""
    return (
        rf"(?:the |both )?(?>{name})"
        rf"(?:(?:,? and|,? or|, as well as|,|;) (?:the |both )?(?>{name})){{0,{_MAX_NAMES}}}"
    )


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
