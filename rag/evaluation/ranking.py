"""Measures of a ranked list: which places hold what is wanted -> a number from 0 to 1. Knows no gold, no articles.

A list is given as its places in order, True where a place holds something wanted, each wanted thing once; `wanted` is how many
there are in all. The definitions are those of TREC's evaluation with relevance 0 or 1; `tests/test_ranking.py` compares them.
"""

import math
from collections.abc import Sequence


def hits_at(k: int, places: Sequence[bool]) -> float:
    """1 if any of the first k places holds something wanted.

    >>> hits_at(3, [False, False, True]), hits_at(2, [False, False, True])
    (1.0, 0.0)
    """
    return float(any(places[:k]))


def precision_at(k: int, places: Sequence[bool]) -> float:
    """The share of the first k places that hold something wanted; places that are missing count as wrong.

    >>> precision_at(4, [True, False, True])
    0.5
    """
    return sum(places[:k]) / k


def recall_at(k: int, places: Sequence[bool], wanted: int) -> float:
    """The share of what is wanted that stands in the first k places.

    >>> recall_at(3, [True, False, False, True], 2)
    0.5
    """
    return sum(places[:k]) / wanted


def reciprocal_rank(places: Sequence[bool]) -> float:
    """1 / the first place that holds something wanted, 0 where none does; its mean over questions is MRR.

    >>> reciprocal_rank([False, True, True])
    0.5
    """
    return next((1 / place for place, held in enumerate(places, 1) if held), 0.0)


def average_precision(places: Sequence[bool], wanted: int) -> float:
    """The precision at each place that holds something wanted, summed and divided by what is wanted; its mean is MAP.

    Wanted things in places 1 and 4 of two: (1/1 + 2/4) / 2.

    >>> average_precision([True, False, False, True], 2)
    0.75
    """
    return sum(precision_at(place, places) for place, held in enumerate(places, 1) if held) / wanted


def ndcg_at(k: int, places: Sequence[bool], wanted: int) -> float:
    """The sum of 1 / log2(1 + place) over the first k places that hold something wanted, divided by the best that it could be.

    One thing wanted, in place 3: (1 / log2(4)) / (1 / log2(2)).

    >>> ndcg_at(10, [False, False, True], 1)
    0.5
    """
    gained = sum(1 / math.log2(1 + place) for place, held in enumerate(places[:k], 1) if held)
    return gained / sum(1 / math.log2(1 + place) for place in range(1, min(k, wanted) + 1))
