import shutil
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from conftest import ROOT, copy_collection

from corpus.store.connection import StoreError
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.assistant import Assistant
from rag.evaluation.gold.questions import EvaluationError
from rag.evaluation.runs.history import RUNS_FOLDER, RunHistory, RunProgress
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever


@pytest.fixture
def runs(sample_folder: Path, tmp_path: Path, encoder: Encoder) -> RunHistory:
    library = Library(Store(copy_collection(sample_folder, tmp_path / "data")), encoder)
    return RunHistory(Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts()))


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join((ROOT / "corpus/gold.jsonl").read_text().splitlines()[:4]))
    return file


def test_run_is_saved_listed_read_and_compared(runs: RunHistory, gold: Path, tmp_path: Path) -> None:
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
    assert not list((tmp_path / "data" / RUNS_FOLDER).glob("*.unfinished"))
    later = "2999-01-01T000000 mine"
    shutil.copy(
        tmp_path / "data" / RUNS_FOLDER / f"{steps[-1].name}.json",
        tmp_path / "data" / RUNS_FOLDER / f"{later}.json",
    )
    assert runs.names()[0] == later and "| right |" in runs.compare(steps[-1].name, later)


def test_stopped_run_is_resumed(runs: RunHistory, gold: Path) -> None:
    with closing(runs.run(gold)) as steps:
        assert [step.done for step in islice(steps, 3)] == [0, 1, 2]
    assert not runs.names()
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


def test_two_processes_do_not_mix_their_runs(runs: RunHistory, gold: Path) -> None:
    """The second is refused while the first one measures, and may begin when that has stopped."""
    with closing(runs.run(gold)) as measuring:
        next(measuring)
        with pytest.raises(StoreError, match=r"runs is being written by process \d+ since"):
            next(RunHistory(runs._assistant).run(gold))
    with closing(RunHistory(runs._assistant).run(gold)) as second:
        assert next(second).total == 4
