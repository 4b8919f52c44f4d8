import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, article
from langchain_core.documents import Document
from milvus import milvus_index

from corpus.article import Article
from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.filters import Filters
from corpus.store.opening import open_store
from corpus.store.schema import FILE_NAME
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.kinds import KINDS
from embeddings.library import Library
from embeddings.vectors import VectorIndex

pytestmark = pytest.mark.both_databases

FERRY = article(
    body="The ferry sailed at noon. It carried eighty cars.", title="Ferry sails", published="2021-03-12"
)
TAXES = article(
    body="Taxes rise next year. Nobody is pleased with them.",
    title="Taxes rise",
    publisher="Northgate Ledger",
    published="2019-01-05",
)


@pytest.fixture(params=[*KINDS, "milvus"])
def library(
    store: Store, encoder: Encoder, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Library]:
    if request.param != "milvus":
        yield Library(store, encoder, index=VectorIndex(store, encoder.dimension, kind=request.param))
        return
    with milvus_index(store, tmp_path) as index:
        yield Library(store, encoder, index=index)


@pytest.fixture
def two(library: Library) -> Library:
    for new in (FERRY, TAXES):
        assert library.add(new, "raw", "digest") == 1
    return library


def bodies(library: Library, results: list[tuple[int, float]]) -> list[str]:
    passages = library.passages([number for number, _ in results])
    return [passages[number].article.body for number, _ in results]


def test_each_search_finds_the_right_passage(two: Library) -> None:
    vector = two.encoder.encode(["When did the boat depart?"])[0]
    assert bodies(two, two.search_by_vector(vector, 2))[0] == FERRY.body
    assert bodies(two, two.search_by_words('"pleased" OR "tax"', 2)) == [TAXES.body]
    assert two.search_by_words('"otter"', 2) == [] and two.search_by_words("", 2) == []


def test_filters_apply_before_both_searches(two: Library) -> None:
    only = Filters(publishers=("Northgate Ledger",))
    vector = two.encoder.encode(["The ferry sailed at noon."])[0]
    assert bodies(two, two.search_by_vector(vector, 5, only)) == [TAXES.body]
    assert two.search_by_words("ferry", 5) != [] and two.search_by_words("ferry", 5, only) == []
    assert two.search_by_vector(vector, 5, Filters(publishers=("Nobody",))) == []


def test_adding_again_encodes_nothing(two: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Encoder,
        "encode_in_background",
        lambda self, texts: np.empty((0, 384), np.float32) if not texts else pytest.fail("encoded again"),
    )
    assert two.add(FERRY, "raw", "digest") == 0
    assert two.coverage().articles == 2


def test_changes_of_another_process_are_seen_without_a_restart(two: Library, encoder: Encoder) -> None:
    other = Library(open_store(two.store.folder, two.store.address), encoder)
    query = encoder.encode(["Otters swim."])[0]
    other.add(article(body="Otters swim in the bay. They eat fish.", title="Otters"), "raw", "digest")
    assert bodies(two, two.search_by_vector(query, 1))[0].startswith("Otters")
    other.remove(FERRY.id)
    assert FERRY.body not in bodies(two, two.search_by_vector(query, 9))
    before = two.version
    other.remove(TAXES.id)
    assert two.version != before
    other.store.close()


