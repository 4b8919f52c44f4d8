"""Query expansion: the words of a question, and other words that the articles may use instead.

Adds other spellings, numerals, long forms of acronyms and corrections of typing errors. Only words that occur
in the collection are added, and none of the question's own words is left out.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from string import ascii_lowercase

from corpus.words import STOP_WORDS, content_bigrams, content_words, stem, words
from embeddings.library import Library

# Limit: a shorter word is one letter away from too many others.
_MIN_TYPO_LETTERS = 6
# Endings in which British and American spelling differ; each pair is tried in both directions.
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
_SUFFIX = r"(?=(?:e|ed|es|ing|s|al|able|ation|ations|ers?|ist|ally|hood)?$)"
_RESPELLINGS = tuple(
    (re.compile(rf"(?<=\w\w){before}{_SUFFIX}"), after)
    for pair in _SPELLINGS
    for before, after in (pair, pair[::-1])
    if before != "l"
)
_NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve".split()
_NUMERALS = dict(zip(_NUMBER_WORDS, map(str, range(2, 13)), strict=True))
_NUMERALS |= {numeral: word for word, numeral in _NUMERALS.items()}
# hand-set on the sample questions; issue J replaces it
_SYNONYMS = ("isis isil daesh", "us usa", "uk britain")
_ACRONYM = re.compile(r"\b[A-Z][A-Z0-9]{1,6}\b")
# Possessive and from the start of a word, so that no part of a name is looked at twice.
_NAME = re.compile(
    r"(?<![\w’'-])[A-Z][\w’'-]*+(?:(?: (?:of|the|and|for|on|in)(?= ))*+ [A-Z0-9][\w’'-]*+){1,6}"
)
_NAME_PARTICLES = frozenset("of the and for on in".split())
_MIN_INITIALS = 3  # limit: two capitals stand for too many names
# In a question of fewer content words, a pair that occurs in a headline too would outweigh the text.
# hand-set on the sample questions; issue J replaces it
_LONG_QUESTION_WORDS = 10
# Letters of an acronym that is recognised from a name alone, without "(ACRONYM)" behind it.
_MIN_UNDEFINED_LETTERS = 3  # hand-set on the sample questions; issue J replaces it
_MAX_LONG_FORMS = 2  # limit, of one acronym
_CACHED_ACRONYMS = 1_000  # limit
_DEFINING_PASSAGES = 20  # limit, of passages that are read for the long forms of an acronym


class QueryExpansion:
    """Expands questions with the vocabulary of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        # By acronym and version of the collection, since each search of each part asks for them.
        self._cached_long_forms = lru_cache(_CACHED_ACRONYMS)(self._find_long_forms)

    def fts_query(self, question: str, bigrams: bool = True, variants: bool = True) -> str:
        """Return an FTS5 query for the content words of a question; "" if it has none.

        `bigrams` adds pairs of neighbouring words, `variants` the other words for them. All terms are quoted,
        so nothing in a question is read as query syntax.
        """
        plain = content_words(question)
        terms = list(plain)
        if variants:
            terms += [variant for word in plain for variant in self._variants(word)]
            terms += self._name_variants(question)
        query = [f'"{term}"' for term in dict.fromkeys(terms)]
        column = "" if len(plain) >= _LONG_QUESTION_WORDS else "body : "
        query += [f'{column}"{bigram}"' for bigram in content_bigrams(question)] if bigrams else []
        return " OR ".join(query)

    def expand_acronyms(self, question: str) -> str:
        """Return a question with the long forms of its acronyms: "the cost of HS2 (High Speed 2)"."""
        for acronym in _acronyms(question):
            for name in self._long_forms(acronym)[:1]:
                if name.lower() not in question.lower():
                    question = re.sub(rf"\b{acronym}\b", f"{acronym} ({name})", question, count=1)
        return question

    def _occurs(self, phrase: str) -> bool:
        return self._library.passage_frequency(phrase) > 0

    def _variants(self, word: str) -> Iterator[str]:
        """Yield other spellings and synonyms of a word that occur; if none does, its correction."""
        spellings = [respelling.sub(after, word) for respelling, after in _RESPELLINGS]
        spellings += [_NUMERALS[word]] if word in _NUMERALS else []
        synonyms = [synonym for group in map(str.split, _SYNONYMS) if word in group for synonym in group]
        variants = [
            variant
            for variant in [*dict.fromkeys(spellings), *synonyms]
            if variant != word and self._occurs(variant)
        ]
        yield from variants
        if not variants and len(word) >= _MIN_TYPO_LETTERS and word.isalpha() and not self._occurs(word):
            yield from self._corrections(stem(word))

    def _corrections(self, word: str) -> Iterable[str]:
        """Return the commonest indexed word that is one edit away, if there is any."""
        rows = self._library.store.document_frequencies(sorted(_one_edit_away(word) - STOP_WORDS))
        return [max(rows, key=lambda row: row[1])[0]] if rows else []

    def _name_variants(self, question: str) -> Iterator[str]:
        """Yield the long forms of the question's acronyms, and the acronyms of its names."""
        for acronym in _acronyms(question):
            yield from (" ".join(words(name)) for name in self._long_forms(acronym))
        for name in _NAME.findall(question):
            initials = "".join(part[0] for part in name.split() if part not in _NAME_PARTICLES)
            if len(initials) >= _MIN_INITIALS and self._occurs(initials.lower()):
                yield initials.lower()

    def _long_forms(self, acronym: str) -> list[str]:
        """Return the long forms of an acronym that articles spell out."""
        return self._cached_long_forms(acronym, self._library.store.version)

    def _find_long_forms(self, acronym: str, version: tuple[int, int]) -> list[str]:
        defined = re.compile(
            r"\b((?:[A-Z][\w’'-]*|of|the|and|for|on|in)"
            r"(?: (?:[A-Z0-9][\w’'-]*|of|the|and|for|on|in)){1,7}) \(" + acronym + r"\)"
        )
        ids = [
            number
            for number, _ in self._library.store.search_words(f'"{acronym.lower()}"', _DEFINING_PASSAGES)
        ]
        passages = self._library.passages(ids).values()
        texts = [f"{passage.article.headline}\n{passage.text}" for passage in passages]
        for pattern in (defined, _NAME) if len(acronym) >= _MIN_UNDEFINED_LETTERS else (defined,):
            names = dict.fromkeys(
                _matching_name(name, acronym) for text in texts for name in pattern.findall(text)
            )
            if long_forms := list(filter(None, names)):
                return long_forms[:_MAX_LONG_FORMS]
        return []


