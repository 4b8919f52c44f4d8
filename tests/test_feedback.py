import json
import stat
from pathlib import Path

import pytest

from embeddings.library import Library
from rag import limits
from rag.answers.answer import Answer
from rag.answers.feedback import FEEDBACK_VERDICTS, PROPOSALS_FILE, InvalidFeedback
from rag.answers.reverification import InvalidAnswer
from rag.assistant import Assistant
from rag.evaluation.gold.questions import read_gold
from rag.query.followups import Turn
from rag.serving.api import Api
from rag.serving.collection import ChangesDisabled, Collection

HS2 = "How has the cost of HS2 changed?"


@pytest.fixture
def collection(library: Library, tmp_path: Path) -> Collection:
    return Collection(library, tmp_path / "uploads", writable=True)


@pytest.fixture(scope="module")
def answer(quoting: Assistant) -> Answer:
    return quoting.ask(HS2)


def test_every_verdict_becomes_a_line_that_the_evaluation_reads(
    collection: Collection, answer: Answer
) -> None:
    for verdict in FEEDBACK_VERDICTS:
        collection.record_feedback(answer, verdict, "  It should be\n  106 billion. ")
    path = collection.folder / PROPOSALS_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["verdict"] for line in lines] == list(FEEDBACK_VERDICTS) and {
        line["comment"] for line in lines
    } == {"It should be 106 billion."}
    gold = {line["verdict"]: question for line, question in zip(lines, read_gold(path), strict=True)}
    assert all(question.question == HS2 for question in gold.values())
    assert gold["should-refuse"].kind == "unanswerable" and not gold["should-refuse"].evidence
    figures = [item.as_of.figure for item in answer.statements if item.as_of and item.as_of.figure]
    assert len(figures) > 2
    assert (
        [wordings[0] for wordings in gold["good"].answers] == figures == list(gold["wrong-figure"].must_not)
    )
    assert [words.quote for words in gold["good"].evidence] == [
        citation.quote for citation in answer.citations
    ]
    assert lines[1]["said"] == answer.text and len(lines[1]["cited"]) == len(answer.citations)


def test_a_follow_up_is_proposed_with_its_history(
    collection: Collection, answer: Answer, quoting: Assistant
) -> None:
    history = (Turn("user", HS2), Turn("assistant", answer.text))
    follow_up = quoting.ask("When was it approved?", history)
    collection.record_feedback(follow_up, "incomplete", history=history)
    collection.record_feedback(answer, "incomplete", history=history)  # not a follow-up
    leaning, alone = read_gold(collection.folder / PROPOSALS_FILE)
    assert leaning.history == history and alone.history == ()


def test_lengths_are_bounded_and_refused_feedback_changes_nothing(
    collection: Collection, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.record_feedback(answer, "good")
    path = collection.folder / PROPOSALS_FILE
    before = path.read_bytes()
    with pytest.raises(InvalidFeedback, match="choose one of good, wrong-figure"):
        collection.record_feedback(answer, "fine")
    with pytest.raises(InvalidFeedback, match="too long"):
        collection.record_feedback(answer.replace(question="x" * limits.MAX_PROPOSAL_BYTES), "good")
    monkeypatch.setattr(limits, "MAX_PROPOSAL_FILE_BYTES", len(before) + 10)
    with pytest.raises(InvalidFeedback, match="review it, move it away"):
        collection.record_feedback(answer, "good")
    assert path.read_bytes() == before


def test_nothing_is_recorded_where_changes_are_disabled(
    library: Library, tmp_path: Path, answer: Answer
) -> None:
    closed = Collection(library, tmp_path, writable=False)
    with pytest.raises(ChangesDisabled):
        closed.record_feedback(answer, "good")
    assert not (closed.folder / PROPOSALS_FILE).exists()


def test_the_api_records_only_quotes_that_the_collection_holds(
    quoting: Assistant, library: Library, tmp_path: Path, answer: Answer
) -> None:
    # The answers' articles are the sample's, and the proposals are written beside another collection.
    api = Api(quoting, Collection(library, tmp_path, writable=True))
    entry = json.loads(json.dumps(answer.to_json()))
    assert api.feedback(entry, "good")["evidence"] == []  # that collection holds none of the articles
    with pytest.raises(InvalidAnswer):
        api.feedback({"question": "x"}, "good")
