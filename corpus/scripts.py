"""Recognise the letters of scripts that put no spaces between words.

The word index holds such letters one by one, and words are searched for as phrases of them. So a word is
found whatever its length and wherever it stands, without a dictionary of each language.
"""

import re
import unicodedata
from itertools import groupby
from math import ceil

# The blocks of Unicode that hold these scripts. Korean has spaces, but glues particles to its words.
_BLOCKS = (
    range(0x0E00, 0x1100),  # Thai, Lao, Tibetan, Burmese
    range(0x1100, 0x1200),  # Korean
    range(0x1780, 0x1800),  # Khmer
    range(0x1950, 0x1AB0),  # Tai
    range(0x3005, 0x3008),  # signs that repeat an ideograph
    range(0x3041, 0x3200),  # Japanese kana, Bopomofo, Korean
    range(0x3400, 0x4DC0),  # ideographs
    range(0x4E00, 0xA4D0),  # ideographs, Yi
    range(0xA980, 0xAA00),  # Javanese, Burmese
    range(0xAA60, 0xAA80),  # Burmese
    range(0xAC00, 0xD800),  # Korean
    range(0xF900, 0xFB00),  # ideographs
    range(0xFF66, 0xFFDD),  # halfwidth kana, Korean
)
_FURTHER_IDEOGRAPHS = "\U00020000-\U0003fffd"


def _character_class(code_points: range, categories: str) -> str:
    """Return the body of a character class: those of the code points with these general categories."""
    chars = [char for char in map(chr, code_points) if unicodedata.category(char)[0] in categories]
    runs = groupby(enumerate(chars), lambda pair: ord(pair[1]) - pair[0])
    return "".join(f"{run[0][1]}-{run[-1][1]}" for _, pairs in runs if (run := list(pairs)))


# The bodies of two character classes: marks that combine with the letter before them, such as the vowels of
# Thai, Burmese and Hindi, and the letters of scripts without spaces.
MARKS = _character_class(range(0x300, 0xFE00), "M")
UNSPACED = "".join(_character_class(block, "LM") for block in _BLOCKS) + _FURTHER_IDEOGRAPHS
UNSPACED_LETTER = re.compile(rf"[{UNSPACED}][{MARKS}]*")
_SPACED_WORD = re.compile(rf"[^\W{UNSPACED}]+")
# Thai and Lao end a sentence with a space.
_LAST_OF_THAI = re.compile(rf"[{_character_class(range(0x0E00, 0x0F00), 'LM')}]$")
# Full stops, question and exclamation marks of all scripts, and what may close a quotation behind them.
_SENTENCE_END = re.compile(
    r"[.!?:;…。！？：；．｡؟۔।॥։።။។៕།༎](?:[\"”’'»)\]」』）】》〉］｝›]|(?: ?\[\d{1,3}\]))*$"
)
_LETTERS_PER_WORD = 2  # hand-set: an ideograph is a half of a word, as most words of Chinese have two


def separate_letters(text: str) -> str:
    """Return a text with the letters of scripts without spaces set apart; other text is returned as it is.

    >>> separate_letters("the 渡轮 sails")
    'the  渡  轮  sails'
    """
    return UNSPACED_LETTER.sub(r" \g<0> ", text)


def count_unspaced_letters(text: str) -> int:
    """Return the number of letters of scripts without spaces; marks on a letter do not count."""
    return len(UNSPACED_LETTER.findall(text))


def count_words(text: str) -> int:
    """Return the number of words of a text in any script; two letters without spaces count as a word.

    >>> count_words("The ferry sails."), count_words("新渡轮周五首航。")
    (3, 4)
    """
    letters = count_unspaced_letters(text)
    if not letters:
        return len(text.split())
    return len(_SPACED_WORD.findall(text)) + ceil(letters / _LETTERS_PER_WORD)


def ends_sentence(text: str) -> bool:
    """Return True if a text ends as sentences do; Thai and Lao have no sign for it, so any end may be one.

    >>> ends_sentence("He left."), ends_sentence("他走了。"), ends_sentence("Home page")
    (True, True, False)
    """
    return bool(_SENTENCE_END.search(text) or _LAST_OF_THAI.search(text))


def is_question(sentence: str) -> bool:
    """Return True if a sentence ends in a question mark; quotes and brackets may follow it.

    >>> is_question("“Who pays?”"), is_question("“Who pays?” she asked.")
    (True, False)
    """
    return sentence.rstrip("\"'”’»)] \n").endswith(("?", "？", "؟"))
