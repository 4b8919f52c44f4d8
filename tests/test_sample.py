"""The sample collection: when it is added, how it is marked, and that it is gone for good once removed."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, ask, open_page
from conftest import ROOT, article
from playwright.sync_api import Browser, expect
from serving import run_server

from corpus.store.database import Store
from corpus.store.integrity import export_lines
from corpus.store.lock import write_lock
from corpus.store.schema import FILE_NAME
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.answers.answer import article_to_model
from rag.answers.export import export_answers
from rag.assistant import Assistant
from rag.cli.commands import run
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.page.tabs.sample_bar import sample_bar_html
from rag.retrieval.search import Retriever
from rag.serving import sample
from rag.serving.collection import ChangesDisabled, Collection
from rag.settings import Settings

FERRY = "bay-2016-05-ferry-plan.md"


@pytest.fixture(autouse=True)
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three articles of the sample in its place."""
    folder = tmp_path / "few"
    folder.mkdir()
    for file in sorted(sample.SAMPLE.glob("bay-*.md"))[:3]:
        shutil.copy(file, folder)
    monkeypatch.setattr(sample, "SAMPLE", folder)
    yield folder


def add(library: Library) -> int:
    return len(list(sample.add_sample(library)))


@pytest.fixture
def default() -> Settings:
    """The settings of somebody who named no collection."""
    return Settings.read({})


def test_only_a_new_default_collection_gets_the_sample(
    library: Library, default: Settings, tmp_path: Path
) -> None:
    named = Settings.read({"DATELINE_DATA": str(tmp_path / "mine")})
    assert not sample.sample_is_due(named, library)
    assert sample.sample_is_due(default, library)
    assert add(library) == 3 and library.coverage().sample == 3
    assert not sample.sample_is_due(default, library)
    for found in library.store.articles():
        library.remove(found.id)
    assert not sample.sample_is_due(default, library), "it was emptied"


def test_a_collection_of_own_articles_that_was_emptied_stays_empty(
    library: Library, default: Settings
) -> None:
    library.add(article(), "raw", "digest")
    library.remove(article().id)
    assert not library.coverage().articles and not sample.sample_is_due(default, library)


def test_an_addition_that_was_stopped_is_completed(library: Library, default: Settings) -> None:
    stopped = sample.add_sample(library)
    next(stopped)
    stopped.close()
    assert library.coverage().articles == 1 and sample.sample_is_due(default, library)
    assert add(library) == 3 and library.coverage().sample == 3
    assert not sample.sample_is_due(default, library)
    with write_lock(library.store.path.parent):
        assert not sample.sample_is_due(default, library)  # nobody is waited for


def test_the_sample_is_removed_at_once_and_own_articles_stay(library: Library, tmp_path: Path) -> None:
    add(library)
    library.add(article(), "raw", "digest")
    collection = Collection(library, tmp_path, writable=True)
    with pytest.raises(ChangesDisabled):
        Collection(library, tmp_path, writable=False).remove_sample()
    assert collection.remove_sample() == 3
    assert [found.id for found in library.store.articles()] == [article().id]
    assert library.store.word_index_is_intact() and collection.coverage().sample == 0
    assert list(collection.add_sample()) == [(1, 3), (2, 3), (3, 3)] and collection.coverage().sample == 3


def test_the_sample_is_marked_in_answers_and_exports(library: Library, encoder: Encoder) -> None:
    add(library)
    assistant = Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts())
    answer = assistant.ask("What does the plan to replace the Grey Linnet cost?")
    assert answer.citations and all(citation.article.sample for citation in answer.citations)
    assert all(citation["sample"] is True for citation in answer.to_json()["citations"])
    for form, mark in (
        ("markdown", r"Kestrel Bay Times (sample), "),
        ("html", "Kestrel Bay Times (sample), "),
        ("json", '"sample": true'),
        ("bibtex", "Sample: an invented article"),
        ("csl", "Sample: an invented article"),
    ):
        assert mark in export_answers([answer], form).text, form
    assert "sample" not in article_to_model(article()).to_json()


