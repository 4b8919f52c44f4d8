"""The retrieval measures by hand, and the whole run on a small set of the same form."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SHARED, needs_shared

from embeddings.library import Library
from rag.evaluation.gold.questions import read_gold
from rag.evaluation.measures.ranking import label_auc, roc_auc
from rag.evaluation.retrieval.ablations import ABLATIONS, evaluate_retrieval, retrieval_table, save_retrieval
from rag.evaluation.retrieval.multihop import (
    ARTICLES_FILE,
    QUESTIONS_FILE,
    DatasetError,
    RetrievalMeasures,
    contains_fact,
    load_articles,
    load_questions,
    measure_retrieval,
)
from rag.evaluation.retrieval.perturbed import PERTURBATIONS, measure_perturbations
from rag.retrieval.search import Retriever

ROOT = Path(__file__).parent.parent


def test_measures_of_facts_at_known_ranks() -> None:
    """Two facts, met at ranks 2 and 5: MAP is (1/2 + 1/5) / 2; a fact that is met again counts once."""
    passages = ["x", "has fact  one", "fact one again", "y", "fact\ntwo", "z"]
    assert measure_retrieval(("fact one", "fact two"), passages) == RetrievalMeasures(1.0, 1.0, 0.35, 0.5)
    assert measure_retrieval(("fact two",), passages) == RetrievalMeasures(1.0, 0.0, 0.2, 0.2)
    assert measure_retrieval(("fact three",), passages) == RetrievalMeasures(0.0, 0.0, 0.0, 0.0)
    assert measure_retrieval(("late",), ["x"] * 10 + ["late"]) == RetrievalMeasures(0.0, 0.0, 0.0, 0.0)
    assert contains_fact("Mr. A said", "what Mr.A\nsaid of it") and not contains_fact("5,200", "5200")


def test_area_under_the_curve() -> None:
    assert roc_auc([3, 2], [1, 0]) == 1.0 and roc_auc([0], [1]) == 0.0 and roc_auc([1], [1]) == 0.5
    scores = np.random.default_rng(0).integers(0, 40, 500) / 40  # with many ties
    labels = np.random.default_rng(1).random(500) < 0.3
    binary_auroc = pytest.importorskip("torchmetrics.functional.classification").binary_auroc
    expected = float(binary_auroc(torch.from_numpy(scores), torch.from_numpy(labels)))
    assert label_auc(labels.tolist(), scores.tolist()) == pytest.approx(expected, abs=1e-6)


def small_set(folder: Path) -> Path:
    """Four articles, two of them evidence with publisher and date, one question on them and one on nothing."""
    facts = ("The yard at Corvane built the ferry.", "The council paid for the quay with a loan.")
    known = {
        "source": "The Gull",
        "published_at": "2023-10-01T10:00:00+00:00",
        "author": None,
        "category": "news",
        "url": None,
    }
    bodies = [
        (facts[0], known),
        (facts[1], known),
        ("Otters swim in the bay and eat fish.", {}),
        ("The tax was raised again by a tenth.", {}),
    ]
    entries = [
        {
            "id": n,
            "title": f"News {n}",
            "body": f"{body} Nobody was surprised.",
            **dict.fromkeys(known),
            **extra,
        }
        for n, (body, extra) in enumerate(bodies)
    ]
    asked = [
        {
            "id": 1,
            "query": "Who built the ferry, according to The Gull?",
            "evidence_list": [{"fact": facts[0]}],
        },
        {"id": 2, "query": "Who won the chess match in Iceland?", "evidence_list": []},
        {"id": 3, "query": "How did the council pay for the quay?", "evidence_list": [{"fact": facts[1]}]},
        {"id": 4, "query": "Who raised the quay with a loan?", "evidence_list": [{"fact": facts[1]}]},
    ]
    folder.mkdir()
    for name, rows in ((ARTICLES_FILE, entries), (QUESTIONS_FILE, asked)):
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row)}\n" for row in rows)
    return folder


def test_evaluate_retrieval_measures_both_collections_and_each_ablation(tmp_path: Path) -> None:
    folder = small_set(tmp_path / "set")
    assert {question.swept for question in load_questions(folder)} == {True, False}
    rows = list(evaluate_retrieval(folder, tmp_path / "work", lambda items, total, unit: items))
    names = ["Dateline", *ABLATIONS]
    assert [(row.collection, row.name) for row in rows] == [
        ("all", "newcomer's recipe"), *(("all", name) for name in names), *(("dated", name) for name in names),
    ]  # fmt: skip
    dateline = {row.collection: row for row in rows if row.name == "Dateline"}
    assert (
        dateline["all"].all == dateline["dated"].all == RetrievalMeasures(1.0, 1.0, 1.0, 1.0)
        and dateline["all"].null_auc == 1.0
    )
    for row in rows:
        for half, measures in (("all", row.all), ("swept", row.swept), ("unseen", row.unseen)):
            low, high = row.intervals[half]["mrr_10"]
            assert low <= measures.mrr_10 <= high and row.questions[half] <= row.questions["all"]
    again = list(evaluate_retrieval(folder, tmp_path / "work", lambda items, total, unit: items))
    assert [(row.name, row.all) for row in again] == [(row.name, row.all) for row in rows]
    save_retrieval(tmp_path / "rows.json", rows)
    assert (
        len(json.loads((tmp_path / "rows.json").read_text())["rows"])
        == len(rows)
        == retrieval_table(rows).count("\n") - 1
    )


def test_folder_without_the_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"corpus\.jsonl\.gz"):
        load_articles(tmp_path)


@needs_shared
def test_public_set_is_read() -> None:
    folder = SHARED / "data/multihop_rag"
    assert (
        len(load_articles(folder)) == 609
        and len([question for question in load_questions(folder) if question.facts]) == 233
    )


def test_perturbed_questions_lose_little(sample: Library) -> None:
    """The bound is the project's goal: three points, or one question where that is more."""
    rows = measure_perturbations(Retriever(library=sample), read_gold(ROOT / "corpus/gold.jsonl"))
    assert {row.name for row in rows} == {perturb.__name__ for perturb in PERTURBATIONS}
    assert sum(row.questions >= 30 for row in rows) >= 2
    for row in rows:
        bound = max(0.03, 1 / row.questions) + 0.001  # the means are rounded
        assert row.article_3 >= row.article_3_before - bound and row.mrr >= row.mrr_before - bound, row
