from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from conftest import ROOT, copy_collection

from corpus.store.connection import StoreError
from corpus.store.opening import open_store
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.assistant import Assistant
from rag.evaluation.gold.questions import EvaluationError
from rag.evaluation.runs.history import RUNS_FOLDER, RunHistory, RunProgress
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever


@pytest.fixture
def runs(
    sample_folder: Path, sample: Library, tmp_path: Path, encoder: Encoder, database: str
) -> Iterator[RunHistory]:
    if not database:
        copy_collection(sample_folder, tmp_path / "data")
    with closing(open_store(tmp_path / "data", database)) as store:
        if database:
            store.copy_from(sample.store)
        library = Library(store, encoder)
        yield RunHistory(Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts()))


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join((ROOT / "corpus/gold.jsonl").read_text().splitlines()[:4]))
    return file


@pytest.mark.both_databases
def test_run_is_saved_listed_read_and_compared(runs: RunHistory, gold: Path) -> None:
    steps = list(runs.run(gold))
    assert [(step.done, step.total) for step in steps] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4), (4, 4)]
    assert (
        steps[0].left is None
        and steps[2].left
        and steps[-1].name in runs.names()
        and steps[-1].name.endswith(" mine")
    )
    run = runs.read(steps[-1].name)
    assert (
        len(run["results"]) == 4
        and run["gold"]["file"] == "mine.jsonl"
        and run["collection"]["articles"] == 48
    )
    documents = runs._assistant.library.store.documents
    kept = [name for name in documents.names() if name.startswith(RUNS_FOLDER)]
    assert kept == [f"{RUNS_FOLDER}/{steps[-1].name}.json"]  # the journal is gone
    later = "2999-01-01T000000 mine"
    documents[f"{RUNS_FOLDER}/{later}.json"].write(
        documents[f"{RUNS_FOLDER}/{steps[-1].name}.json"].read() or ""
    )
    assert runs.names()[0] == later and "| right |" in runs.compare(steps[-1].name, later)


@pytest.mark.both_databases
def test_stopped_run_is_resumed(runs: RunHistory, gold: Path) -> None:
    version = runs._assistant.library.store.version
    with closing(runs.run(gold)) as steps:
        assert [step.done for step in islice(steps, 3)] == [0, 1, 2]
    assert not runs.names()
    assert runs._assistant.library.store.version == version  # no index is read again for what is kept beside
    again = list(runs.run(gold))
    assert again[0].total in (2, 3) and len(runs.read(again[-1].name)["results"]) == 4


def test_mistakes_name_their_lines_and_a_wrong_file_is_refused(runs: RunHistory, tmp_path: Path) -> None:
    file = tmp_path / "wrong.jsonl"
    file.write_text(
        '{"question": "Who?", "answers": ["x"], "evidence": [{"article": "nobody", "quote": "x"}]}'
    )
    assert [line[:8] for line in runs.find_mistakes(file)] == ["Line 1: "]
    file.write_text("no JSON")
    with pytest.raises(EvaluationError, match="line 1"):
        next(runs.run(file))


@pytest.mark.parametrize("name", ["nobody", "../../gold", "/etc/passwd", ""])
def test_only_runs_of_the_folder_are_read(runs: RunHistory, name: str) -> None:
    with pytest.raises(EvaluationError, match="holds no run"):
        runs.read(name)


def test_no_time_left_before_the_first_answer() -> None:
    assert RunProgress(0, 3, 5.0).left is None


@pytest.mark.both_databases
def test_two_processes_do_not_mix_their_runs(runs: RunHistory, gold: Path) -> None:
    """The second is refused while the first one measures, and may begin when that has stopped."""
    with closing(runs.run(gold)) as measuring:
        next(measuring)
        with pytest.raises(StoreError, match=r"runs is being written by (dateline )?process \d+ .*since"):
            next(RunHistory(runs._assistant).run(gold))
    with closing(RunHistory(runs._assistant).run(gold)) as second:
        assert next(second).total == 4