def test_an_export_keeps_the_mark_and_nothing_else_sets_it(library: Library, tmp_path: Path) -> None:
    add(library)
    library.add(article(), "raw", "digest")
    lines = list(export_lines(library.store))
    sample.remove_sample(library.store)
    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(lines))
    list(ingest(library, file))
    assert library.coverage().sample == 3
    forged = tmp_path / "forged.jsonl"
    forged.write_text(json.dumps({"body": "Otters were seen in the bay on Sunday.", "sample": True}))
    list(ingest(library, forged))
    (otters,) = (found for found in library.store.articles() if "Otters" in found.body)
    assert not otters.sample and library.coverage().sample == 3


def test_the_sample_of_an_older_collection_is_marked(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/fixtures/store-v3.sqlite", tmp_path / FILE_NAME)
    store = Store(tmp_path)
    assert {found.publisher: found.sample for found in store.articles()} == {
        "Kestrel Bay Times": True,
        "The Harbour Gazette": False,
    }
    store.close()


def test_the_command_line_adds_marks_and_removes_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATELINE_DATA", str(tmp_path / "mine"))
    monkeypatch.setenv("COLUMNS", "200")
    own = tmp_path / "own.txt"
    own.write_text("Seventeen otters were counted in the harbour of Corrin on Thursday, the warden said.")
    run(["add", "--sample"])
    run(["add", str(own)])
    assert "3 of 4 articles are the invented sample" in capsys.readouterr().err
    run(["list"])
    assert capsys.readouterr().out.count("(sample)") == 3
    run(["remove", "--sample"])
    assert "3 sample articles removed" in capsys.readouterr().out
    run(["list", "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["origin"].endswith("own.txt") and "sample" not in json.loads(line)
    for command in ("add", "remove"):
        assert run([command]) == 2 and "nothing to" in capsys.readouterr().err


def test_the_bar_says_how_to_begin_and_what_is_invented(library: Library) -> None:
    assert "is empty" in sample_bar_html(library.coverage(), True)
    assert "dateline add FOLDER" in sample_bar_html(library.coverage(), False)
    add(library)
    assert "These 3 articles are invented" in sample_bar_html(library.coverage(), True)
    library.add(article(), "raw", "digest")
    assert "3 of the 4 articles are invented" in sample_bar_html(library.coverage(), True)
    sample.remove_sample(library.store)
    assert sample_bar_html(library.coverage(), True) == ""


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine; install it")
def test_a_named_collection_starts_empty_and_the_page_offers_the_sample(
    browser: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=60_000)
    with (
        run_server(tmp_path / "mine", tmp_path / "log", DATELINE_MODEL="none") as (address, _),
        open_page(browser, address) as page,
    ):
        bar = page.locator("#sample-bar")
        expect(bar).to_contain_text("This collection is empty")
        page.screenshot(path=tmp_path / "empty.png")
        page.get_by_role("button", name="Try the sample").click()
        expect(bar).to_contain_text("These 48 articles are invented")
        expect(page.get_by_role("button", name="Try the sample")).to_be_hidden()
        ask(page, "How has the cost of HS2 changed?")
        expect(page.locator(".answer cite").first).to_contain_text("(sample)")
        page.screenshot(path=tmp_path / "sample.png")
        page.get_by_role("tab", name="Collection").click()
        expect(page.locator("#articles tbody .note").first).to_have_text("sample")
        if not page.locator("#add").is_visible():
            page.get_by_text("Add articles").click()
        page.fill("#pasted textarea", "Seventeen otters were counted at Corrin on Thursday, the warden said.")
        page.click("#add")
        expect(bar).to_contain_text("48 of the 49 articles are invented")
        page.screenshot(path=tmp_path / "both.png", full_page=True)
        page.get_by_role("button", name="Remove the sample").click()
        expect(page.locator("#articles .open")).to_have_count(1)
        expect(bar).to_be_hidden()
