import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from conftest import ROOT, article
from model_server import model_server

from corpus.article import PartialDate
from corpus.passages import Passage
from corpus.reading.files import find_files
from embeddings.library import Library
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.evaluation.gold.questions import QUESTION_KINDS, EvaluationError, GoldQuestion, GoldQuote, read_gold
from rag.evaluation.measures import answers as measures
from rag.evaluation.measures.failures import classify_failure
from rag.evaluation.runs.run import QuestionResult, evaluate, evaluate_search
from rag.evaluation.runs.summary import Summary, confidence_interval, count_failures, summarise, summary_table
from rag.generation.prompts import Prompts
from rag.generation.registry import open_model
from rag.quantities.as_of import AsOf
from rag.query.answer_type import parse_answer_type
from rag.query.followups import Turn
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Retriever
from rag.settings import Settings
from rag.verification.citations import Statement, number_citations

FERRY = article(body="The ferry costs 34 million crowns. It sails in May.", origin="/x/ferry.md")
OTHER = article(body="Otters swim in the bay.", origin="/x/otters.md")
GOLD = GoldQuestion(
    "1",
    "q",
    "fact",
    (("34 million", "thirty-four million"),),
    (GoldQuote("ferry", "costs 34 million crowns"),),
)


def answer_of(text: str, *cited: Evidence) -> Answer:
    return Answer("q", "q", "answered", statements=number_citations([(text, cited, "supported")]))


def evidence(found: object, start: int, end: int) -> Evidence:
    return Evidence(Passage(found, start, end), start, end, 1.0, 1.0)  # type: ignore[arg-type]


def test_relevance_of_articles_found() -> None:
    two = replace(GOLD, evidence=(*GOLD.evidence, GoldQuote("otters", "swim")))
    assert (
        measures.relevance(GOLD, [OTHER, OTHER, FERRY]) == [False, True]
        and measures.relevant_count(GOLD) == 1
    )
    assert measures.relevance(two, [FERRY, OTHER]) == [True, True] and measures.relevant_count(two) == 2
    assert measures.relevance(replace(GOLD, evidence=(GoldQuote(FERRY.id, "x"),)), [FERRY]) == [True]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("It costs 34 million.", 1),
        ("Thirty four million crowns", 1),
        ("It costs 134 million", 0),
        ("34 millions of", 0),
        ("It costs 1,34 million", 0),
        ("Nothing", 0),
    ],
)
def test_right_compares_whole_words(text: str, right: int) -> None:
    assert measures.right(GOLD, answer_of(text)) == right


def test_right_requires_all_answers_and_no_forbidden_one() -> None:
    both = replace(GOLD, answers=(("34 million",), ("41 million",)), must_not=("1961",))
    assert measures.right(both, answer_of("From 34 million to 41 million.")) == 1
    assert (
        measures.right(both, answer_of("34 million.")) == 0
        and measures.right(both, answer_of("34 million, 41 million, 1961.")) == 0
    )
    assert (
        measures.values_said(both, answer_of("From 34 million.")) == 0.5
        and measures.values_said(both, Answer("q", "q", "unanswerable")) == 0
    )
    assert measures.values_said(GOLD, answer_of("34 million.")) is None
    nothing = GoldQuestion("2", "q", "unanswerable")
    assert (
        measures.right(nothing, Answer("q", "q", "unanswerable")) == 1
        and measures.right(nothing, answer_of("Something.")) == 0
    )


def test_yes_and_no_count_only_at_the_beginning() -> None:
    no = replace(GOLD, answers=(("no",),))
    assert (
        measures.right(no, answer_of("No, there is not.")) == 1
        and measures.right(replace(GOLD, answers=(("Yes",),)), answer_of("Yes.")) == 1
    )
    assert (
        measures.right(no, answer_of("There is no date.")) == 0
        and measures.right(no, answer_of("Yes, there is no date.")) == 0
    )
    quoted = Answer("q", "q", "answered", statements=number_citations([("No date was given.", [], "quoted")]))
    assert measures.right(no, quoted) == 0
    assert (
        measures.right(replace(GOLD, answers=(("no", "not one"),)), answer_of("There is not one.")) == 1
    )  # other wordings are words like others


