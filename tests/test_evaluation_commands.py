"""The evaluation commands (check, propose, compare, report, sweep, convert) on files and a real collection."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, SHARED, article, needs_shared
from test_cli import run

from corpus.article import PartialDate
from corpus.store.database import Store
from corpus.store.documents import FileDocument
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.assistant import Assistant
from rag.evaluation.controls.files import load_controls
from rag.evaluation.gold.check import find_mistakes
from rag.evaluation.gold.convert import SET_FORMATS, convert, save_converted
from rag.evaluation.gold.propose import draft_questions
from rag.evaluation.gold.questions import EvaluationError, GoldQuestion, GoldQuote, read_gold
from rag.evaluation.measures.failures import MISREAD
from rag.evaluation.reports.report import html_report, markdown_report
from rag.evaluation.runs.compare import (
    DECISIVE_MEASURES,
    compare,
    comparison_table,
    holm,
    permutation_p_value,
)
from rag.evaluation.runs.files import Journal, build_run, load_run, save_run
from rag.evaluation.runs.run import QuestionResult, evaluate
from rag.evaluation.runs.sweep import SweepPoint, parse_grid, sweep_plot, sweep_table
from rag.query.followups import Turn

FERRY = article(body="The ferry costs 34 million crowns. It sails in May.", origin="/x/ferry.md")
GOLD = GoldQuestion(
    "1",
    "What does it cost?",
    "fact",
    (("34 million",),),
    (GoldQuote("ferry", "costs 34 million crowns"),),
    line=1,
)
CONDITIONS = {
    "commit": "c",
    "model": "none",
    "settings": {"hits": 8},
    "gold": {"file": "gold.jsonl", "sha256": "0"},
    "collection": {"articles": 1, "sha256": "0"},
    "prompts": "0",
}


@pytest.fixture(scope="module")
def results(quoting: Assistant) -> list[QuestionResult]:
    return list(evaluate(quoting, read_gold(ROOT / "corpus/gold.jsonl")[:16]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (replace(GOLD, evidence=(GoldQuote("boat", "costs 34 million"),)), "no article is named “boat”"),
        (replace(GOLD, evidence=(GoldQuote("ferry", "costs 34 million pounds"),)), "is not in ferry"),
        (replace(GOLD, answers=(("35 million",),)), "none of the quoted words say “35 million”"),
        (replace(GOLD, must_not=("34 million",)), "must not be said"),
        (replace(GOLD, kind="unanswerable"), "has an answer"),
        (replace(GOLD, answers=(), evidence=()), "nothing says what a right answer holds"),
        (replace(GOLD, question="Does it cost 34 million?"), "the question itself says “34 million”"),
        (
            replace(GOLD, history=(Turn("assistant", "It costs 34 million crowns."),)),
            "the question itself says “34 million”",
        ),
        (replace(GOLD, draft=True), "draft"),
        (replace(GOLD, question=" "), "empty"),
        (
            replace(GOLD, as_of=((PartialDate(2018, 2, 13), PartialDate(2018, 3)),)),
            "the day 2018-03 lies after",
        ),
    ],
)
def test_mistakes_are_found(wrong: GoldQuestion, message: str) -> None:
    assert list(find_mistakes([GOLD], [FERRY])) == []
    ((line, what),) = find_mistakes([wrong], [FERRY])
    assert line == 1 and message in what


def test_repeated_question_is_a_mistake() -> None:
    again = replace(GOLD, question="what does it cost", line=2)
    assert [line for line, _ in find_mistakes([GOLD, again], [FERRY])] == [2]


def test_check_names_lines_and_exits_with_1(sample_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(
        '{"question": "a", "answers": ["1"]}\n\n{"question": "b", "answers": ["1"], "evidence": [{"article": "x", "quote": "1"}]}\n'
    )
    done = run("-m", "rag.evaluation", "check", str(file), data=sample_folder)
    assert (
        done.returncode == 1
        and done.stdout.startswith(f"{file}:3: no article is named “x”")
        and "1 mistake." in done.stderr
    )
    whole = run("-m", "rag.evaluation", "check", str(ROOT / "corpus/gold.jsonl"), data=sample_folder)
    assert whole.returncode == 0 and "145 questions, no mistakes." in whole.stderr


def test_drafts_ask_for_a_value_of_their_quote(sample_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "drafts.jsonl"
    assert run("-m", "rag.evaluation", "propose", "--out", str(out), data=sample_folder).returncode == 0
    store = Store(sample_folder)
    articles = store.articles()
    store.close()
    drafts = read_gold(out)
    assert len(drafts) > 48 and {mistake for _, mistake in find_mistakes(drafts, articles)} == {
        'it is a draft; word it as people ask, and remove "draft"'
    }
    assert all(
        "___" in draft.question
        and draft.answers[0][0] not in draft.question.split("“")[1].split("___")[0][-20:]
        for draft in drafts
    )
    assert (
        "nothing that was reviewed is lost"
        in run("-m", "rag.evaluation", "propose", "--out", str(out), data=sample_folder).stderr
    )
    assert list(draft_questions([article(body="It sails.")])) == []


def test_compare_finds_no_change_against_itself_and_reports_a_worse_run(
    results: list[QuestionResult], tmp_path: Path
) -> None:
    good = build_run(results, CONDITIONS)
    bad = build_run(
        [replace(result, right=0.0, failure="in evidence, misread", seconds=99.0) for result in results],
        CONDITIONS,
    )
    same, worse, better = compare(good, good), compare(good, bad), compare(bad, good)
    assert not same.gained and not same.lost and all(change.p == 1 for change in same.changes)
    fallen = [change.measure for change in worse.changes if change.significantly_worse(0.05)]
    assert (
        fallen == ["right", "seconds"] and "right" in DECISIVE_MEASURES and "seconds" not in DECISIVE_MEASURES
    )
    right = sum(result.right for result in results)
    assert len(worse.lost) == len(better.gained) == right and not any(
        c.significantly_worse(0.05) for c in better.changes if c.measure == "right"
    )
    files = tmp_path / "good.json", tmp_path / "bad.json"
    save_run(files[0], good)
    save_run(files[1], bad)
    done = run("-m", "rag.evaluation", "compare", *map(str, files), data=tmp_path)
    assert done.returncode == 1 and "Wrong now, right before" in done.stdout and "right" in done.stderr
    assert (
        run("-m", "rag.evaluation", "compare", *map(str, files), "--on", "MRR", data=tmp_path).returncode == 0
    )
    assert (
        'no measure "taste"'
        in run("-m", "rag.evaluation", "compare", *map(str, files), "--on", "taste", data=tmp_path).stderr
    )


def test_several_measures_are_corrected_by_holm_in_their_family(results: list[QuestionResult]) -> None:
    good = build_run(results, CONDITIONS)
    bad = build_run([replace(result, right=0.0) for result in results], CONDITIONS)
    found = compare(good, bad)
    (change,) = [item for item in found.changes if item.measure == "right"]
    assert change.corrected == pytest.approx(min(1, len(found.decisive) * change.p)) and change.p < 0.01
    alone = compare(good, bad, ["right"])
    (change,) = [item for item in alone.changes if item.measure == "right"]
    assert change.corrected == change.p and alone.decisive == ("right",)
    table = comparison_table(found, 0.05)
    assert f"Holm's method: over the {len(found.decisive)} measures that decide" in table
    assert holm([0.01, 0.04, 0.03, 0.005]) == [0.03, 0.06, 0.06, 0.02]  # statsmodels' multipletests, "holm"


def test_p_value_is_that_of_random_signs() -> None:
    assert permutation_p_value(np.array([1.0, -1.0] * 10)) == 1 and permutation_p_value(
        np.array([1.0] * 4)
    ) == pytest.approx(2 / 16, abs=0.02)
    assert permutation_p_value(np.array([1.0] * 3 + [0.0] * 200)) == pytest.approx(2 / 8, abs=0.02)


def test_runs_over_different_questions_are_not_compared(results: list[QuestionResult]) -> None:
    other = [replace(result, id=f"x{result.id}") for result in results]
    reworded = [replace(results[0], question="Another?")]
    for wrong, message in ((other, "no question in common"), (reworded, "worded differently")):
        with pytest.raises(EvaluationError, match=message):
            compare(build_run(results, CONDITIONS), build_run(wrong, CONDITIONS))


def test_report_holds_every_question_and_loads_nothing(results: list[QuestionResult]) -> None:
    hostile = replace(
        results[0],
        question="<script>alert(1)</script>",
        text='"><img src=x onerror=alert(1)>',
        failure=MISREAD,
        right=0.0,
    )
    run = build_run([hostile, *results[1:]], CONDITIONS)
    page, text = html_report(run), markdown_report(run)
    assert (
        "<script" not in page
        and "<img" not in page
        and "&lt;script&gt;" in page
        and "http" not in re.sub(r"http-equiv", "", page)
    )
    assert all(result.id in page for result in results) and page.count("<details>") > len(results)
    wrong = [result for result in (hostile, *results[1:]) if result.failure]
    assert (
        wrong
        and all(f"- {result.id}:" in text for result in wrong)
        and f"| right | {run['summary']['all']['right']} |" in text
    )


def test_report_shows_intervals_and_refusals_of_each_group(
    results: list[QuestionResult],
) -> None:
    refusing = [
        replace(result, refused=result.id in ("nato-01", "nato-02"), right=float(n % 2))
        for n, result in enumerate(results)
    ]
    run = build_run(refusing, CONDITIONS)
    page = html_report(run)
    low, high = run["group_intervals"]["fact"]["right"]
    assert (
        0 < low < run["summary"]["fact"]["right"] < high < 1
        and f"<small>{low:.2f}&ndash;{high:.2f}</small>" in page
    )
    (fact,) = re.findall(r"<tr><td>fact</td>.*?</tr>", page)
    assert fact.endswith("<td>2</td></tr>") and "<td>2014</td>" in page and "year/" not in page
    assert re.search(r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC", page)


@pytest.mark.parametrize(
    "page", sorted((ROOT / "rag/evaluation/results").glob("*.html")), ids=lambda page: page.stem
)
def test_committed_report_is_that_of_the_committed_run(page: Path) -> None:
    kept = page.with_suffix(".json")
    run = load_run(kept)
    assert html_report(run, load_controls(kept, run)) == page.read_text(), (
        f"run: dateline evaluate report rag/evaluation/results/{kept.name}"
    )


def test_short_report_holds_no_sentence_of_an_article(results: list[QuestionResult], tmp_path: Path) -> None:
    run_, out = build_run(results, CONDITIONS), tmp_path / "short.html"
    save_run(tmp_path / "run.json", run_)
    done = run(
        "-m",
        "rag.evaluation",
        "report",
        str(tmp_path / "run.json"),
        "--short",
        "--out",
        str(out),
        data=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    short = load_run(out.with_suffix(".json"))
    assert short["summary"] == run_["summary"] and [r["id"] for r in short["results"]] == [
        r["id"] for r in run_["results"]
    ]
    whole = re.findall(
        r"\w+", " ".join(quote["quote"] for result in run_["results"] for quote in result["shown"]["gold"])
    )
    runs = {" ".join(whole[n : n + 9]) for n in range(len(whole) - 8)}
    for file in (out, out.with_suffix(".json"), out.with_suffix(".md")):
        plain = re.findall(r"\w+", file.read_text())
        assert len(plain) > 100 and not runs & {" ".join(plain[n : n + 9]) for n in range(len(plain) - 8)}
    lost = run("-m", "rag.evaluation", "report", str(tmp_path / "run.json"), "--short", data=tmp_path)
    assert (
        lost.returncode == 2
        and "would write over" in lost.stderr
        and load_run(tmp_path / "run.json") == json.loads(json.dumps(run_))
    )


def test_interrupted_run_is_resumed(results: list[QuestionResult], tmp_path: Path) -> None:
    file = FileDocument(tmp_path / "run.unfinished")
    journal = Journal(file, CONDITIONS)
    assert journal.resume() == []
    list(journal.record(results[:5]))
    file.append('{"id": "half')  # killed while writing
    assert journal.resume() == results[:5] == journal.resume()
    other = {**CONDITIONS, "commit": "d", "settings": {"hits": 4}}
    with pytest.raises(EvaluationError, match=r"\(commit, settings: hits\); .* delete it to begin anew"):
        Journal(file, other).resume()
    assert journal.resume() == results[:5]


def test_file_without_a_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    for text in ("", "[]", "{}", '{"results": 1}'):
        file.write_text(text)
        with pytest.raises(EvaluationError, match="holds no run"):
            load_run(file)


def test_grid_values_have_the_type_of_their_setting() -> None:
    assert parse_grid(["hits=4,8", "words=0.7", "pairs=true,false"]) == {
        "hits": [4, 8],
        "words": [0.7],
        "pairs": [True, False],
    }
    for wrong in ("hits", "hits=", "hats=1", "hits=many", "pairs=1"):
        with pytest.raises(EvaluationError):
            parse_grid([wrong])


def test_sweep_measures_each_point(sample_folder: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text("\n".join((ROOT / "corpus/gold.jsonl").read_text().splitlines()[:3]))
    done = run(
        "-m", "rag.evaluation", "sweep", str(gold), "--over", "hits=1,8", "words=0.8", "--plot", str(tmp_path / "plot.svg"),
        data=sample_folder, DATELINE_MODEL="none",
    )  # fmt: skip
    assert (
        done.returncode == 0
        and "| hits 8, words 0.8 |" in done.stdout
        and "| hits 1, words 0.8 |" in done.stdout
    )
    assert (tmp_path / "plot.svg").read_text().count("<circle") == 2
    figures = {
        "right": 0.5,
        "evidence@3": 1.0,
        "citation recall": 1.0,
        "refusal precision": 0.0,
        "refusal recall": 0.0,
        "seconds": 2.0,
    }
    points = [
        SweepPoint({"hits": n}, {**figures, "right": n / 10, "seconds to evidence": None}) for n in (2, 6)
    ]
    assert sweep_table(points).index("hits 6") < sweep_table(points).index("hits 2") and "<svg" in sweep_plot(
        points
    )


@needs_shared
@pytest.mark.parametrize(
    ("form", "files"),
    [
        ("squad", ["squadshifts/new_wiki.jsonl.gz"]),
        ("clapnq", ["clapnq/clapnq_dev_answerable.jsonl.gz", "clapnq/clapnq_dev_unanswerable.jsonl.gz"]),
        ("multihop-rag", ["multihop_rag/corpus.jsonl.gz", "multihop_rag/queries_dev_with_evidence.jsonl.gz"]),
    ],
)
def test_public_set_converts_to_matching_articles_and_gold(
    form: str, files: list[str], tmp_path: Path, encoder: Encoder
) -> None:
    found = convert(form, [SHARED / "data" / file for file in files])
    asked = found.questions[:: max(1, len(found.questions) // 12)]
    named = {words["article"] for entry in asked for words in entry.get("evidence", ())}
    found.articles = {body: (name, entry) for body, (name, entry) in found.articles.items() if name in named}
    found.questions = asked
    save_converted(found, tmp_path / "articles.jsonl", tmp_path / "gold.jsonl")
    library = Library(Store(tmp_path / "data"), encoder)
    list(ingest(library, tmp_path / "articles.jsonl"))
    wrong = [
        mistake
        for _, mistake in find_mistakes(read_gold(tmp_path / "gold.jsonl"), library.store.articles())
        if "article" in mistake or "is not in" in mistake
    ]
    library.store.close()
    assert named and not wrong


# Lines of our own with the keys and shapes of the published files (RGB's three parts, RealtimeQA, SQuAD 2.0).
RGB = [
    {
        "id": 0,
        "query": "Who won?",
        "answer": "Ann",
        "positive": ["Ann won."],
        "negative": ["Ben lost."],
        "positive_wrong": ["Cy won."],
    },
    {"id": 1, "query": "Who won?", "answer": [["Ann", "Anna"]], "positive": ["Ann won."], "negative": []},
    {
        "id": 2,
        "query": "Who won and when?",
        "answer": ["Ann", "in May"],
        "positive": [["Ann won."], ["It was in May."]],
        "negative": [],
    },
]
REALTIME = {
    "question_id": "20200103_0", "question_date": "2020/01/03", "question_source": "The Gull", "question_url": "https://gull.example/quiz",
    "question_sentence": "Which?", "choices": ["Red", "Blue"], "answer": ["1"], "evidence": "Blue it is.",
}  # fmt: skip
EVOTEMP = {
    "id": 7, "question": "What flew?", "q_date": "2020/01/03", "answers": ["A gull", ["Gull", "The gull"]],
    "docs": [
        {"id": 0, "title": "", "text": "A gull flew today.", "date": "2020/01/03", "cred": "high"},
        {"id": 1, "title": "", "text": "No gull flew.", "date": "3 days ago", "cred": "low"},
        {"id": 2, "title": "", "text": None, "date": None, "cred": "low"},
    ],
}  # fmt: skip
SQUAD = {
    "version": "v2.0",
    "data": [{"title": "The_Gull", "paragraphs": [{"context": "A gull flew.", "qas": [
        {"id": "a", "question": " What flew?", "answers": [{"text": "A gull", "answer_start": 0}], "is_impossible": False},
        {"id": "b", "question": "What swam?", "answers": [], "is_impossible": True, "plausible_answers": [{"text": "A gull", "answer_start": 0}]},
    ]}]}],
}  # fmt: skip


def test_each_part_of_a_set_is_converted_as_it_is_scored(tmp_path: Path) -> None:
    rgb, realtime, evotemp, squad = (tmp_path / f"{name}.json" for name in ("rgb", "rt", "evotemp", "squad"))
    rgb.write_text("".join(json.dumps(entry) + "\n" for entry in RGB))
    found = convert("rgb", [rgb])
    assert [entry["answers"] for entry in found.questions] == [
        [["Ann"]],
        [["Ann", "Anna"]],
        [["Ann"], ["in May"]],
    ]
    assert sorted(found.articles) == ["Ann won.", "Ben lost.", "It was in May."]
    assert [words["quote"] for words in found.questions[2]["evidence"]] == ["Ann won.", "It was in May."]
    realtime.write_text(
        json.dumps(REALTIME) + "\n" + json.dumps({**REALTIME, "question_id": "b", "evidence": ""}) + "\n"
    )
    found = convert("realtimeqa", [realtime])
    ((_, kept),) = found.articles.values()
    assert (kept["publisher"], kept["date"], kept["url"]) == (
        "The Gull",
        "2020-01-03",
        "https://gull.example/quiz",
    )
    assert [(entry["answers"], len(entry["evidence"])) for entry in found.questions] == [
        ([["Blue"]], 1),
        ([["Blue"]], 0),
    ]
    evotemp.write_text(f"{json.dumps(EVOTEMP)}\n{json.dumps(EVOTEMP)}")
    found = convert("evotemp", [evotemp])
    assert {text: entry.get("date") for text, (_, entry) in found.articles.items()} == {
        "A gull flew today.": "2020-01-03",
        "No gull flew.": None,
    }
    assert [(entry["id"], entry["answers"]) for entry in found.questions] == [
        ("1", [["A gull", "Gull", "The gull"]]),
        ("2", [["A gull", "Gull", "The gull"]]),
    ]
    squad.write_text(json.dumps(SQUAD))
    found = convert("squad", [squad])
    assert [(entry.get("kind"), entry.get("answers")) for entry in found.questions] == [
        (None, [["A gull"]]),
        ("unanswerable", None),
    ]
    assert found.titles == {"The Gull": found.questions[0]["evidence"][0]["article"]}


def test_set_in_another_format_is_refused(tmp_path: Path) -> None:
    rgb = tmp_path / "rgb.json"
    rgb.write_text(json.dumps(RGB[1]))
    found = convert("rgb", [rgb])
    hops = tmp_path / "hops.json"
    hops.write_text(
        '{"id": 7, "query": "Do they agree?", "question_type": "comparison_query", "answer": "no", "evidence_list": []}\n'
    )
    assert convert("multihop-rag", [hops]).questions == [
        {"id": "7", "question": "Do they agree?", "kind": "yes-no", "answers": [["no"]], "evidence": []}
    ]
    for form in SET_FORMATS:
        if form != "rgb":
            with pytest.raises(EvaluationError):
                convert(form, [rgb])
    with pytest.raises(EvaluationError, match="nosuch"):
        convert("rgb", [tmp_path / "nosuch.json"])
    assert json.loads(json.dumps(found.questions)) == found.questions


def test_every_command_prints_json(sample_folder: Path, tmp_path: Path) -> None:
    gold, out = tmp_path / "gold.jsonl", tmp_path / "run.json"
    gold.write_text("\n".join((ROOT / "corpus/gold.jsonl").read_text().splitlines()[:2]) + "\n")

    def printed(*words: str) -> list[Any]:
        done = run("-m", "rag", "evaluate", *words, "--json", data=sample_folder, DATELINE_MODEL="none")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    assert printed(str(gold), "--out", str(out))[0]["summary"]["all"]["questions"] == 2
    assert printed(str(gold), "--search")[0]["questions"] <= 2
    assert printed("check", str(gold)) == []
    assert printed("compare", str(out), str(out), "--on", "right", "MRR")[0]["worse"] == []
    assert printed("report", str(out)) == [
        {"files": [str(out.with_suffix(".html")), str(out.with_suffix(".md"))]}
    ]
    assert printed("propose", "--out", str(tmp_path / "drafts.jsonl"))[0]["drafts"] > 48
    assert [row["values"] for row in printed("sweep", str(gold), "--over", "hits=1,8")] == [
        {"hits": 1},
        {"hits": 8},
    ]
