import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT

from corpus.store.documents import Document, DocumentError, FileDocument
from embeddings.library import Library
from rag import limits
from rag.answers.answer import Answer
from rag.answers.feedback import FEEDBACK_VERDICTS, PROPOSALS_FILE, InvalidFeedback
from rag.answers.reverification import InvalidAnswer
from rag.assistant import Assistant
from rag.evaluation.gold.questions import GoldQuestion, read_gold
from rag.query.followups import Turn
from rag.serving.api import Api
from rag.serving.collection import ChangesDisabled, Collection

pytestmark = pytest.mark.both_databases

HS2 = "How has the cost of HS2 changed?"


@pytest.fixture
def collection(library: Library, tmp_path: Path) -> Collection:
    return Collection(library, tmp_path / "uploads", writable=True)


@pytest.fixture
def proposals(library: Library) -> Document:
    return library.store.documents[PROPOSALS_FILE]


def gold_of(proposals: Document, folder: Path) -> list[GoldQuestion]:
    """Return the proposals as the evaluation reads them."""
    (folder / "gold.jsonl").write_text(proposals.read() or "")
    return read_gold(folder / "gold.jsonl")


@pytest.fixture(scope="module")
def answer(quoting: Assistant) -> Answer:
    return quoting.ask(HS2)


def test_every_verdict_becomes_a_line_that_the_evaluation_reads(
    collection: Collection, proposals: Document, answer: Answer, tmp_path: Path
) -> None:
    for verdict in FEEDBACK_VERDICTS:
        collection.record_feedback(answer, verdict, "  It should be\n  106 billion. ")
    if isinstance(proposals, FileDocument):
        assert stat.S_IMODE(proposals.path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in (proposals.read() or "").splitlines()]
    assert [line["verdict"] for line in lines] == list(FEEDBACK_VERDICTS) and {
        line["comment"] for line in lines
    } == {"It should be 106 billion."}
    gold = {
        line["verdict"]: question for line, question in zip(lines, gold_of(proposals, tmp_path), strict=True)
    }
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
    collection: Collection, proposals: Document, answer: Answer, quoting: Assistant, tmp_path: Path
) -> None:
    history = (Turn("user", HS2), Turn("assistant", answer.text))
    follow_up = quoting.ask("When was it approved?", history)
    collection.record_feedback(follow_up, "incomplete", history=history)
    collection.record_feedback(answer, "incomplete", history=history)  # not a follow-up
    leaning, alone = gold_of(proposals, tmp_path)
    assert leaning.history == history and alone.history == ()


def test_lengths_are_bounded_and_refused_feedback_changes_nothing(
    collection: Collection, proposals: Document, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.record_feedback(answer, "good")
    before = proposals.read() or ""
    assert proposals.size() == len(before.encode())
    with pytest.raises(InvalidFeedback, match="choose one of good, wrong-figure"):
        collection.record_feedback(answer, "fine")
    with pytest.raises(InvalidFeedback, match="too long"):
        collection.record_feedback(answer.replace(question="x" * limits.MAX_PROPOSAL_BYTES), "good")
    monkeypatch.setattr(limits, "MAX_PROPOSAL_FILE_BYTES", proposals.size() + 10)
    with pytest.raises(InvalidFeedback, match=r"move them to a file .dateline evaluate feedback"):
        collection.record_feedback(answer, "good")
    assert proposals.read() == before


@pytest.mark.sqlite_only
@pytest.mark.threat("D5", n="a proposal and a run that do not fit")
def test_a_full_disk_leaves_no_half_of_a_proposal(
    collection: Collection, proposals: Document, answer: Answer, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")
    collection.record_feedback(answer, "good")
    before, (soft, hard) = proposals.read() or "", resource.getrlimit(resource.RLIMIT_FSIZE)
    size = proposals.size()
    for room, write in (
        (100, lambda: collection.record_feedback(answer, "good")),
        (0, lambda: collection.record_feedback(answer, "good")),
        (0, lambda: proposals.write(2 * before)),
    ):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
        try:
            with pytest.raises(DocumentError, match="free space"):
                write()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert proposals.read() == before and not list(collection.folder.glob("*.part"))
    collection.record_feedback(answer, "incomplete")
    assert len(gold_of(proposals, tmp_path)) == 2


def test_nothing_is_recorded_where_changes_are_disabled(
    library: Library, proposals: Document, tmp_path: Path, answer: Answer
) -> None:
    closed = Collection(library, tmp_path, writable=False)
    with pytest.raises(ChangesDisabled):
        closed.record_feedback(answer, "good")
    assert proposals.read() is None


def test_proposals_are_moved_to_a_file_and_none_is_lost(
    collection: Collection, proposals: Document, answer: Answer, tmp_path: Path, database: str
) -> None:
    """What is given while they are moved waits or stays; a move that fails moves nothing."""
    collection.record_feedback(answer, "good", "first")
    kept = proposals.read()
    with pytest.raises(OSError), proposals.taken():
        raise OSError("no space")
    assert proposals.read() == kept
    environment = {**os.environ, "DATELINE_DATA": str(collection.folder), "DATELINE_DATABASE": database}
    for n, (code, says) in enumerate([(0, "1 proposed questions in"), (2, "exists; give another file")]):
        command = [sys.executable, "-m", "rag", "evaluate", "feedback", "--out", str(tmp_path / "mine.jsonl")]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == code and says in done.stdout + done.stderr, n
        assert (tmp_path / "mine.jsonl").read_text() == kept and not proposals.read()
    with ThreadPoolExecutor(4) as pool:
        given = [pool.submit(collection.record_feedback, answer, "good", f"number {n}") for n in range(20)]
        taken = []
        while not all(one.done() for one in given):
            with proposals.taken() as text:
                taken.append(text)
    lines = "".join([*taken, proposals.read() or ""]).splitlines()
    assert sorted(json.loads(line)["comment"] for line in lines) == sorted(f"number {n}" for n in range(20))


def test_the_api_records_only_quotes_that_the_collection_holds(
    quoting: Assistant, library: Library, tmp_path: Path, answer: Answer
) -> None:
    # The answers' articles are the sample's, and the proposals are written beside another collection.
    api = Api(quoting, Collection(library, tmp_path, writable=True))
    entry = json.loads(json.dumps(answer.to_json()))
    assert api.feedback(entry, "good")["evidence"] == []  # that collection holds none of the articles
    with pytest.raises(InvalidAnswer):
        api.feedback({"question": "x"}, "good")