def test_citation_precision_and_recall() -> None:
    answer = answer_of("It costs 34 million.", evidence(FERRY, 0, 34), evidence(FERRY, 35, 51))
    assert (measures.citation_precision(GOLD, answer), measures.citation_recall(GOLD, answer)) == (0.5, 1)
    assert measures.citation_precision(GOLD, Answer("q", "q", "unanswerable")) is None
    assert (
        measures.evidence_at(1, GOLD, [(FERRY, 35, 51), (FERRY, 0, 34)]) == 0
        and measures.evidence_at(2, GOLD, [(FERRY, 35, 51), (FERRY, 0, 34)]) == 1
    )
    assert measures.unsupported(answer) == 0 and measures.unsupported(answer_of("Uncited.")) == 1


def test_precision_and_recall() -> None:
    assert measures.precision_recall([True, True, False, False], [True, False, True, True]) == (1 / 3, 0.5)
    assert measures.precision_recall([False], [False]) == (0.0, 0.0)


def test_error_in_a_gold_file_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    for text, why in (
        ("", "no questions"),
        ('{"question": "a"}\n{', "line 2"),
        ('{"answers": []}', "line 1: question: "),
        ('{"question": "a", "kind": "odd"}', "odd"),
        ('{"question": "a", "answers": ["1", "2"], "as_of": ["2020"]}', "1 entries for 2 answers"),
        ('{"question": "a", "answers": ["1"], "as_of": "in May"}', "is no date"),
        (
            '{"id":1,"question":"a"}\n{"id":1,"question":"b"}',
            "line 2: the id 1 is used twice, first on line 1",
        ),
        ('{"question": "a", "answers": "34"}', "line 1: answers: "),
        ('{"question": "a"}\n{"question": "b", "answers": [[500]]}', "line 2: answers.0"),
        ('[{"question": "a"}]', "line 1: "),
    ):
        file.write_text(text)
        with pytest.raises(EvaluationError, match=why):
            read_gold(file)
    file.write_text(
        '{"question": "a", "answers": ["34"], "history": [{"role": "user", "text": "b"}], "as_of": "2020-02"}\n'
    )
    assert read_gold(file) == [
        GoldQuestion(
            "1", "a", "fact", (("34",),), history=(Turn("user", "b"),), as_of=((PartialDate(2020, 2),),)
        )
    ]


def test_gold_questions_from_csv(tmp_path: Path) -> None:
    file = tmp_path / "gold.csv"
    file.write_text(
        'question,answers,article,quote\n"What, in May, does it cost?",34 million | thirty-four million,ferry,costs 34 million\nWho sails?,,,\n'
    )
    costs, sails = read_gold(file)
    assert costs == GoldQuestion(
        "2",
        "What, in May, does it cost?",
        "fact",
        (("34 million", "thirty-four million"),),
        (GoldQuote("ferry", "costs 34 million"),),
    )
    assert (sails.kind, sails.line, sails.scored) == ("not scored", 3, False)


