"""The sealed test: frozen, and sound as far as that can be checked without asking the product."""

import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import ROOT

from corpus.article import Article
from corpus.cleaning.clean import clean
from corpus.reading.files import find_files, load_bytes, read_articles
from rag.evaluation.gold.check import find_mistakes
from rag.evaluation.gold.questions import read_gold

SEALED = ROOT / "corpus/sealed"
GOLD = SEALED / "gold.jsonl"
# Of the articles in the order of their names, then the questions. It never changes: see corpus/sealed/README.md.
FROZEN = "abaa7776a7f02b0dd479f7f9a17a74d5e5afb9d5917e68930ca27fdf5a49ebcf"


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [
        clean(raw)
        for file in find_files([SEALED / "articles"])
        for raw in read_articles(file, load_bytes(file))
    ]


def test_the_sealed_files_are_as_they_were_frozen() -> None:
    files = [*sorted((SEALED / "articles").iterdir()), GOLD]
    listed = "".join(
        f"{sha256(file.read_bytes()).hexdigest()}  {file.relative_to(SEALED).as_posix()}\n" for file in files
    )
    assert len(files) == 13 and sha256(listed.encode()).hexdigest() == FROZEN


def test_sealed_questions_have_no_mistakes(articles: list[Article]) -> None:
    assert list(find_mistakes(read_gold(GOLD), articles)) == []


def test_sealed_articles_are_whole_dated_and_not_in_the_sample(articles: list[Article]) -> None:
    assert len(articles) == 12 and Counter(Path(found.origin).name.split("-")[0] for found in articles) == {
        "water": 4,
        "eagle": 4,
        "piano": 4,
    }
    for found in articles:
        text = Path(found.origin).read_text().split("---\n", 2)[2]
        assert len([part for part in text.split("\n") if part.strip()]) == len(found.body.split("\n\n"))
        assert {cut.reason for cut in found.removed} <= {"dateline"}
        assert found.published and found.publisher and found.author and 350 <= len(found.body.split()) <= 700
    assert len({found.published for found in articles}) == 12
    sample = "\n".join(file.read_text() for file in find_files([ROOT / "corpus/articles"]))
    for name in ("Aldermere", "Skerrin", "Hallam & Voss"):
        assert name not in sample and sum(name in found.body for found in articles) == 4


def test_every_sealed_question_of_a_kind_is_counted_in_the_readme() -> None:
    kinds = Counter(question.kind for question in read_gold(GOLD))
    row = (SEALED / "README.md").read_text().strip().split("\n")[-1]
    assert list(kinds.values()) == [int(cell) for cell in row.split("|")[2:-1]] and kinds.total() == 60


def test_no_code_but_this_reads_the_sealed_test() -> None:
    naming = [
        file.relative_to(ROOT).as_posix()
        for folder in ("benchmarks", "corpus", "docs", "embeddings", "rag", "tests", "training")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"/sealed\b|\bsealed/|[\"']sealed[\"']", file.read_text(encoding="utf-8"))
    ]
    assert naming == ["tests/test_sealed.py"]
