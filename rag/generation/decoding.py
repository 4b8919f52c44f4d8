"""Constrained decoding: which tokens a trained model may write when it answers "[n] words".

n is the number of a sentence, and the words are a run of whole words of it. The number comes first, so that
one step of the model gives the probability of each sentence and of the refusal, "[0]".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

EXCLUDED = -100.0  # limit: a logit bias that excludes an option
# The weight of a sentence's ranking score in its logit bias, and the probability up to which the model counts
# as unsure of a sentence. Fitted on the development half of corpus/gold.jsonl (docs/design.md, "The model").
RANKING_WEIGHT, CONFIDENCE_THRESHOLD = 1.2, 0.3
# A word can end anywhere but behind white space, inside a word (of any script) and inside a figure.
_WORD_END = re.compile(rb"(?<!\s)(?!(?<=[\w\x80-\xff])[\w\x80-\xff])(?!(?<=\d)[.,]\d)(?!(?<=\d[.,])\d)")


@dataclass(frozen=True, slots=True)
class SentenceTokens:
    """The tokens of one sentence; which of them begin a word, and behind which of them a word ends.

    A run of tokens from the beginning of a word to the end of one contains no half figure and no half name.
    """

    tokens: tuple[int, ...]
    begins: tuple[bool, ...]
    ends: tuple[bool, ...]

    @classmethod
    def build(cls, tokens: Sequence[int], pieces: Sequence[bytes]) -> "SentenceTokens":
        """Return the word boundaries of a sentence's tokens, from the bytes that each token stands for.

        A token that starts with white space begins a word, as the first token does.

        >>> SentenceTokens.build([5, 6, 7, 8, 9], [b" 4", b",", b"000", b" cars", b"."]).ends
        (False, False, True, True, True)
        """
        text = b"".join(pieces)
        begins = tuple(n == 0 or piece[:1].isspace() for n, piece in enumerate(pieces))
        ends = tuple(bool(_WORD_END.match(text, at)) for at in accumulate(map(len, pieces)))
        return cls(tuple(tokens), begins, ends)

    def next_tokens(self, written: Sequence[int]) -> tuple[set[int], bool]:
        """Return the tokens that may follow those `written` so far, and whether the text may end here.

        >>> sentence = SentenceTokens(
        ...     (5, 6, 7, 5, 8), (True, False, True, True, True), (False, True, True, True, True)
        ... )
        >>> for written in ([], [5], [5, 6]):
        ...     tokens, may_end = sentence.next_tokens(written)
        ...     print(sorted(tokens), may_end)
        [5, 7, 8] True
        [6, 8] True
        [7] True
        """
        count = len(written)
        positions = [  # behind each run that equals what is written
            n + count
            for n, begins in enumerate(self.begins)
            if begins and self.tokens[n : n + count] == tuple(written)
        ]
        tokens = {self.tokens[n] for n in positions if n < len(self.tokens)}
        return tokens, not count or any(self.ends[n - 1] for n in positions)


def word_pieces(sentence: str) -> list[str]:
    """Return a sentence, behind a blank, cut at every place where a word can end.

    >>> word_pieces("To 4,000 cars.")
    [' To', ' 4,000', ' cars', '.']
    """
    data = f" {sentence}".encode("utf-8", "replace")
    ends = sorted({*(match.start() for match in _WORD_END.finditer(data)), len(data)} - {0})
    return [data[start:end].decode() for start, end in pairwise([0, *ends])]


def probabilities(logits: NDArray[np.float32], options: Sequence[int]) -> list[float]:
    """Return the softmax of the logits of some tokens among themselves.

    >>> [round(probability, 2) for probability in probabilities(np.array([0.0, 9.0, np.log(3)]), [0, 2])]
    [0.25, 0.75]
    """
    chosen = logits[list(options)].astype(np.float64)
    exponentials = np.exp(chosen - chosen.max())
    return [float(probability) for probability in exponentials / exponentials.sum()]