def test_each_measure_catches_the_system_broken_in_its_way(quoting: Assistant) -> None:
    questions = [gold for gold in read_gold(ROOT / "corpus/gold.jsonl") if gold.kind == "fact"][:12]
    ask, search = lru_cache(100)(quoting.ask), lru_cache(100)(quoting.search)

    class Broken:
        """The same assistant with one thing broken."""

        def __init__(self, change: object) -> None:
            self._change, self.search, self.library = change, search, quoting.library

        def ask(self, question: str, history: object = (), may_refuse: bool = True) -> Answer:
            return self._change(ask(question, may_refuse=may_refuse))  # type: ignore[operator]

    def replace_words(answer: Answer) -> Answer:
        return answer.replace(
            statements=tuple(replace(item, text="Otters swim.") for item in answer.statements)
        )

    def move_citations(answer: Answer) -> Answer:
        moved = [
            replace(
                item, citations=tuple(replace(c, start=c.start + 1, end=c.end + 1) for c in item.citations)
            )
            for item in answer.statements
        ]
        return answer.replace(statements=tuple(moved))

    def add_a_year(answer: Answer) -> Answer:
        def later(item: Statement) -> Statement:
            assert item.as_of and item.as_of.published
            day = replace(item.as_of.published, year=item.as_of.published.year + 1)
            return replace(item, as_of=replace(item.as_of, day=day, published=day))

        return answer.replace(
            statements=tuple(later(item) if item.as_of else item for item in answer.statements)
        )

    def refuse_all(answer: Answer) -> Answer:
        return answer.replace(status="unanswerable", statements=(), confidence=None)  # is not asked again

    def summary_with(change: Callable[[Answer], Answer]) -> Summary:
        return summarise(list(evaluate(Broken(change), questions)))  # type: ignore[arg-type]

    whole, shuffled, moved, refusing, later = map(
        summary_with, (lambda answer: answer, replace_words, move_citations, refuse_all, add_a_year)
    )
    assert (
        whole["unsupported statements"] == 0
        and whole["right"]
        and whole["right"] > 0.5
        and whole["as-of right"]
    )
    assert (
        shuffled["right"] == 0
        and shuffled["citation recall"] == whole["citation recall"]
        and shuffled["as-of right"] >= whole["as-of right"]  # type: ignore[operator]  # values that are not said have no wrong day
    )
    assert (
        moved["unsupported statements"]
        and moved["right"] == whole["right"]
        and moved["as-of right"] == whole["as-of right"]
    )
    assert (
        refusing["right"] == 0
        and refusing["citation recall"] == 0
        and refusing["recall@3"] == whole["recall@3"]
    )
    assert refusing["refusal precision"] == 0 and refusing["unsupported statements"] == 0
    assert later["as-of right"] < whole["as-of right"] and later["right"] == whole["right"]  # type: ignore[operator]
    assert later["citation recall"] == whole["citation recall"] and later["unsupported statements"] == 0


def test_gold_questions_for_amounts_have_their_days() -> None:
    dated = [gold for gold in GOLD_FILE if gold.as_of]
    assert len(dated) == 58 and {gold.kind for gold in dated} == {
        "fact",
        "latest",
        "change-over-time",
        "disagreement",
        "follow-up",
    }
    assert all(len(gold.as_of) == len(gold.answers) and any(gold.as_of) for gold in dated)
    halves = [sum(gold.for_development == half for gold in dated) for half in (True, False)]
    assert min(halves) > 20
    undated = {"ice-05", "bay-02"}  # their articles name no day
    asked = [
        gold
        for gold in GOLD_FILE
        if gold.kind in ("fact", "latest")
        and parse_answer_type(gold.question).amount
        and gold.id not in undated
    ]
    assert asked and all(gold.as_of for gold in asked), [gold.id for gold in asked if not gold.as_of]


def test_failures_are_classified_by_the_step_that_lost_the_answer() -> None:
    far = answer_of("Otters swim.", evidence(OTHER, 0, 23))
    near = far.replace(evidence=(evidence(FERRY, 0, 34),))
    assert (
        classify_failure(GOLD, [False], far) == "not retrieved"
        and classify_failure(GOLD, [True], far) == "retrieved, not in evidence"
    )
    assert classify_failure(GOLD, [True], near) == "in evidence, misread"
    assert (
        classify_failure(GOLD, [True], near.replace(status="unanswerable", statements=()))
        == "wrongly refused"
    )
    assert classify_failure(GOLD, [True], answer_of("It costs 34 million.")) == "right but unsupported"
    assert classify_failure(GoldQuestion("2", "q", "unanswerable"), [], far) == "wrongly answered"
    assert classify_failure(GOLD, [True], answer_of("It costs 34 million.", evidence(FERRY, 0, 34))) is None