def _acronyms(question: str) -> list[str]:
    return list(dict.fromkeys(_ACRONYM.findall(question)))


def _matching_name(name: str, acronym: str) -> str:
    """Return the part of a capitalised phrase whose initials spell the acronym, or "".

    >>> _matching_name("Senior International Security Assistance Force", "ISAF")
    'International Security Assistance Force'
    >>> _matching_name("Britain's High Speed 2 Railway", "HS2")
    'High Speed 2'
    """
    parts = name.split()
    capitalised = [n for n, part in enumerate(parts) if part not in _NAME_PARTICLES]
    initials = "".join(parts[n][0] for n in capitalised).upper()
    at = initials.find(acronym)
    if at < 0:
        return ""
    return " ".join(parts[capitalised[at] : capitalised[at + len(acronym) - 1] + 1])


def _one_edit_away(word: str) -> set[str]:
    """Return all words that are one edit or transposition away, with the same first letter."""
    cuts = [(word[:n], word[n:]) for n in range(1, len(word) + 1)]
    transposed = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    deleted = {a + b[1:] for a, b in cuts if b}
    substituted = {a + letter + b[1:] for a, b in cuts if b for letter in ascii_lowercase}
    inserted = {a + letter + b for a, b in cuts for letter in ascii_lowercase}
    return (transposed | deleted | substituted | inserted) - {word}
