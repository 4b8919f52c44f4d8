"""Risk against coverage: how much of what is answered is wrong, if the least certain are refused.

A question is (confidence, wrong), wrong from 0 to 1. Coverage is the share of questions that are answered,
risk the share of those that are wrong (El-Yaniv and Wiener 2010; AURC: Geifman et al. 2019).
"""

from collections.abc import Sequence
from itertools import groupby
from statistics import mean

Scored = tuple[float, float]


def risk_coverage(scored: Sequence[Scored]) -> list[tuple[float, float]]:
    """Return (coverage, risk) for each number of questions answered, the most certain first.

    Questions of one confidence come in no order, so each counts as their mean.

    >>> risk_coverage([(0.9, 0.0), (0.1, 1.0)])
    [(0.5, 0.0), (1.0, 0.5)]
    """
    curve, wrong, answered = [], 0.0, 0
    ordered = sorted(scored, key=lambda item: -item[0])
    for _, group in groupby(ordered, key=lambda item: item[0]):
        tied = [item[1] for item in group]
        for _ in tied:
            wrong += mean(tied)
            answered += 1
            curve.append((answered / len(scored), wrong / answered))
    return curve


def aurc(scored: Sequence[Scored]) -> float:
    """Return the area under the risk-coverage curve: the mean risk over all coverages, lower is better.

    Risks 0 and 1/2 at coverages 1/2 and 1: 1/4.

    >>> aurc([(0.9, 0.0), (0.1, 1.0)])
    0.25
    """
    return mean(risk for _, risk in risk_coverage(scored))


def oracle_aurc(scored: Sequence[Scored]) -> float:
    """Return the area if every wrong answer were less certain than every right one.

    >>> oracle_aurc([(0.1, 0.0), (0.9, 1.0)])
    0.25
    """
    return aurc([(-wrong, wrong) for _, wrong in scored])


def random_aurc(scored: Sequence[Scored]) -> float:
    """Return the area that any order without knowledge has on average: the share that is wrong.

    >>> random_aurc([(0.9, 0.0), (0.1, 1.0)])
    0.5
    """
    return mean(wrong for _, wrong in scored)
