"""What a trained reader may write: "[n] words", the number of a sentence and words that stand in it. Knows tokens and their pieces; no model.

Number first, since all that follows hangs on it: one step of the model gives the chance of each sentence, and that none answers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

EXCLUDED = -100.0  # a leaning that leaves no chance
# Fitted on the development half of the gold questions (docs/design.md has the trial): what a sentence's score in the ranking counts beside
# the log-odds that the reader gives it, and the chance up to which it is not sure of a sentence.
RANKING_WEIGHT, CONFIDENCE_THRESHOLD = 1.2, 0.3
# Where a word may end: not behind white space, not inside of a word (of other letters neither), not inside of a figure.
_END = re.compile(rb"(?<!\s)(?!(?<=[\w\x80-\xff])[\w\x80-\xff])(?!(?<=\d)[.,]\d)(?!(?<=\d[.,])\d)")


@dataclass(frozen=True, slots=True)
class SentenceTokens:
    """Tokens of one sentence, which of them begin a word, and behind which of them one ends.

    What is written is a run of them from word to word: no half figure, no other name.
    """

    tokens: tuple[int, ...]
    begins: tuple[bool, ...]
    ends: tuple[bool, ...]

    @classmethod
    def of(cls, tokens: Sequence[int], pieces: Sequence[bytes]) -> "SentenceTokens":
        """From a sentence's tokens and the bytes that each stands for; one that starts with white space begins a word, as the first does.

        >>> Span.of([5, 6, 7, 8, 9], [b" 4", b",", b"000", b" cars", b"."]).ends
        (False, False, True, True, True)
        """
        text, begins = (
            b"".join(pieces),
            tuple(n == 0 or piece[:1].isspace() for n, piece in enumerate(pieces)),
        )
        return cls(
            tuple(tokens), begins, tuple(bool(_END.match(text, at)) for at in accumulate(map(len, pieces)))
        )

    def next_tokens(self, written: Sequence[int]) -> tuple[set[int], bool]:
        """The tokens that may come behind those `written` so far, and whether these may end here.

        >>> span = SentenceTokens((5, 6, 7, 5, 8), (True, False, True, True, True), (False, True, True, True, True))
        >>> [(sorted(tokens), may_end) for tokens, may_end in map(span.following, ([], [5], [5, 6]))]
        [([5, 7, 8], True), ([6, 8], True), ([7], True)]
        """
        many = len(written)
        behind = [
            n + many
            for n, begins in enumerate(self.begins)
            if begins and self.tokens[n : n + many] == tuple(written)
        ]
        return {self.tokens[n] for n in behind if n < len(self.tokens)}, not many or any(
            self.ends[n - 1] for n in behind
        )


def probabilities(logits: NDArray[np.float32], options: Sequence[int]) -> list[float]:
    """The probabilities of some tokens among themselves.

    >>> [round(chance, 2) for chance in probabilities(np.array([0.0, 9.0, np.log(3)]), [0, 2])]
    [0.25, 0.75]
    """
    own = logits[list(options)].astype(np.float64)
    likely = np.exp(own - own.max())
    return [float(chance) for chance in likely / likely.sum()]
