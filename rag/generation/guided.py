"""Constrained decoding on a server: grammars for "[n] words", and the probability of each number.

llama.cpp's grammars (GBNF, https://github.com/ggml-org/llama.cpp/tree/master/grammars) are what its own
servers and vLLM's guided decoding read. They allow the same answers as `rag.generation.decoding`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from rag.generation.decoding import word_pieces

# How servers are given a grammar: llama.cpp's, vLLM since 0.11 and vLLM before it.
GUIDES = ("grammar", "structured_outputs", "guided_grammar")
_TOP_LOGPROBS = 20  # limit of OpenAI's interface
_NUMBER = re.compile(r"\s*\[(\d)\]?\s*")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server can do: give the probabilities of tokens, and be guided by a grammar (see `GUIDES`)."""

    logprobs: bool = False
    guide: str = ""

    def request(self, grammar: str) -> dict[str, Any]:
        """Return the fields of a request that use these abilities.

        >>> Abilities(guide="structured_outputs").request('root ::= "[0]"')
        {'extra_body': {'structured_outputs': {'grammar': 'root ::= "[0]"'}}}
        """
        fields: dict[str, Any] = {"logprobs": True, "top_logprobs": _TOP_LOGPROBS} if self.logprobs else {}
        if self.guide and grammar:
            nested = self.guide == "structured_outputs"
            fields["extra_body"] = {self.guide: {"grammar": grammar} if nested else grammar}
        return fields


def number_grammar(numbers: Iterable[int]) -> str:
    """Return the grammar of one of these numbers of a sentence; 0 is a refusal.

    >>> number_grammar([1, 2, 3])
    'root ::= "[" [123] "]"'
    """
    return f'root ::= "[" [{"".join(map(str, numbers))}] "]"'


def words_grammar(sentences: Sequence[str], number: int) -> str:
    """Return the grammar of "[number] words", where the words are a run of whole words of that sentence.

    A second line may follow, with words of another sentence: an answer for two days has two.

    >>> print(words_grammar(["It rose.", "To 4,000 cars."], 2))
    root ::= line2 ("\\n" (line1))?
    line1 ::= "[1]" (s1x0 | s1x1)
    s1x0 ::= " It" s1x1?
    s1x1 ::= " rose" s1x2?
    s1x2 ::= "."
    line2 ::= "[2]" (s2x0 | s2x1 | s2x2)
    s2x0 ::= " To" s2x1?
    s2x1 ::= " 4,000" s2x2?
    s2x2 ::= " cars" s2x3?
    s2x3 ::= "."
    """
    others = " | ".join(f"line{n}" for n in range(1, len(sentences) + 1) if n != number)
    rules = [f'root ::= line{number} ("\\n" ({others}))?' if others else f"root ::= line{number}"]
    for n, sentence in enumerate(sentences, 1):
        pieces = word_pieces(sentence)
        begins = " | ".join(f"s{n}x{k}" for k, piece in enumerate(pieces) if piece[0].isspace())
        rules.append(f'line{n} ::= "[{n}]" ({begins})')
        for k, piece in enumerate(pieces):
            rest = f" s{n}x{k + 1}?" if k + 1 < len(pieces) else ""
            rules.append(f"s{n}x{k} ::= {json.dumps(piece, ensure_ascii=False)}{rest}")
    return "\n".join(rules)


def number_probabilities(tokens: Sequence[Mapping[str, Any]], options: int) -> list[float]:
    """Return the probability of each number from 0 among themselves, from the log-probabilities of tokens.

    `tokens` are those of OpenAI's `logprobs.content`, for an answer that begins with "[n]" in any pieces.
    The list is empty if no number is among the alternatives of any of them.

    >>> likely = [{"token": token, "logprob": value} for token, value in (("2", -0.1), ("0", -2.3))]
    >>> found = number_probabilities([{"token": "["}, {"token": "2", "top_logprobs": likely}], 3)
    >>> [round(share, 2) for share in found]
    [0.1, 0.0, 0.9]
    """
    before = ""
    for token in tokens:
        shares = [0.0] * options
        for other in token.get("top_logprobs") or ():
            found = _NUMBER.fullmatch(before + str(other["token"]))
            if found and int(found[1]) < options:
                shares[int(found[1])] += exp(float(other["logprob"]))
        if total := sum(shares):
            return [share / total for share in shares]
        before += str(token.get("token", ""))
    return []
