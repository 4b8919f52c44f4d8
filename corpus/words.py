"""Split news text into words, stems and content words, by the rules of English.

Where a script has no spaces, each pair of neighbouring letters stands for a word: "新渡轮" is "新渡" and
"渡轮".
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import Any

from corpus.scripts import MARKS, UNSPACED, UNSPACED_LETTER, is_question

# Numbers such as "5,200" and possessives such as "NATO's" stay whole; a hyphen separates words.
_SPACED = rf"[^\W{UNSPACED}]+(?:[{MARKS}]+[^\W{UNSPACED}]*)*"
_WORD = re.compile(rf"{_SPACED}(?:[.,]\d+)*(?:['’]{_SPACED})?")
_WORD_OR_RUN = re.compile(rf"{_WORD.pattern}|(?P<run>[{UNSPACED}][{UNSPACED}{MARKS}]*)")
STOP_WORDS = frozenset(
    (
        "a about after all also am an and any are as at be because been before being between both but by can "
        "could did do does doing during each for from further had has have having he her here hers him his "
        "how i if in into is it its itself just may me might more most much must my no nor not of off on "
        "once only or other our ours out over own s same shall she should so some such t than that the their "
        "theirs them then there these they this those through to too under until up upon us very was we were "
        "what when where which while who whom whose why will with would you your yours said say says "
        "according reported report article articles "
    ).split()
)
_stemmer_lock = Lock()  # the stemmer keeps state, and questions come on several threads
_REPEATED_WORDS = 5  # limit: fewer words stand side by side in many texts
_MAX_CACHED_LETTERS = 40  # limit on memory: a "word" of an article may have any length


def stem(word: str) -> str:
    """Return the Porter2 stem of a word, in lower case and without a possessive ending."""
    return _cached_stem(word) if len(word) <= _MAX_CACHED_LETTERS else _stem(word)


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer  # loads all languages, for which `dateline list` need not wait

    return snowballstemmer.stemmer("english")


def _stem(word: str) -> str:
    with _stemmer_lock:
        return str(_stemmer().stemWord(_without_possessive(word.lower())))


_cached_stem = lru_cache(maxsize=100_000)(_stem)


def words(text: str) -> list[str]:
    """Return the words of a text in order, in lower case; of a run of letters without spaces, each pair.

    >>> words("NATO's 5,200 troops"), words("新渡轮")
    (["nato's", '5,200', 'troops'], ['新渡', '渡轮'])
    """
    if not UNSPACED_LETTER.search(text):
        return [match.lower() for match in _WORD.findall(text)]
    return [word for match in _WORD_OR_RUN.finditer(text) for word in _words_or_pairs(match)]


def _words_or_pairs(match: re.Match[str]) -> Iterator[str]:
    if match["run"] is None:
        yield match[0].lower()
    else:
        letters = UNSPACED_LETTER.findall(match[0])
        yield from map("".join, pairwise(letters) if len(letters) > 1 else [letters])


def repeats(text: str, question: str) -> bool:
    """Return True if a text holds a question of some length word for word, as what is there to be found does.

    A "question" without a question mark may be a phrase that is looked for, and is never repeated.

    >>> repeats("Asked “How much did it cost?”, he left.", "How much did it cost?")
    True
    """
    wanted = words(question)
    asks = is_question(question) and len(wanted) >= _REPEATED_WORDS
    return asks and f" {' '.join(wanted)} " in f" {' '.join(words(text))} "


def content_words(text: str) -> list[str]:
    """Return the distinct words that are not stop words, in order and without possessive endings.

    >>> content_words("NATO's troops, and the troops of Iraq")
    ['nato', 'troops', 'iraq']
    """
    bare_words = map(_without_possessive, words(text))
    return list(dict.fromkeys(word for word in bare_words if word not in STOP_WORDS))


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that are not stop words, in order.

    >>> content_stems("How many troops does NATO have?")
    ['mani', 'troop', 'nato']
    """
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


def content_bigrams(text: str) -> list[str]:
    """Return pairs of content words with only a space or a hyphen between them.

    >>> content_bigrams("the Federal Reserve, and interest rates of banks")
    ['federal reserve', 'interest rates']
    """
    adjacent = [
        (_without_possessive(first[0].lower()), _without_possessive(second[0].lower()))
        for first, second in pairwise(_WORD.finditer(text))
        if text[first.end() : second.start()] in (" ", "-")
    ]
    return [f"{a} {b}" for a, b in adjacent if a not in STOP_WORDS and b not in STOP_WORDS]


def _without_possessive(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s")
