"""What a run records of its conditions, and that committed results name commits of this repository."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from embeddings.reranker import WEIGHTS_SHA256
from rag.assistant import Assistant
from rag.evaluation.runs import provenance
from rag.evaluation.runs.provenance import deciding_constants, different_conditions, run_conditions
from rag.verification.answerability import ANSWER_THRESHOLD, ANSWERABILITY_WEIGHTS

GOLD = ROOT / "corpus/gold.jsonl"


def test_conditions_name_models_constants_and_the_collection(quoting: Assistant) -> None:
    conditions = run_conditions(quoting, GOLD)
    assert conditions["files"]["reranker"] == WEIGHTS_SHA256 and conditions["files"]["model"] is None
    assert conditions["collection"]["earliest"] < conditions["collection"]["latest"]
    assert "Meridian Wire" in conditions["collection"]["publishers"]
    assert conditions == json.loads(json.dumps(conditions))  # or a journal would never be continued
    assert list(different_conditions(conditions, run_conditions(quoting, GOLD))) == []


def test_every_number_that_decides_is_recorded() -> None:
    constants = deciding_constants()
    module = "rag.verification.answerability"
    assert constants[f"{module}.ANSWER_THRESHOLD"] == ANSWER_THRESHOLD
    assert constants[f"{module}.ANSWERABILITY_WEIGHTS"] == ANSWERABILITY_WEIGHTS.tolist()
    assert constants[f"{module}._DENIAL_MARGIN"] == 1.5  # one of two that are set in one line
    assert constants["corpus.store.searching.WORD_WEIGHTS"] and len(constants) > 60


def test_a_changed_prompt_in_a_folder_changes_the_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = provenance.prompts_hash()
    copied = shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    monkeypatch.setattr(provenance, "PROMPTS_FOLDER", copied)
    assert provenance.prompts_hash() == before
    for name in ("trained/question.txt", "writing/examples.jsonl"):
        (copied / name).write_text((copied / name).read_text() + " ")
        assert provenance.prompts_hash() != before
        before = provenance.prompts_hash()


def test_conditions_differ_by_the_name_of_what_differs(quoting: Assistant) -> None:
    conditions = run_conditions(quoting, GOLD)
    other = {**conditions, "thresholds": {**conditions["thresholds"], "rag.limits.X": 1}, "scoring": 0}
    assert list(different_conditions(conditions, other)) == ["scoring", "thresholds: rag.limits.X"]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "rag/evaluation/results").glob("*.json")), ids=lambda file: file.stem
)
def test_committed_results_name_a_commit_of_this_repository(file: Path) -> None:
    run = json.loads(file.read_text())
    commit = run.get("commit") if isinstance(run, dict) and "dirty" in run else None
    if commit is None:
        pytest.skip("it was measured before runs recorded their conditions")
    if not (ROOT / ".git").exists():
        pytest.skip("no repository")
    command = ["git", "merge-base", "--is-ancestor", commit, "HEAD"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0, commit
    assert run["dirty"] is False
