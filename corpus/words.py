"""What counts as a word in English news text: tokens, stop words, stems. Knows text only."""

import re
from functools import lru_cache
from itertools import pairwise
from threading import Lock

import snowballstemmer

# "5,200", "U.S." and "train-and-advise" keep together what belongs together; the dash is a word's border.
WORD = re.compile(r"\w+(?:[.,]\d+)*(?:['’]\w+)?")
STOP_WORDS = frozenset(
    (
        "a about after all also am an and any are as at be because been before being between both but by can could did do does "
        "doing during each for from further had has have having he her here hers him his how i if in into is it its itself just "
        "may me might more most much must my no nor not of off on once only or other our ours out over own s same shall she "
        "should so some such t than that the their theirs them then there these they this those through to too under until up "
        "upon us very was we were what when where which while who whom whose why will with would you your yours said say says "
        "according reported report article articles "
    ).split()
)
_stemmer = snowballstemmer.stemmer("english")
_stemming = (
    Lock()
)  # the stemmer keeps the word that it works on in itself, and questions come on several threads


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The Porter2 stem of a word in lower case, without a possessive ending."""
    with _stemming:
        return str(_stemmer.stemWord(_bare(word.lower())))


def words(text: str) -> list[str]:
    """The words of a text in order, in lower case.

    >>> words("NATO's 5,200 troops")
    ["nato's", '5,200', 'troops']
    """
    return [match.lower() for match in WORD.findall(text)]


def content_words(text: str) -> list[str]:
    """The words that carry content, each once, in order, without possessive endings.

    >>> content_words("NATO's troops, and the troops of Iraq")
    ['nato', 'troops', 'iraq']
    """
    return list(dict.fromkeys(bare for word in words(text) if (bare := _bare(word)) not in STOP_WORDS))


def content_bigrams(text: str) -> list[str]:
    """Pairs of content words with nothing but a space or a hyphen between them.

    >>> content_bigrams("the Federal Reserve, and interest rates of banks")
    ['federal reserve', 'interest rates']
    """
    found = list(WORD.finditer(text))
    pairs = [(a, b) for a, b in pairwise(found) if text[a.end() : b.start()] in (" ", "-")]
    bare = [(_bare(a[0].lower()), _bare(b[0].lower())) for a, b in pairs]
    return [f"{a} {b}" for a, b in bare if a not in STOP_WORDS and b not in STOP_WORDS]


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s")


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry content, in order.

    >>> content_stems("How many troops does NATO have?")
    ['mani', 'troop', 'nato']
    """
    return [stem(word) for word in words(text) if word not in STOP_WORDS]
