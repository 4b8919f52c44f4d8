"""The strict score, CRAG's, nuggets, and risk against coverage, on hand-made answers and against brute force."""

import itertools
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest
from conftest import article

from corpus.article import Article, PartialDate
from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.evaluation.gold.questions import UNANSWERABLE, UNSCORED, GoldQuestion, GoldQuote, read_gold
from rag.evaluation.measures import answers, nuggets, risk, strict
from rag.evaluation.measures.failures import classify_failure
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import QUOTED, SUPPORTED, number_citations

BODY = (
    "The ferry may cost up to 34 million crowns. It sails in May. Otters swim in the bay. "
    "Anna Holm leads the yard, which employs 120 people."
)
FERRY = article(body=BODY, origin="/x/ferry.md", published="2020-02-12")
COPY = article(body=f"{BODY} So the yard says.", origin="/x/copy.md")
OTHER = article(body="The bridge may cost up to 34 million crowns.", origin="/x/bridge.md")
COST = "The ferry may cost up to 34 million crowns."
GOLD = GoldQuestion(
    "1",
    "What may the ferry cost?",
    "fact",
    (("34 million",),),
    (GoldQuote("ferry", "up to 34 million crowns"),),
)
REFUSAL = Answer("q", "q", "unanswerable")


def cite(found: Article, words: str) -> Evidence:
    start = found.body.index(words)
    return Evidence(Passage(found, start, start + len(words)), start, start + len(words), 1.0, 1.0)


def answer_of(*sentences: tuple[str, Evidence], verdict: str = SUPPORTED) -> Answer:
    statements = number_citations([(text, [source], verdict) for text, source in sentences])
    return Answer(GOLD.question, GOLD.question, "answered", statements=statements)


RIGHT = answer_of((COST, cite(FERRY, COST)))
YARD = "Anna Holm leads the yard, which employs 120 people."


def test_a_right_answer_breaks_no_rule() -> None:
    assert strict.broken_rules(GOLD, RIGHT) == () and strict.strict(GOLD, RIGHT) == 1
    quoted = answer_of((COST, cite(FERRY, COST)), verdict=QUOTED)
    assert strict.strict(GOLD, quoted) == 1 and strict.written(quoted) == 0 and strict.written(RIGHT) == 1
    assert strict.strict(replace(GOLD, kind=UNANSWERABLE, answers=()), REFUSAL) == 1


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        (REFUSAL, strict.REFUSED),
        (answer_of(("It sails in May.", cite(FERRY, "It sails in May."))), strict.NOT_SAID),
        (answer_of(("The ferry may cost up to 43 million crowns.", cite(FERRY, COST))), strict.NOT_SAID),
        (answer_of((COST, cite(OTHER, OTHER.body))), strict.CITED_ELSEWHERE),
        (answer_of((COST, cite(FERRY, YARD))), strict.CITED_ELSEWHERE),
        (answer_of((COST, cite(FERRY, COST)), ("It also cost 7 crowns.", cite(FERRY, COST))), strict.UNSUPPORTED),
        (answer_of(("The ferry costs 34 million crowns.", cite(FERRY, COST))), strict.UNSUPPORTED),
        (answer_of(("The ferry may not cost up to 34 million crowns.", cite(FERRY, COST))), strict.UNSUPPORTED),
        (answer_of((COST, cite(FERRY, COST)), (YARD, cite(FERRY, YARD))), strict.FORBIDDEN),
        (answer_of((COST, cite(FERRY, COST)), *[("It sails in May.", cite(FERRY, "It sails in May."))] * 14), strict.TOO_LONG),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_rule_is_broken_alone(answer: Answer, broken: str) -> None:
    gold = replace(GOLD, must_not=("120",))
    assert broken in strict.broken_rules(gold, answer) and strict.strict(gold, answer) == 0


def test_quotes_count_up_to_the_sixtieth_word_and_written_ones_alone_where_there_are_any() -> None:
    filler = [("It sails in May.", cite(FERRY, "It sails in May."))] * 14
    late = answer_of(*filler, (COST, cite(FERRY, COST)), verdict=QUOTED)
    assert strict.broken_rules(GOLD, late) == (strict.BEYOND,) and answers.right(GOLD, late) == 1
    early = answer_of((COST, cite(FERRY, COST)), *filler, verdict=QUOTED)
    assert strict.broken_rules(GOLD, early) == ()
    beside = answer_of(("It sails in May.", cite(FERRY, "It sails in May.")))
    (quote,) = answer_of((COST, cite(FERRY, COST)), verdict=QUOTED).statements
    mixed = beside.replace(statements=(*beside.statements, quote))
    assert strict.broken_rules(GOLD, mixed) == (strict.NOT_SAID,) and answers.right(GOLD, mixed) == 1


