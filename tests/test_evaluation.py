import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, article

from corpus.passages import Passage
from corpus.readers import find
from rag.answer import Answer, Turn
from rag.assistant import Assistant
from rag.citations import number
from rag.evaluation import measures
from rag.evaluation.gold import KINDS, Gold, GoldError, Words, read_gold
from rag.evaluation.run import evaluate, summary, table
from rag.evidence import Evidence

FERRY = article(body="The ferry costs 34 million crowns. It sails in May.", origin="/x/ferry.md")
OTHER = article(body="Otters swim in the bay.", origin="/x/otters.md")
GOLD = Gold("1", "q", "fact", (("34 million", "thirty-four million"),), (Words("ferry", "costs 34 million crowns"),))


def said(text: str, *cited: Evidence) -> Answer:
    return Answer("q", "q", "answered", statements=number([(text, cited, "supported")]))


def evidence(found: object, start: int, end: int) -> Evidence:
    return Evidence(Passage(found, start, end), start, end, 1.0, 1.0)  # type: ignore[arg-type]


def test_retrieval_by_hand() -> None:
    two = replace(GOLD, evidence=(*GOLD.evidence, Words("otters", "swim")))
    assert measures.recall_at(1, GOLD, [OTHER, FERRY]) == 0 and measures.recall_at(2, GOLD, [OTHER, OTHER, FERRY]) == 1
    assert measures.recall_at(1, two, [FERRY, OTHER]) == 0.5
    assert measures.reciprocal_rank(GOLD, [OTHER, OTHER, FERRY]) == 0.5 and measures.reciprocal_rank(GOLD, [OTHER]) == 0
    assert measures.recall_at(1, replace(GOLD, evidence=(Words(FERRY.id, "x"),)), [FERRY]) == 1


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
    assert measures.right(GOLD, said(text)) == right


def test_right_wants_every_thing_and_nothing_forbidden() -> None:
    both = replace(GOLD, answers=(("34 million",), ("41 million",)), must_not=("1961",))
    assert measures.right(both, said("From 34 million to 41 million.")) == 1
    assert measures.right(both, said("34 million.")) == 0 and measures.right(both, said("34 million, 41 million, 1961.")) == 0
    nothing = Gold("2", "q", "unanswerable")
    assert measures.right(nothing, Answer("q", "q", "unanswerable")) == 1 and measures.right(nothing, said("Something.")) == 0


def test_citations_by_hand() -> None:
    answer = said("It costs 34 million.", evidence(FERRY, 0, 34), evidence(FERRY, 35, 51))
    assert (measures.citation_precision(GOLD, answer), measures.citation_recall(GOLD, answer)) == (0.5, 1)
    assert measures.citation_precision(GOLD, Answer("q", "q", "unanswerable")) is None
    assert (
        measures.evidence_at(1, GOLD, [(FERRY, 35, 51), (FERRY, 0, 34)]) == 0
        and measures.evidence_at(2, GOLD, [(FERRY, 35, 51), (FERRY, 0, 34)]) == 1
    )
    assert measures.unsupported(answer) == 0 and measures.unsupported(said("Uncited.")) == 1


def test_precision_and_recall_by_hand() -> None:
    assert measures.precision_recall([True, True, False, False], [True, False, True, True]) == (1 / 3, 0.5)
    assert measures.precision_recall([False], [False]) == (0.0, 0.0)


