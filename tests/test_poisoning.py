"""Articles made to outvote a true one: what they cannot reach, and that removing them restores the answers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, copy_collection

from corpus.article import Article
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.assistant import Assistant
from rag.cli.main import main
from rag.evaluation.gold.questions import GoldQuestion, read_gold
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever

POISON = "Corrin Chronicle"
COPIES = 20
FACTS = {
    "nato-02": ("50,000", "61,000"),
    "nato-04": ("125", "640"),
}


@pytest.fixture
def assistant(sample_folder: Path, tmp_path: Path, encoder: Encoder) -> Iterator[Assistant]:
    store = Store(copy_collection(sample_folder, tmp_path / "data"))
    yield Assistant(Retriever(library=Library(store, encoder), k=8), AnswerModel("none", None), Prompts())
    store.close()


def said(assistant: Assistant, gold: GoldQuestion) -> dict[str, Any]:
    """Return the whole answer but for how long it took."""
    return {key: value for key, value in assistant.ask(gold.question).to_json().items() if key != "timings"}


def add_copies(library: Library, true: Article, right: str, wrong: str) -> None:
    """Add near-copies of an article with another figure, each with a word of its own."""
    for n in range(COPIES):
        body = f"{true.body.replace(right, wrong)} Reader number {n} agreed."
        library.add(
            replace(true, body=body, publisher=POISON, origin=f"{n}.md", provenance=()), body, f"{n}" * 64
        )


@pytest.mark.threat(
    "P7",
    n="20 near-copies of 2 articles, and removing them by publisher",
    open="such a flood can make a question refused",
)
@pytest.mark.parametrize("name", FACTS)
def test_near_copies_never_replace_a_figure_and_leave_no_trace(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (gold,) = [gold for gold in read_gold(ROOT / "corpus/gold.jsonl") if gold.id == name]
    right, wrong = FACTS[name]
    before = said(assistant, gold)
    assert right in before["text"] and wrong not in before["text"]
    (true,) = [item for item in assistant.library.store.articles() if gold.evidence[0].belongs_to(item)]
    add_copies(assistant.library, true, right, wrong)
    flooded = said(assistant, gold)
    assert flooded["index_version"] != before["index_version"]
    assert right in flooded["text"] or wrong not in flooded["text"], flooded["text"]
    monkeypatch.setenv("DATELINE_DATA", str(assistant.library.store.path.parent))
    assert main(["remove", "--publisher", POISON.lower()]) == 0
    assert said(assistant, gold) == before
