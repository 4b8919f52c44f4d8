"""What cleaning leaves out is recorded, listed, and can be taken back."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from test_cleaning import PAGE
from test_cli import run

from corpus.article import Removal
from corpus.characters import normalise_text
from corpus.cleaning.restore import missing_lines, restore_body
from corpus.store.database import Store
from corpus.store.integrity import check_integrity
from corpus.store.schema import FILE_NAME
from embeddings.ingest import ingest
from embeddings.library import Library, UnknownLine
from rag.page.markup.collection_markup import article_html

pytestmark = pytest.mark.both_databases

TEASER = "A longer story about ferries and the people on board"
BODY = 'The new ferry sailed on Friday. It is two years late.\n\n"We are glad," the captain said.'


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "ferry.txt"
    file.write_text(PAGE)
    return file


def test_lines_are_taken_back_to_their_places_and_stay_when_the_file_changes(
    library: Library, page: Path
) -> None:
    (report,) = ingest(library, page)
    assert report.article and report.removed == 13
    old = report.article.id
    library.store.correct(old, "section", "Harbour")
    new = library.take_back(old, {9, 13})
    assert new.body == BODY.replace("The new", "KESTREL BAY (Meridian Wire) - The new", 1).replace(
        "\n\n", f"\n\n{TEASER}\n\n"
    )
    stored = library.store.article(new.id)
    assert stored and (stored.section, stored.title, stored.origin) == ("Harbour", new.title, str(page))
    assert library.store.article(old) is None and library.search_by_words('"longer"', 3)
    assert len(library.store.removed(new.id)) == 11
    assert list(check_integrity(library.store)) == []
    page.write_text(PAGE.replace("two years late", "three years late"))
    (again,) = ingest(library, page)
    assert again.article and again.article.body == new.body.replace("two years", "three years")
    assert [item.text for item in library.store.removed(again.article.id, kept=True)] == [
        "KESTREL BAY (Meridian Wire) - ",
        TEASER,
    ]
    for lines in ({13}, {999}):
        with pytest.raises(UnknownLine, match=r"show .* --removed"):
            library.take_back(again.article.id, lines)


def test_all_can_be_taken_back(library: Library, page: Path) -> None:
    (report,) = ingest(library, page)
    assert report.article
    whole = library.take_back(report.article.id)
    assert whole.body.split() == normalise_text(PAGE).split()
    assert library.store.removed(whole.id) == ()


def test_the_command_line_counts_lists_and_takes_back(tmp_path: Path, page: Path) -> None:
    data = tmp_path / "data"
    assert "13 lines" in run("-m", "rag", "add", str(page), data=data).stdout
    entry = json.loads(run("-m", "rag", "list", "--json", data=data).stdout)
    listed = run("-m", "rag", "show", entry["id"], "--removed", data=data).stdout
    assert "13  block beside the text: A longer story" in listed and "13 pieces" in listed
    assert "[Getty]" in run("-m", "rag", "show", entry["id"], "--removed", "--json", data=data).stdout
    assert TEASER in run("-m", "rag", "set", entry["id"], "keep=13", "publisher=Gull", data=data).stdout
    kept = json.loads(run("-m", "rag", "list", "--json", data=data).stdout)
    assert kept["id"] != entry["id"] and kept["publisher"] == "Gull"
    for lines in ("x", "13"):
        refused = run("-m", "rag", "set", kept["id"], f"keep={lines}", data=data)
        assert refused.returncode == 2 and "--removed" in refused.stderr


def test_the_page_lists_what_was_left_out(library: Library, page: Path) -> None:
    (report,) = ingest(library, page)
    assert report.article
    shown = article_html(report.article, PAGE, library.store.removed(report.article.id))
    assert "Left out of the text (13)" in shown and TEASER in shown and "keep=LINE" in shown
    assert "take-back" not in shown
    removed = library.store.removed(report.article.id)
    assert article_html(report.article, PAGE, removed, writable=True).count('data-line="13"') == 1
    assert "<script>" not in article_html(report.article, "", [Removal(1, 0, "<script>", "<script>")])


def test_older_collections_list_what_their_bodies_lack(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/fixtures/store-v5.sqlite", tmp_path / FILE_NAME)
    store = Store(tmp_path)
    (known,) = store.articles()
    missing = [item.text for item in store.removed(known.id)]
    assert TEASER in missing and not {"Ferry sails"} & set(missing)
    store.close()


@given(st.lists(st.sampled_from(PAGE.split("\n")), max_size=12), st.data())
def test_pieces_return_to_their_order(lines: list[str], data: st.DataObject) -> None:
    lines = list(dict.fromkeys(line for line in lines if line))
    raw = "\n".join(lines)
    kept = [line for line in lines if data.draw(st.booleans())]
    body = "\n\n".join(kept)
    missing = missing_lines(raw, body)
    assert restore_body(raw, body, missing).split() == raw.split() or not kept
