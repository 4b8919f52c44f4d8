"""A question's words -> the words that articles may use instead: other spelling, numerals, acronyms, slips of the finger.

Knows the words' index; adds only what stands in it, and takes nothing away.
"""

import re
from collections.abc import Iterable, Iterator

from corpus.store.database import Store
from corpus.words import STOP_WORDS, content_bigrams, content_words, stem, words

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# A shorter word has so many neighbours that a slip cannot be told from another word.
_SLIP_LETTERS = 6
# Endings in which British and American words differ; each pair is tried in both directions, with whatever follows.
_SPELLINGS = (
    ("our", "or"),
    ("is", "iz"),
    ("ys", "yz"),
    ("tre", "ter"),
    ("ence", "ense"),
    ("ogue", "og"),
    ("amme", "am"),
    ("ll", "l"),
)
_TAIL = r"(?=(?:e|ed|es|ing|s|al|able|ation|ations|ers?|ist|ally|hood)?$)"
_SWAPS = tuple(
    (re.compile(rf"(?<=\w\w){before}{_TAIL}"), after)
    for pair in _SPELLINGS
    for before, after in (pair, pair[::-1])
    if before != "l"
)
_NUMBERS = "two three four five six seven eight nine ten eleven twelve".split()
_SAME = dict(zip(_NUMBERS, map(str, range(2, 13)), strict=True))
_SAME |= {figure: word for word, figure in _SAME.items()}
# One thing under several names that no rule finds.
_NAMES = ("isis isil daesh", "us usa", "uk britain")
_ACRONYM = re.compile(r"\b[A-Z][A-Z0-9]{1,6}\b")
_CAPITALISED = re.compile(r"\b[A-Z][\w’'-]*(?:(?: (?:of|the|and|for|on|in))* [A-Z0-9][\w’'-]*){1,6}")
_SMALL = frozenset("of the and for on in".split())
# In a shorter question a pair that stands in a headline too would outweigh all that the text says.
_LONG = 10
_SPEAKING = 3  # letters of an acronym that tells its words where articles write both without saying that they are the same
_FORMS = 2  # long forms of one acronym
_DEFINING = 20  # passages that are looked at for what an acronym means


class QueryExpansion:
    """The words of one collection's index, for one state of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._frequencies: dict[str, int] = {}
        self._meanings: dict[str, list[str]] = {}

    def query(self, question: str, pairs: bool = True, others: bool = True) -> str:
        """An FTS5 query for a question's content words, for `pairs` of them and for their `others`; "" where it has none.

        All terms are quoted, so nothing of a question is read as a query's syntax.
        """
        plain = content_words(question)
        found = list(plain)
        if others:
            found += [*(other for word in plain for other in self._others(word)), *self._names(question)]
        terms = [f'"{phrase}"' for phrase in dict.fromkeys(found)]
        where = "" if len(plain) >= _LONG else "body : "
        terms += [f'{where}"{pair}"' for pair in content_bigrams(question)] if pairs else []
        return " OR ".join(terms)

    def expand_acronyms(self, question: str) -> str:
        """A question with what its acronyms stand for behind them: "the cost of HS2 (High Speed 2)"."""
        for acronym in dict.fromkeys(_ACRONYM.findall(question)):
            for name in self._long_forms(acronym)[:1]:
                if name.lower() not in question.lower():
                    question = re.sub(rf"\b{acronym}\b", f"{acronym} ({name})", question, count=1)
        return question

    def frequency(self, word: str) -> int:
        """How many passages hold a word, in any of its forms."""
        if word not in self._frequencies:
            ((self._frequencies[word],),) = self._store.rows(
                "SELECT count(*) FROM words WHERE words MATCH ?", (f'"{word}"',)
            )
        return self._frequencies[word]

    def knows(self, phrase: str) -> bool:
        """True if a word or phrase stands in an article."""
        return self.frequency(phrase) > 0

    def _others(self, word: str) -> Iterator[str]:
        spelled = dict.fromkeys(
            [*(swap.sub(after, word) for swap, after in _SWAPS), *([_SAME[word]] if word in _SAME else [])]
        )
        others = [other for other in spelled if other != word and self.knows(other)]
        others += [
            other
            for names in _NAMES
            if word in (group := names.split())
            for other in group
            if other != word and self.knows(other)
        ]
        yield from others
        if not others and len(word) >= _SLIP_LETTERS and word.isalpha() and not self.knows(word):
            yield from self._slips(stem(word))

    def _slips(self, word: str) -> Iterable[str]:
        """The word of the index that is one slip away (a letter more, less, other or swapped; never the first); the commonest."""
        rows = self._store.document_frequencies(sorted(_one_slip(word) - STOP_WORDS))
        return [max(rows, key=lambda row: row[1])[0]] if rows else []

    def _names(self, question: str) -> Iterator[str]:
        """Long forms of the question's acronyms as articles define them, and acronyms of the names that it writes out."""
        for acronym in dict.fromkeys(_ACRONYM.findall(question)):
            yield from (" ".join(words(name)) for name in self._long_forms(acronym))
        for name in _CAPITALISED.findall(question):
            initials = "".join(part[0] for part in name.split() if part not in _SMALL)
            if len(initials) >= 3 and self.knows(initials.lower()):
                yield initials.lower()

    def _long_forms(self, acronym: str) -> list[str]:
        """What an acronym stands for; each search of each part of a question asks for it, so it is kept."""
        if acronym not in self._meanings:
            self._meanings[acronym] = self._read_long_forms(acronym)
        return self._meanings[acronym]

    def _read_long_forms(self, acronym: str) -> list[str]:
        defined = re.compile(
            r"\b((?:[A-Z][\w’'-]*|of|the|and|for|on|in)(?: (?:[A-Z0-9][\w’'-]*|of|the|and|for|on|in)){1,7}) \("
            + acronym
            + r"\)"
        )
        ids = [number for number, _ in self._store.search_words(f'"{acronym.lower()}"', _DEFINING)]
        texts = [
            f"{passage.article.headline}\n{passage.text}" for passage in self._store.passages(ids).values()
        ]
        for pattern in (defined, _CAPITALISED) if len(acronym) >= _SPEAKING else (defined,):
            names = dict.fromkeys(_fitting(name, acronym) for text in texts for name in pattern.findall(text))
            if found := list(filter(None, names)):
                return found[:_FORMS]
        return []


def _fitting(name: str, acronym: str) -> str:
    """The part of a run of capitalised words whose initials are the acronym's letters; "" where there is none.

    >>> _fitting("Senior International Security Assistance Force", "ISAF"), _fitting("Britain's High Speed 2 Railway", "HS2")
    ('International Security Assistance Force', 'High Speed 2')
    """
    parts = name.split()
    large = [n for n, part in enumerate(parts) if part not in _SMALL]
    initials = "".join(parts[n][0] for n in large).upper()
    at = initials.find(acronym)
    return " ".join(parts[large[at] : large[at + len(acronym) - 1] + 1]) if at >= 0 else ""


def _one_slip(word: str) -> set[str]:
    """All words one slip away from `word` that begin with its letter."""
    cuts = [(word[:n], word[n:]) for n in range(1, len(word) + 1)]
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    fewer = {a + b[1:] for a, b in cuts if b}
    other = {a + letter + b[1:] for a, b in cuts if b for letter in _LETTERS}
    more = {a + letter + b for a, b in cuts for letter in _LETTERS}
    return (swapped | fewer | other | more) - {word}
