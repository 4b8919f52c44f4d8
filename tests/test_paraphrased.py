"""The gold questions in other words: the same questions, which share less with the words that answer them."""

from statistics import fmean

from conftest import ROOT

from corpus.words import content_stems
from rag.evaluation.gold.questions import GoldQuestion, read_gold

GOLD = {gold.id: gold for gold in read_gold(ROOT / "corpus/gold.jsonl")}
REWORDED = read_gold(ROOT / "corpus/paraphrased.jsonl")


def shared(gold: GoldQuestion) -> float:
    """Return the share of a question's words that the gold quotes have."""
    asked = set(content_stems(gold.question))
    return len(asked & set(content_stems(" ".join(quote.quote for quote in gold.evidence)))) / len(asked)


def test_only_the_question_is_another() -> None:
    for gold in REWORDED:
        original = GOLD[gold.id]
        assert gold.question != original.question
        assert (gold.kind, gold.answers, gold.evidence) == (
            original.kind,
            original.answers,
            original.evidence,
        )


def test_what_they_are_tuned_on_is_no_part_of_the_test_half() -> None:
    assert REWORDED and all(gold.for_development and not gold.history for gold in REWORDED)


def test_they_share_less_than_half_as_many_words_with_what_answers_them() -> None:
    answerable = [gold for gold in REWORDED if gold.evidence]
    assert fmean(map(shared, answerable)) < 0.5 * fmean(shared(GOLD[gold.id]) for gold in answerable)
