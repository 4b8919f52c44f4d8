import json
from pathlib import Path

import numpy as np
import pytest
from conftest import article
from langchain_core.documents import Document

from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.filters import Filters
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library

FERRY = article(
    body="The ferry sailed at noon. It carried eighty cars.", title="Ferry sails", published="2021-03-12"
)
TAXES = article(
    body="Taxes rise next year. Nobody is pleased with them.",
    title="Taxes rise",
    publisher="Northgate Ledger",
    published="2019-01-05",
)


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
        "encode",
        lambda self, texts: np.empty((0, 384), np.float32) if not texts else pytest.fail("encoded again"),
    )
    assert two.add(FERRY, "raw", "digest") == 0
    assert two.coverage().articles == 2


def test_changes_of_another_process_are_seen_without_a_restart(two: Library, encoder: Encoder) -> None:
    other = Library(Store(two.store.path.parent), encoder)
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
    reopened = Library(Store(two.store.path.parent), encoder)
    assert reopened.search_by_vector(query, 2) == before
    reopened.store.close()


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
        '{"body": "Home\\nNews"}\n'
        '{"body": "Taxes rise next year.", "date": "soon"}\n'
    )
    bad.write_bytes(b"\x00\x01")
    assert [report.status for report in ingest(library, good)] == ["added", "refused", "added"]
    assert next(ingest(library, good)).status == "unchanged"
    (refused,) = ingest(library, bad)
    assert refused.status == "refused" and "binary" in refused.problem
    copy = tmp_path / "copy.txt"
    copy.write_text("A\n\nThe ferry sailed at noon.\n")
    assert [report.status for report in ingest(library, copy)] == ["already here"]
    copy.write_text("B\n\nThe ferry sailed at one.\n")
    assert [report.status for report in ingest(library, copy)] == ["added"]
    assert library.coverage().articles == 3