def test_a_bad_gold_file_is_named_by_line(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    for text, why in (
        ("", "no questions"),
        ('{"question": "a"}\n{', "line 2"),
        ('{"answers": []}', "line 1: 'question'"),
        ('{"question": "a", "kind": "odd"}', "odd"),
        ('{"id":1,"question":"a"}\n{"id":1,"question":"b"}', "stands twice"),
    ):
        file.write_text(text)
        with pytest.raises(GoldError, match=why):
            read_gold(file)
    file.write_text('{"question": "a", "answers": ["34"], "history": [{"role": "user", "text": "b"}]}\n')
    assert read_gold(file) == [Gold("1", "a", "fact", (("34",),), history=(Turn("user", "b"),))]


def test_a_broken_system_is_caught_by_the_measure_meant_for_it(quoting: Assistant) -> None:
    questions = [gold for gold in read_gold(ROOT / "corpus/gold.jsonl") if gold.kind == "fact"][:12]
    whole = summary(evaluate(quoting, questions))

    class Broken:
        """The same assistant with one thing broken."""

        def __init__(self, change: object) -> None:
            self._change, self.search, self.library = change, quoting.search, quoting.library

        def ask(self, question: str, history: object = ()) -> Answer:
            return self._change(quoting.ask(question))  # type: ignore[operator]

    def words_shuffled(answer: Answer) -> Answer:
        return answer.but(statements=tuple(replace(item, text="Otters swim.") for item in answer.statements))

    def citations_moved(answer: Answer) -> Answer:
        moved = [
            replace(item, citations=tuple(replace(c, start=c.start + 1, end=c.end + 1) for c in item.citations))
            for item in answer.statements
        ]
        return answer.but(statements=tuple(moved))

    shuffled, moved = (summary(evaluate(Broken(change), questions)) for change in (words_shuffled, citations_moved))  # type: ignore[arg-type]
    refusing = summary(evaluate(Broken(lambda answer: answer.but(status="unanswerable", statements=())), questions))  # type: ignore[arg-type]
    assert whole["unsupported statements"] == 0 and whole["right"] and whole["right"] > 0.5
    assert shuffled["right"] == 0 and shuffled["citation recall"] == whole["citation recall"]
    assert moved["unsupported statements"] and moved["right"] == whole["right"]
    assert refusing["right"] == 0 and refusing["citation recall"] == 0 and refusing["recall@3"] == whole["recall@3"]


def test_the_table_has_a_column_for_each_group(quoting: Assistant) -> None:
    results = evaluate(quoting, read_gold(ROOT / "corpus/gold.jsonl")[:3])
    lines = table(results).splitlines()
    assert lines[0].startswith("|  | all |") and any(line.startswith("| right |") for line in lines)


GOLD_FILE = read_gold(ROOT / "corpus/gold.jsonl")


def test_the_gold_set_is_as_large_and_mixed_as_promised() -> None:
    kinds = [gold.kind for gold in GOLD_FILE]
    assert len(kinds) >= 120 and set(kinds) == set(KINDS) and kinds.count("unanswerable") >= 25


def test_gold_words_stand_verbatim_in_the_sample_and_hold_an_answer(sample: object) -> None:
    articles = {Path(found.origin).stem: found for found in sample.store.articles()}  # type: ignore[attr-defined]
    for gold in GOLD_FILE:
        for words in gold.evidence:
            assert words.place_in(articles[words.article]), (gold.id, words.quote)
        quotes = " ".join(words.quote for words in gold.evidence).lower()
        assert all(any(wording.lower() in quotes for wording in wordings) for wordings in gold.answers), gold.id
        assert bool(gold.answers) == bool(gold.evidence) == (gold.kind != "unanswerable"), gold.id


def test_the_sample_is_as_its_readme_says(sample: object) -> None:
    found = sample.store.articles()  # type: ignore[attr-defined]
    assert len(found) == len(find([ROOT / "corpus/articles"])) >= 30 and sum(item.published is None for item in found) == 2
    assert all(250 <= len(item.body.split()) <= 700 and item.title and item.publisher for item in found)
    readme = (ROOT / "corpus/README.md").read_text()
    assert all(item.publisher in readme for item in found)
    subjects: dict[str, int] = {}
    for item in found:
        subjects[Path(item.origin).stem.split("-")[0]] = subjects.get(Path(item.origin).stem.split("-")[0], 0) + 1
    assert sum(count >= 4 for count in subjects.values()) >= 6


def test_the_committed_baseline_belongs_to_this_gold_file() -> None:
    from hashlib import sha256

    run = json.loads((ROOT / "rag/evaluation/results/baseline.json").read_text())
    assert run["gold"]["sha256"] == sha256((ROOT / "corpus/gold.jsonl").read_bytes()).hexdigest()
    assert len(run["results"]) == len(GOLD_FILE)