def test_a_wording_of_the_question_does_not_count() -> None:
    asked = replace(GOLD, question="Why will the ferry cost 34 million?")
    assert strict.broken_rules(asked, RIGHT) == (strict.ASKED,) and answers.right(asked, RIGHT) == 1
    assert strict.broken_rules(replace(asked, answers=(("34 million", "up to 34 million"),)), RIGHT) == ()
    yes = replace(GOLD, question="Did it sail, yes or no?", answers=(("yes",),))
    said = answer_of(("Yes, it sails in May.", cite(FERRY, "It sails in May.")))
    assert strict.NOT_SAID not in strict.broken_rules(yes, said)


def test_the_same_words_in_another_paper_are_cited_as_well() -> None:
    copied = replace(cite(OTHER, OTHER.body), passage=Passage(COPY, 0, len(COST)), start=0, end=len(COST))
    alone = answer_of((COST, copied))
    assert strict.broken_rules(GOLD, alone) == (strict.CITED_ELSEWHERE,)
    (statement,) = alone.statements
    (citation,) = statement.citations
    with_original = replace(statement, citations=(replace(citation, also_in=(FERRY,)),))
    assert strict.broken_rules(GOLD, alone.replace(statements=(with_original,))) == ()


def test_the_day_that_is_shown_must_be_the_value_s() -> None:
    dated = replace(GOLD, as_of=((PartialDate(2020, 2),),))
    (statement,) = RIGHT.statements
    wrong = replace(statement, as_of=AsOf("34 million crowns", PartialDate(2021), None, "The Wire"))
    assert strict.broken_rules(dated, RIGHT) == ()
    assert strict.broken_rules(dated, RIGHT.replace(statements=(wrong,))) == (strict.WRONG_DAY,)


def test_crag_punishes_a_wrong_answer_more_than_a_refusal() -> None:
    nothing = replace(GOLD, kind=UNANSWERABLE, answers=(), evidence=())
    scores = [
        strict.crag(gold, answer, strict.strict(gold, answer))
        for gold in (GOLD, nothing)
        for answer in (RIGHT, REFUSAL)
    ]
    assert scores == [1, 0, -1, 1]


def test_nuggets_recall_what_is_vital_and_count_idle_sentences() -> None:
    several = replace(GOLD, answers=(("34 million",), ("120",)), okay=(("sails",),))
    idle = ("Otters swim in the bay.", cite(FERRY, "Otters swim in the bay."))
    answer = answer_of((COST, cite(FERRY, COST)), ("It sails in May.", cite(FERRY, "It sails in May.")), idle)
    assert nuggets.nugget_recall(several, answer) == 0.5
    assert nuggets.statement_precision(several, answer) == 2 / 3
    assert (
        nuggets.nugget_recall(several, REFUSAL) == 0 and nuggets.statement_precision(several, REFUSAL) is None
    )
    assert nuggets.nugget_recall(GOLD, RIGHT) is None is nuggets.statement_precision(GOLD, RIGHT)


def test_risk_and_coverage_agree_with_counting() -> None:
    scored = [(0.9, 0.0), (0.7, 1.0), (0.5, 0.0), (0.2, 1.0)]
    assert risk.risk_coverage(scored) == [(0.25, 0), (0.5, 0.5), (0.75, 1 / 3), (1.0, 0.5)]
    wrong = [item[1] for item in scored]

    def area(order: tuple[float, ...]) -> float:
        return mean(sum(order[:n]) / n for n in range(1, len(order) + 1))

    areas = [area(order) for order in itertools.permutations(wrong)]
    assert risk.oracle_aurc(scored) == pytest.approx(min(areas))
    assert risk.random_aurc(scored) == pytest.approx(mean(areas))
    assert min(areas) < risk.aurc(scored) < mean(areas)
    tied = [(0.0, value) for value in wrong]
    assert risk.aurc(tied) == pytest.approx(mean(areas))


def test_a_question_without_gold_is_not_scored(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(
        '{"question": "Who?"}\n{"question": "Which?", "kind": "fact"}\n{"question": "x", "kind": "unanswerable"}\n'
    )
    bare, fact, nothing = read_gold(file)
    assert (bare.kind, fact.kind, nothing.kind) == (UNSCORED, "fact", UNANSWERABLE)
    for gold in (bare, fact):
        assert not gold.scored and classify_failure(gold, [], RIGHT) is None
        for answer in (REFUSAL, RIGHT):
            right, strictly = answers.right(gold, answer), strict.strict(gold, answer)
            assert right is None is strictly and strict.crag(gold, answer, right) is None
    assert nothing.scored and answers.right(nothing, REFUSAL) == 1