@pytest.mark.parametrize(
    ("gold", "day", "right"),
    [
        ("2020-02", "2020-02-12", 1),  # gold is known to the month only
        ("2021-02-03", "2021-02", 1),  # true, and says less
        ("2021-02-03", "2021", 1),
        ("2021-02-03", "2021-02-04", 0),
        ("2021-02-03", "2021-03", 0),
        ("2021", "2020-12-31", 0),
    ],
)
def test_days_agree_when_one_contains_the_other(gold: str, day: str, right: int) -> None:
    dated = replace(GOLD, as_of=((PartialDate.parse(gold),),))
    found = article(body=FERRY.body, published=day)
    assert measures.as_of_right(dated, answer_of("It costs 34 million.", evidence(found, 0, 34))) == right


def test_each_value_is_measured_with_its_own_day() -> None:
    early, late = PartialDate(2020, 2, 12), PartialDate(2021, 2)
    changed = replace(
        GOLD,
        answers=(("500",), ("around 4,000", "4,000")),
        as_of=((PartialDate(2020, 2),), (PartialDate(2019), late)),
    )

    def dated_answer(*figures: tuple[str, PartialDate | None]) -> Answer:
        statements = number_citations(
            [(f"A mission of {figure} people.", [], "quoted") for figure, _ in figures]
        )
        return Answer(
            "q",
            "q",
            "answered",
            statements=tuple(
                replace(item, as_of=AsOf(figure, day, early, "The Wire"))
                for item, (figure, day) in zip(statements, figures, strict=True)
            ),
        )

    assert measures.as_of_right(changed, dated_answer(("4,000", late), ("about 500", early))) == 1
    assert measures.as_of_right(changed, dated_answer(("4,000", early), ("500", early))) == 0.5
    assert (
        measures.as_of_right(changed, dated_answer(("4,000", late))) == 1
    )  # what is not said is no wrong day
    assert (
        measures.as_of_right(changed, dated_answer(("500", None))) == 1
    )  # the article's own day stands for none
    assert (
        measures.as_of_right(changed, dated_answer(("4,500", early))) is None
        and measures.as_of_right(GOLD, dated_answer(("500", late))) is None
    )
    # Words that stand beside the figure that a statement tells say nothing of the day.
    beside = dated_answer(("4,000", late))
    both = beside.replace(statements=(replace(beside.statements[0], text="From 500 to 4,000."),))
    assert measures.as_of_right(replace(changed, as_of=((PartialDate(2020),), ())), both) is None


def test_numbers_and_outdated_values() -> None:
    latest = replace(GOLD, kind="latest", must_not=("31 million",))
    answer = answer_of("It costs 34 million.")
    assert (
        measures.figures_right(GOLD, answer) == 1
        and measures.figures_right(GOLD, answer_of("It costs 34.5 million.")) == 0
    )
    assert measures.figures_right(replace(GOLD, answers=(("red",),)), answer) is None
    assert (
        measures.outdated(latest, answer_of("It cost 31 million.")) == 1
        and measures.outdated(latest, answer) == 0
    )
    assert measures.outdated(GOLD, answer) is None


def test_confidence_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = confidence_interval([0.0, 1.0] * 5), confidence_interval([0.0, 1.0] * 500)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]


def test_search_is_evaluated_without_a_model(quoting: Assistant) -> None:
    figures = evaluate_search(
        quoting.retriever,
        [gold for gold in read_gold(ROOT / "corpus/gold.jsonl") if gold.kind == "fact"][:10],
    )
    assert (
        figures["questions"] == figures["with gold words"] == 10
        and figures["recall@10"] == 1
        and 0.5 < figures["MRR"] <= 1
    )


