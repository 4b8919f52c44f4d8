"""A question that leans on earlier turns -> one that can be searched on its own. Knows turns and words; a question that stands alone is left as it is."""

import re
from collections.abc import Sequence

from corpus.article import MONTHS
from corpus.words import content_stems, words
from rag.answer import Turn

_LEANS = re.compile(
    r"^(and|but|so|then|what about|how about|why|why not|when|where|who|how|how many|how much|really|which one|since when|by whom|until when)\b.{0,25}\?*$"
    r"|^(and|but|what about|how about|what else|anything else)\b"
    r"|\b(he|she|they|him|her|them|it|its|their|his|this|these|those|that|there|then|one|ones)\b",
    re.IGNORECASE,
)
# "that" and "there" that only join a clause lean on nothing.
_INNOCENT = re.compile(
    r"\b(?:(?:is|are|was|were|will) there|(?:said|say|says|think|so|such|than|now) that|"
    r"it (?:is|was) (?:that|true|possible|likely)|each other|one of)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(rf"\b(?:in |by |of |since )?(?:(?:{'|'.join(MONTHS)}) )?(?:19|20)\d\d\b")
_NAME_BEFORE_PRONOUN = re.compile(r"(?<!^)\b[A-Z]\w+\b.*\b(?:he|she|they|him|her|them|it|its|their|his)\b")
_POINTS_BACK = re.compile(r"\b(?:this|these|those|that|there|then|ones?)\b", re.IGNORECASE)
_OWN_SUBJECT_WORDS = 3
_STAND_ALONE_WORDS = 5


def leans(question: str) -> bool:
    """True if a question cannot be understood without the turns before it.

    >>> leans("And in 2020?"), leans("Who said that?"), leans("How much did the Kestrel Bay ferry cost in 2021?")
    (True, True, False)
    """
    bare = _INNOCENT.sub(" ", question.strip())
    if not _LEANS.search(bare):
        return False
    names = [word for word in re.findall(r"(?<!^)\b[A-Z][\w-]+", question)]
    # In a question that names its subject ("Why did Boeing say that it would pay a penalty?") a pronoun points inside the question.
    own = _NAME_BEFORE_PRONOUN.search(bare) and not _POINTS_BACK.search(bare)
    return not (names and len(content_stems(question)) >= (_OWN_SUBJECT_WORDS if own else _STAND_ALONE_WORDS))


def standing_alone(question: str, history: Sequence[Turn]) -> str:
    """The question to search for: the same, or with the subject of the last questions behind it where it leans on them."""
    asked = [turn.text for turn in history if turn.role == "user"]
    if not asked or not leans(question):
        return question
    carried: list[str] = []
    for earlier in reversed(asked):
        # A new date takes the place of the old one.
        carried.insert(0, _YEAR.sub("", earlier).strip() if _YEAR.search(question) else earlier.strip())
        if not leans(earlier):
            break
    said = next((turn.text for turn in reversed(history) if turn.role == "assistant"), "")
    if len(set(words(question)) - {"who", "said", "that", "why"}) <= 2 and said:
        carried.append(said.strip()[:300])
    return f"{question.strip()} ({' '.join(carried)})"
