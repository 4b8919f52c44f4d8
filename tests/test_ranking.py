"""The measures compared with the reference implementations: TREC's for ranked lists, SQuAD's for texts."""

import random

import pytest
import pytrec_eval
from torchmetrics.functional.text import squad

from rag.evaluation.measures import answers as measures
from rag.evaluation.measures import ranking

TRIALS = 1000


def test_ranking_measures_equal_trecs() -> None:
    draw = random.Random(7)
    for trial in range(TRIALS):
        things = [str(n) for n in range(draw.randint(2, 30))]
        wanted = set(draw.sample(things, draw.randint(1, len(things))))
        found = draw.sample(things, draw.randint(1, len(things)))
        names = {"map", "recip_rank", "P.3", "recall.3", "ndcg_cut.10", "success.5"}
        reference = pytrec_eval.RelevanceEvaluator(
            {"q": {thing: int(thing in wanted) for thing in things}}, names
        ).evaluate({"q": {thing: float(len(found) - n) for n, thing in enumerate(found)}})["q"]
        relevant = [thing in wanted for thing in found]
        ours = {
            "map": ranking.average_precision(relevant, len(wanted)),
            "recip_rank": ranking.reciprocal_rank(relevant),
            "P_3": ranking.precision_at(3, relevant),
            "recall_3": ranking.recall_at(3, relevant, len(wanted)),
            "ndcg_cut_10": ranking.ndcg_at(10, relevant, len(wanted)),
            "success_5": ranking.hits_at(5, relevant),
        }
        assert ours == pytest.approx(reference), (trial, found, wanted)


def test_text_measures_equal_squads() -> None:
    draw = random.Random(7)
    pieces = [
        "the",
        "A",
        "ferry",
        "Ferries",
        "34",
        "million,",
        "per-cent",
        "(new)",
        "Zürich",
        "isn't",
        "$5.2",
        "an",
        "–",
        "“quay”",
        " ",
    ]
    for _ in range(TRIALS):
        text = " ".join(draw.choices(pieces, k=draw.randint(0, 8)))
        wordings = [" ".join(draw.choices(pieces, k=draw.randint(1, 5))) for _ in range(draw.randint(1, 3))]
        reference = squad(
            [{"prediction_text": text, "id": "1"}],
            [{"answers": {"answer_start": [0] * len(wordings), "text": wordings}, "id": "1"}],
        )
        assert 100 * measures.exact_match(text, wordings) == pytest.approx(
            float(reference["exact_match"]), abs=1e-3
        ), (text, wordings)
        assert 100 * measures.f1(text, wordings) == pytest.approx(float(reference["f1"]), abs=1e-3), (
            text,
            wordings,
        )