def test_parallel_evaluation_gives_the_same_results_in_order(quoting: Assistant) -> None:
    def outcomes(results: Iterable[QuestionResult]) -> list[tuple[str, str, str | None]]:
        return [(result.id, result.text, result.failure) for result in results]

    questions = read_gold(ROOT / "corpus/gold.jsonl")[:6]
    assert outcomes(evaluate(quoting, questions, parallel=3)) == outcomes(evaluate(quoting, questions))


@pytest.mark.parametrize(("usage", "read", "written"), [(True, 31, 7), (False, None, None)])
def test_tokens_are_those_that_the_model_reports(
    sample: Library, usage: bool, read: int | None, written: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with model_server(lambda message: "It opened on October 31 [1].", usage) as model:
        reader = open_model(Settings(model=model))
        assistant = Assistant(Retriever(library=sample, k=8), reader, Prompts())
        questions = [gold for gold in GOLD_FILE if gold.id in ("ber-02", "hs2-01")]
        results = list(evaluate(assistant, questions))
    assert {(result.tokens_read, result.tokens_written) for result in results} == {(read, written)}
    assert summarise(results)["tokens read"] == read and summarise(results)["tokens written, p95"] == written


def test_no_tokens_without_a_model(quoting: Assistant) -> None:
    assert quoting.ask("What does HS2 cost?").to_json()["timings"]["tokens_read"] is None


def test_summary_table_has_a_column_for_each_group(quoting: Assistant) -> None:
    results = list(evaluate(quoting, read_gold(ROOT / "corpus/gold.jsonl")[:3]))
    lines = summary_table(results).splitlines()
    assert lines[0].startswith("|  | all |") and any(line.startswith("| right |") for line in lines)
    assert sum(count_failures(results).values()) == sum(result.failure is not None for result in results)


GOLD_FILE = read_gold(ROOT / "corpus/gold.jsonl")


def test_gold_set_has_enough_questions_of_each_kind() -> None:
    kinds = [gold.kind for gold in GOLD_FILE]
    assert (
        len(kinds) >= 120
        and set(kinds) == {*QUESTION_KINDS} - {"yes-no"}
        and kinds.count("unanswerable") >= 25
    )


def test_gold_quotes_are_verbatim_and_hold_an_answer(sample: object) -> None:
    articles = {Path(found.origin).stem: found for found in sample.store.articles()}  # type: ignore[attr-defined]
    for gold in GOLD_FILE:
        for words in gold.evidence:
            assert words.span_in(articles[words.article]), (gold.id, words.quote)
        quotes = " ".join(words.quote for words in gold.evidence).lower()
        assert all(any(wording.lower() in quotes for wording in wordings) for wordings in gold.answers), (
            gold.id
        )
        assert bool(gold.answers) == bool(gold.evidence) == (gold.kind != "unanswerable"), gold.id


def test_sample_collection_is_as_its_readme_says(sample: object) -> None:
    found = sample.store.articles()  # type: ignore[attr-defined]
    assert (
        len(found) == len(find_files([ROOT / "corpus/articles"])) >= 30
        and sum(item.published is None for item in found) == 2
    )
    assert all(250 <= len(item.body.split()) <= 700 and item.title and item.publisher for item in found)
    readme = (ROOT / "corpus/README.md").read_text()
    assert all(item.publisher in readme for item in found)
    subjects: dict[str, int] = {}
    for item in found:
        subjects[Path(item.origin).stem.split("-")[0]] = (
            subjects.get(Path(item.origin).stem.split("-")[0], 0) + 1
        )
    assert sum(count >= 4 for count in subjects.values()) >= 6


def test_committed_baseline_belongs_to_this_gold_file() -> None:
    from hashlib import sha256

    run = json.loads((ROOT / "rag/evaluation/results/baseline.json").read_text())
    assert run["gold"]["sha256"] == sha256((ROOT / "corpus/gold.jsonl").read_bytes()).hexdigest()
    assert len(run["results"]) == len(GOLD_FILE)
