"""The controls: what each system shows on a small collection, and which figures of a run they reach."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, article

from embeddings.library import Library
from rag.assistant import Assistant
from rag.cli.measure import CONTROL_NAMES
from rag.evaluation.controls.files import (
    controls_file,
    controls_rows,
    load_controls,
    reached_by,
    save_control,
)
from rag.evaluation.controls.recipe import NewcomerRecipe, QuestionAlone
from rag.evaluation.controls.systems import (
    CONTROLS,
    BestPassage,
    BestSentence,
    SwappedEvidence,
    control_model,
    swap_questions,
)
from rag.evaluation.gold.questions import EvaluationError, GoldQuestion, GoldQuote
from rag.evaluation.measures import answers as measures
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever
from rag.settings import Settings

FERRY = article(
    "The harbour office named a builder on Monday. The new ferry costs 34 million crowns. It sails in May.",
    "Ferry for Alder Bay",
    origin="/x/ferry.md",
)
DAM = article(
    "Rain fell for nine days. The Tarrow dam holds 18 million cubic metres of water. Its gates stay shut.",
    "Tarrow dam is full",
    origin="/x/dam.md",
)
MUSEUM = article(
    "The museum of Brannock opens again. Its roof was repaired by 40 carpenters. Entry is free on Sunday.",
    "Museum opens again",
    origin="/x/museum.md",
)
QUESTIONS = [
    GoldQuestion(
        "f",
        "How much does the new ferry cost?",
        "fact",
        (("34 million",),),
        (GoldQuote("ferry", "The new ferry costs 34 million crowns."),),
    ),
    GoldQuestion(
        "d",
        "How much water does the Tarrow dam hold?",
        "fact",
        (("18 million",),),
        (GoldQuote("dam", "The Tarrow dam holds 18 million cubic metres of water."),),
    ),
    GoldQuestion(
        "m",
        "How many carpenters repaired the museum's roof?",
        "fact",
        (("40",),),
        (GoldQuote("museum", "repaired by 40 carpenters"),),
    ),
]


@pytest.fixture
def assistant(library: Library) -> Assistant:
    """An assistant over three articles, without a model."""
    for item in (FERRY, DAM, MUSEUM):
        library.add(item, item.body, item.origin)
    return Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts())


def test_the_best_sentence_is_one_quote_and_the_best_passage_the_whole_body(assistant: Assistant) -> None:
    for gold in QUESTIONS:
        sentence = BestSentence(assistant).ask(gold.question)
        passage = BestPassage(assistant).ask(gold.question)
        assert measures.right(gold, sentence) == measures.right(gold, passage) == 1.0
        assert measures.citation_recall(gold, sentence) == measures.citation_recall(gold, passage) == 1.0
        (quote,), (whole,) = sentence.citations, passage.citations
        assert quote.verified and whole.verified and len(quote.quote) < len(whole.quote)
        assert whole.quote == whole.article.body
    nothing = "What do the papers say about otters in Peru?"
    assert BestSentence(assistant).ask(nothing).statements  # neither ever refuses


def test_swapped_evidence_is_never_of_the_questions_own_articles(assistant: Assistant) -> None:
    swapped = SwappedEvidence(assistant, Prompts(), QUESTIONS)
    for gold in QUESTIONS:
        hits = swapped.search(gold.question)
        assert hits and not any(measures.relevance(gold, [hit.passage.article for hit in hits]))
        answer = swapped.ask(gold.question)
        assert (
            measures.right(gold, answer) == 0.0 and measures.right(gold, assistant.ask(gold.question)) == 1.0
        )
        assert all(citation.verified for citation in answer.citations)
    assert swap_questions(QUESTIONS) == swap_questions(QUESTIONS)  # seeded
    assert all(swap_questions(QUESTIONS)[gold.question] != gold for gold in QUESTIONS)
    with pytest.raises(EvaluationError, match="add questions to the gold file"):
        swap_questions(QUESTIONS[:1])


def test_the_recipe_reads_chunks_and_the_question_alone_reads_nothing(
    assistant: Assistant, base_model: AnswerModel
) -> None:
    chat = base_model.chat
    assert chat is not None
    recipe = NewcomerRecipe(assistant.library, chat)
    gold = QUESTIONS[0]
    assert recipe.search(gold.question, 1)[0].passage.text == FERRY.body
    answer = recipe.ask(gold.question)
    assert {item.article.id for item in answer.evidence} == {FERRY.id, DAM.id, MUSEUM.id}
    assert answer.status in ("answered", "unanswerable") and answer.timings.total
    blind = QuestionAlone(assistant.library, chat)
    assert not blind.search(gold.question) and not blind.ask(gold.question).citations
    echo = QuestionAlone(assistant.library, None).ask("Does the ferry cost 34 million?")
    assert measures.right(gold, echo) == 1.0  # a wording that stands in the question counts against the gold


def test_each_control_has_its_model(tmp_path: Path) -> None:
    assert tuple(CONTROLS) == CONTROL_NAMES
    settings = Settings(model="none", cache=tmp_path)
    for control in CONTROLS.values():
        if control.name != "recipe-larger":
            assert control_model(control, settings).chat is None


def commands(*arguments: object, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATELINE_DATA": str(data), "OMP_NUM_THREADS": "1", **variables}
    command = [sys.executable, "-m", "rag", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_one_command_measures_controls_beside_the_run(assistant: Assistant, tmp_path: Path) -> None:
    gold, out = tmp_path / "gold.jsonl", tmp_path / "out.json"
    lines = [
        {
            "id": item.id,
            "question": item.question,
            "answers": [list(wordings) for wordings in item.answers],
            "evidence": [{"article": quote.article, "quote": quote.quote} for quote in item.evidence],
        }
        for item in QUESTIONS
    ]
    gold.write_text("\n".join(map(json.dumps, lines)))
    data = tmp_path / "data"  # the fixture's collection
    run = commands(gold, "--out", out, data=data, DATELINE_MODEL="none")
    assert run.returncode == 0, run.stderr
    names = [
        option for name in ("best-sentence", "swapped", "recipe-larger") for option in ("--control", name)
    ]
    done = commands(
        gold, "--out", out, *names, data=data, DATELINE_MODEL="none", DATELINE_CACHE=str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "skipped: " in done.stdout and "dateline reader get standard" in done.stdout
    measured = json.loads(out.read_text())
    controls = load_controls(out, measured)
    assert list(controls) == ["best-sentence", "swapped", "recipe-larger"]
    assert controls["best-sentence"]["summary"]["all"]["right"] == 1.0
    assert controls["swapped"]["summary"]["all"]["right"] == 0.0
    assert reached_by(measured, controls)["right"] == ["best-sentence"]
    assert not list(tmp_path.glob("*.unfinished"))
    report = commands("report", out, data=data)
    assert report.returncode == 0, report.stderr
    page, text = out.with_suffix(".html").read_text(), out.with_suffix(".md").read_text()
    for part in ("<td>1.0*</td>", "best-sentence: the best sentence, quoted", "recipe-larger was skipped"):
        assert part in page, part
    assert "| right | 1.0* | 1.0 and 1.0 | 1.0* | 0.0 |" in text
    out.with_name("out.controls.json").rename(tmp_path / "kept.json")
    assert commands("report", out, data=data).returncode == 0
    assert "No control was asked" in out.with_suffix(".html").read_text()
    (tmp_path / "kept.json").rename(out.with_name("out.controls.json"))
    (head, *rows) = controls_rows(measured, controls)
    assert head[3:] == ("best-sentence", "swapped")  # one that was skipped has no column
    assert ("right", "1.0*", "1.0 and 1.0", "1.0*", "0.0") in rows
    other = {**measured, "gold": {"file": "x", "sha256": "0"}}
    assert load_controls(out, other) == {}
    with pytest.raises(EvaluationError, match="other questions or another collection"):
        save_control(controls_file(out), "swapped", {}, other)


def test_of_a_measure_where_less_is_better_a_control_reaches_what_is_as_low() -> None:
    run = {"intervals": {"outdated answers": [0.0, 0.2], "right": [0.5, 0.7]}}
    low = {"summary": {"all": {"outdated answers": 0.1, "right": 0.49}}}
    high = {"summary": {"all": {"outdated answers": 0.3, "right": 0.9}}}
    assert reached_by(run, {"swapped": low, "recipe": high}) == {
        "outdated answers": ["swapped"],
        "right": ["recipe"],
    }
    half = {"summary": {"development half": {"right": 0.9}}}
    assert reached_by(run, {"recipe": half}) == {}  # other questions than all of them
    run = {"intervals": {"MRR": [0.5, 0.7], "written": [0.0, 0.1]}}
    found = {"summary": {"all": {"MRR": 0.6, "written": 1.0}}}
    assert reached_by(run, {"quotes": found, "recipe": found}) == {"MRR": ["recipe"]}  # the same search