def test_vectors_are_stored_and_not_encoded_again(
    two: Library, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = encoder.encode(["boat"])[0]
    before = two.search_by_vector(query, 2)
    reopened = Library(open_store(two.store.folder, two.store.address), encoder)
    assert reopened.search_by_vector(query, 2) == before
    reopened.store.close()


@pytest.mark.threat("M1", n="vectors whose encoder had other weights")
def test_vectors_of_another_encoder_are_refused(two: Library, encoder: Encoder) -> None:
    fingerprint = json.loads(two.store.get_property("encoder") or "")
    two.store.set_property("encoder", json.dumps({**fingerprint, "weights": "0" * 64}))
    with pytest.raises(StoreError, match="dateline rebuild"):
        Library(two.store, encoder)


def test_the_langchain_store_is_read_only(two: Library) -> None:
    store = two.as_vector_store()
    (document,) = store.similarity_search("boat", 1)
    assert isinstance(document, Document) and document.page_content == FERRY.body
    assert document.metadata["published"] == "2021-03-12"
    assert document.id and store.get_by_ids([document.id, "99", "x"]) == [document]
    with pytest.raises(TypeError, match="dateline add"):
        store.add_texts(["new"])


@pytest.mark.threat("D8", n="40 articles", open="110 of 200 whole questions")
def test_the_langchain_store_is_searched_while_articles_come_and_go(two: Library) -> None:
    store, stopped = two.as_vector_store(), threading.Event()
    others = [
        article(body=f"Otter {n} swam past the quay. It was seen at noon.", title=None) for n in range(40)
    ]

    def search() -> int:
        searches = 0
        while not stopped.is_set():
            found = store.similarity_search_with_score("When did the boat depart?", 3)
            assert found[0][0].page_content == FERRY.body and all(score <= 1.001 for _, score in found)
            searches += 1
        return searches

    with ThreadPoolExecutor(4) as pool:
        searching = [pool.submit(search) for _ in range(4)]
        for _ in range(3):
            for other in others:
                two.add(other, "raw", "digest")
                two.refresh()
            for other in others:
                two.remove(other.id)
                two.refresh()
        stopped.set()
    assert all(done.result() > 10 for done in searching)


def test_the_langchain_store_follows_the_collection(two: Library, encoder: Encoder) -> None:
    store = two.as_vector_store()
    with closing(open_store(two.store.folder, two.store.address)) as other:
        Library(other, encoder).add(article(body="Otters swim in the bay.", title="Otters"), "raw", "digest")
        assert store.similarity_search("Which animals swim?", 1)[0].page_content == "Otters swim in the bay."
        Library(other, encoder).remove(FERRY.id)
    assert FERRY.body not in [document.page_content for document in store.similarity_search("ferry", 9)]


def test_a_date_that_cannot_be_parsed_is_a_warning(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [
        '{"title": "A", "body": "The first ferry sailed at noon.", "date": "February 13, 2018", "updated": "later"}',
        '{"title": "B", "body": "The second ferry sailed at noon.", "date": "soon"}',
    ]
    file.write_text("\n".join(lines))
    first, second = ingest(library, file)
    assert (first.status, second.status) == ("added", "added")
    assert first.article and str(first.article.published) == "2018-02-13"
    assert second.article and second.article.published is None
    (warning,) = first.warnings
    assert '"later"' in warning and f"dateline set {first.article.id} updated=" in warning
    (warning,) = second.warnings
    assert '"soon"' in warning and f"dateline set {second.article.id} published=" in warning
    hostile = tmp_path / "b.jsonl"
    hostile.write_text(
        '{"body": "The third ferry sailed at noon.", "date": "\\ud800\\u001b[2J\\n\\u202esoon"}'
    )
    (report,) = ingest(library, hostile)
    assert report.status == "added" and report.warnings[0].isprintable() and "soon" in report.warnings[0]
    for report in ingest(library, file, {"date": "2018"}):  # what the user says makes up for it
        assert not any("published=" in warning for warning in report.warnings)


def test_ingest_reports_the_result_for_each_article(library: Library, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.txt"
    good.write_text(
        '{"body": "The ferry sailed at noon.", "title": "A"}\n'
        '{"body": "© 2019"}\n'
        '{"body": "Taxes rise next year.", "date": "soon"}\n'
    )
    bad.write_bytes(b"\x00\x01")
    assert [report.status for report in ingest(library, good)] == ["added", "refused", "added"]
    assert next(ingest(library, good)).status == "unchanged"
    (refused,) = ingest(library, bad)
    assert refused.status == "refused" and "binary" in refused.problem
    copy = tmp_path / "copy.txt"
    copy.write_text("The ferry sailed at noon.\n")
    assert [report.status for report in ingest(library, copy)] == ["already here"]
    copy.write_text("B\n\nThe ferry sailed at one.\n")
    assert [report.status for report in ingest(library, copy)] == ["added"]
    assert library.coverage().articles == 3


BERTH = "The second berth at Corrin cost less than was feared, the harbour master said on Monday."


def stored(library: Library, body: str = BERTH) -> Article:
    (found,) = [found for found in library.store.articles() if found.body == body]
    return found


def write(file: Path, **fields: str) -> Path:
    lines = "".join(f"{name}: {value}\n" for name, value in fields.items())
    file.write_text(f"---\n{lines}---\n{BERTH}\n")
    return file


def test_a_second_origin_of_the_same_body_completes_what_is_unknown(library: Library, tmp_path: Path) -> None:
    first = write(tmp_path / "a.md", publisher="The Harbour Gazette")
    second = write(
        tmp_path / "b.md",
        publisher="Another Paper",
        author="Anna Holm",
        date="2021-03-12",
        updated="2021-03-14",
    )
    list(ingest(library, first))
    (report,) = ingest(library, second)
    assert (report.status, report.completed) == ("already here", ("author", "published", "updated"))
    found = stored(library)
    assert report.article == found
    assert (found.publisher, found.author, str(found.published)) == (
        "The Harbour Gazette",
        "Anna Holm",
        "2021-03-12",
    )
    assert {item.field: item.how for item in found.provenance}["date"] == "front matter"
    assert library.search_by_words('"march"', 3)
    # Reading either file again keeps what the other stated.
    list(ingest(library, write(first, publisher="The Harbour Gazette", section="Ports")))
    found = stored(library)
    assert (found.section, found.author, str(found.published)) == ("Ports", "Anna Holm", "2021-03-12")
    assert library.store.word_index_is_intact()


def test_a_date_of_change_that_is_not_after_publication_completes_nothing(
    library: Library, tmp_path: Path
) -> None:
    list(ingest(library, write(tmp_path / "a.md", date="2021-03-12")))
    (report,) = ingest(library, write(tmp_path / "b.md", updated="2021-03-12"))
    assert report.completed == () and stored(library).updated is None


def test_what_the_user_gives_wins_over_files_and_is_not_overwritten(library: Library, tmp_path: Path) -> None:
    file = write(tmp_path / "a.md", publisher="Wrong Paper")
    other = write(tmp_path / "b.md", publisher="Wrong Paper", author="Anna Holm")
    list(ingest(library, file))
    given = {"publisher": "The Harbour Gazette", "date": "2021-03"}
    (report,) = ingest(library, other, given)  # a second origin
    assert report.article and report.article.publisher == "The Harbour Gazette"
    write(
        file, publisher="Wrong Paper", title="Berth", date="2020-01-01"
    )  # read again, without anything given
    list(ingest(library, file))
    found = stored(library)
    assert (found.publisher, str(found.published), found.title) == ("The Harbour Gazette", "2021-03", "Berth")
    assert {item.field: item.how for item in found.provenance}["publisher"] == "given by the user"
    # The last thing said in general wins; what was corrected for the one article wins over both.
    list(ingest(library, file, {"publisher": "The Corrin Times"}))
    assert stored(library).publisher == "The Corrin Times"
    library.store.correct(found.id, "publisher", "Corrin Sun")
    (report,) = ingest(library, file, {"publisher": "The Corrin Times"})
    assert stored(library).publisher == "Corrin Sun"
    (warning,) = report.warnings
    assert 'stays "Corrin Sun"' in warning and f"dateline set {found.id} publisher=" in warning
    file.write_text(file.read_text().replace("second", "third"))  # another body from the same file
    list(ingest(library, file))
    changed = stored(library, BERTH.replace("second", "third"))
    assert (changed.publisher, str(changed.published)) == ("Corrin Sun", "2021-03")


def test_what_was_given_in_version_3_wins_too(tmp_path: Path, encoder: Encoder) -> None:
    shutil.copy(ROOT / "tests/fixtures/store-v3.sqlite", tmp_path / FILE_NAME)
    library = Library(Store(tmp_path), encoder)
    (found,) = [found for found in library.store.articles() if found.publisher == "The Harbour Gazette"]
    file = tmp_path / "berth.md"
    file.write_text(f"---\npublisher: Wrong Paper\ndate: 2020-01-01\n---\n{found.body}\n")
    for _ in range(2):
        list(ingest(library, file))
        again = stored(library, found.body)
        assert (again.publisher, str(again.published), again.author) == (
            "The Harbour Gazette",
            "2021-03",
            "Anna Holm",
        )
        file.write_text(file.read_text().replace("Wrong", "Other"))
    assert {(item.field, item.how) for item in again.provenance} == {
        ("publisher", "given by the user"),
        ("date", "given by the user"),
        ("author", "corrected by hand"),
    }
    library.store.close()
