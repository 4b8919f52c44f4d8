"""Measures of ranked lists, as TREC defines them for relevance 0 or 1.

A list is given as `relevant`: for each rank, True if it holds a relevant item, each item once. `total` is the
number of relevant items there are. `tests/test_ranking.py` compares every measure with TREC's own code.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def hits_at(k: int, relevant: Sequence[bool]) -> float:
    """Return 1 if any of the first k ranks is relevant, else 0.

    >>> hits_at(3, [False, False, True]), hits_at(2, [False, False, True])
    (1.0, 0.0)
    """
    return float(any(relevant[:k]))


def precision_at(k: int, relevant: Sequence[bool]) -> float:
    """Return relevant ranks / k over the first k ranks; missing ranks count as not relevant.

    >>> precision_at(4, [True, False, True])
    0.5
    """
    return sum(relevant[:k]) / k


def recall_at(k: int, relevant: Sequence[bool], total: int) -> float:
    """Return relevant ranks among the first k / total.

    >>> recall_at(3, [True, False, False, True], 2)
    0.5
    """
    return sum(relevant[:k]) / total


def reciprocal_rank(relevant: Sequence[bool]) -> float:
    """Return 1 / the first relevant rank, 0 without one; its mean over questions is MRR.

    >>> reciprocal_rank([False, True, True])
    0.5
    """
    return next((1 / rank for rank, held in enumerate(relevant, 1) if held), 0.0)


def average_precision(relevant: Sequence[bool], total: int) -> float:
    """Return the sum of the precision at each relevant rank / total; its mean over questions is MAP.

    Two relevant items, at ranks 1 and 4: (1/1 + 2/4) / 2.

    >>> average_precision([True, False, False, True], 2)
    0.75
    """
    return sum(precision_at(rank, relevant) for rank, held in enumerate(relevant, 1) if held) / total


def ndcg_at(k: int, relevant: Sequence[bool], total: int) -> float:
    """Return the sum of 1 / log2(1 + rank) over the relevant ranks up to k, divided by the best possible sum.

    One relevant item, at rank 3: (1 / log2(4)) / (1 / log2(2)).

    >>> ndcg_at(10, [False, False, True], 1)
    0.5
    """
    gained = sum(1 / math.log2(1 + rank) for rank, held in enumerate(relevant[:k], 1) if held)
    return gained / sum(1 / math.log2(1 + rank) for rank in range(1, min(k, total) + 1))


def label_auc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Return `roc_auc` of the scores labelled true against those labelled false.

    >>> label_auc([True, True, False], [0.9, 0.4, 0.4])
    0.75
    """
    table = np.array(scores)
    return roc_auc(table[np.array(labels, bool)], table[~np.array(labels, bool)])


def roc_auc(positive: ArrayLike, negative: ArrayLike) -> float:
    """Return the area under the ROC curve: the share of pairs in which the positive scores higher.

    A tie counts half. Of these four pairs three are in order and one is a tie: (3 + 1/2) / 4.

    >>> roc_auc([0.9, 0.8], [0.8, 0.1])
    0.875
    """
    ordered = np.sort(negative)
    wins = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(wins.mean()) / 2 / len(ordered)
