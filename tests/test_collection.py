from pathlib import Path

import pytest
from conftest import article
from serving import wait_until

from corpus.article import InvalidDate, Removal
from corpus.store.connection import StoreError
from corpus.store.integrity import check_integrity
from corpus.store.lock import write_lock
from embeddings.library import Library
from rag.serving.additions import InvalidUpload
from rag.serving.collection import ChangesDisabled, Collection, UnknownArticle, origin_name

FERRY = "The ferry to Kestrel Bay sailed at noon with forty passengers on board, the harbour master said on Monday."
BRIDGE = "The council of Ardmore approved the new bridge on Tuesday; it will cost 34 million crowns and open in 2027."


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


@pytest.fixture
def collection(library: Library, uploads: Path) -> Collection:
    return Collection(library, uploads, writable=True)


def upload(uploads: Path, name: str, text: str, folder: str = "a") -> Path:
    file = uploads / folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def added(collection: Collection, *files: Path, text: str = "", **fields: str) -> list[tuple[str, str]]:
    *_, last = collection.add(files, text, fields)
    return [(origin_name(report.origin), report.status) for report in last.reports]


def test_files_larger_than_the_limit_are_refused(library: Library, uploads: Path) -> None:
    files = [upload(uploads, "small.txt", FERRY), upload(uploads, "large.txt", f"{BRIDGE}\n" * 10)]
    *_, last = Collection(library, uploads, writable=True, max_file_bytes=len(FERRY)).add(files)
    assert [report.status for report in last.reports] == [
        "added",
        "refused",
    ] and "larger than" in last.reports[1].problem


def test_a_bad_file_does_not_stop_the_others(collection: Collection, uploads: Path) -> None:
    files = [
        upload(uploads, "bad.pdf", "%PDF-1.4 nothing"),
        upload(uploads, "empty.txt", ""),
        upload(uploads, "ferry.txt", FERRY),
    ]
    *progress, last = collection.add(files, BRIDGE)
    assert (
        [progress[0].done, progress[0].total, last.done] == [0, 4, 4]
        and last.finished
        and last.seconds_left == 0
    )
    assert [report.status for report in last.reports] == ["refused", "refused", "added", "added"]
    assert not any(file.exists() for file in files), "what was read is deleted"
    for report, name in zip(
        last.reports, ("bad.pdf: not readable as pdf", "empty.txt: the file is empty"), strict=False
    ):
        assert report.problem.startswith(name) and str(uploads) not in report.problem
    assert collection.coverage().articles == 2 and last.reports[3].origin.startswith("pasted text, 20")


def test_files_are_recognised_by_name_and_content_and_replace_nothing(
    collection: Collection, uploads: Path
) -> None:
    assert added(collection, upload(uploads, "index.txt", FERRY)) == [("index.txt", "added")]
    assert added(collection, upload(uploads, "index.txt", FERRY)) == [("index.txt", "unchanged")]
    assert added(collection, upload(uploads, "other.txt", FERRY)) == [("other.txt", "already here")]
    assert added(collection, upload(uploads, "index.txt", BRIDGE)) == [("index.txt", "added")]
    assert added(collection, upload(uploads, "x.txt", BRIDGE, "b"), text=FERRY)[0] == (
        "x.txt",
        "already here",
    )
    assert {line.article.body for line in collection.list().lines} == {FERRY, BRIDGE}


def test_two_texts_pasted_within_a_minute_are_both_added(collection: Collection) -> None:
    added(collection, text=FERRY)
    added(collection, text=BRIDGE)
    assert collection.coverage().articles == 2


def test_stated_fields_take_precedence_and_an_invalid_date_adds_nothing(
    collection: Collection, uploads: Path
) -> None:
    file = upload(uploads, "ferry.md", f"---\npublisher: The File\ndate: 2001-01-01\n---\n{FERRY}")
    with pytest.raises(InvalidDate, match="YYYY-MM-DD"):
        list(collection.add([file], fields={"date": "soon"}))
    assert file.exists() and not collection.coverage().articles
    added(collection, file, publisher="The User", date="2018-02")
    (line,) = collection.list().lines
    assert line.article.publisher == "The User" and str(line.article.published) == "2018-02"


def test_only_uploads_are_read_and_deleted(collection: Collection, uploads: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text(FERRY)
    (uploads / "link.txt").symlink_to(mine)
    for path in (mine, uploads / ".." / "mine.txt", uploads / "link.txt"):
        with pytest.raises(InvalidUpload, match="not uploaded"):
            list(collection.add([path]))
    assert mine.exists() and not collection.coverage().articles


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "nothing to add"), (" \n", "nothing to add"), ("x" * 500_001, "500,001 characters")],
)
def test_nothing_and_too_much_are_refused(collection: Collection, text: str, why: str) -> None:
    with pytest.raises(InvalidUpload, match=why):
        list(collection.add([], text))


def test_half_a_surrogate_pair_is_removed(collection: Collection) -> None:
    assert added(collection, text=f"\ud800{FERRY}")[0][1] == "added"


def test_a_stopped_addition_keeps_finished_files_and_releases_the_lock(
    collection: Collection, uploads: Path
) -> None:
    files = [upload(uploads, "ferry.txt", FERRY), upload(uploads, "bridge.txt", BRIDGE)]
    progress = collection.add(files)
    next(progress), next(progress)
    progress.close()
    assert [line.article.body for line in collection.list().lines] == [FERRY]
    assert added(collection, *files) == [("ferry.txt", "unchanged"), ("bridge.txt", "added")]


def test_a_second_writer_gets_an_error_that_names_the_first(
    collection: Collection, library: Library, uploads: Path
) -> None:
    added(collection, text=BRIDGE)
    (line,) = collection.list().lines
    file = upload(uploads, "ferry.txt", FERRY)
    with write_lock(library.store.path.parent):
        for change in (
            lambda: list(collection.add([file])),
            lambda: collection.remove(line.article.id),
            lambda: collection.correct(line.article.id, {"title": "x"}),
        ):
            with pytest.raises(StoreError, match=r"is being written by process \d+ since"):
                change()
    assert file.exists() and collection.coverage().articles == 1


def test_fields_are_corrected_and_an_article_is_removed(collection: Collection) -> None:
    added(collection, text=FERRY, publisher="The User")
    (line,) = collection.list().lines
    name = line.article.id
    with pytest.raises(InvalidDate):
        collection.correct(name, {"title": "Ferry", "published": "soon"})
    assert collection.article(name).title is None, "all or nothing"
    fixed = collection.correct(
        name, {"title": " Ferry\n sails\u202e ", "publisher": "", "published": "2018-2-3"}
    )
    assert (fixed.title, fixed.publisher, str(fixed.published)) == ("Ferry sails", None, "2018-02-03")
    assert {found.field: found.how for found in fixed.provenance} == dict.fromkeys(
        ("title", "publisher", "date"), "corrected by hand"
    )
    assert collection.remove(name).title == "Ferry sails" and not collection.coverage().articles
    with pytest.raises(UnknownArticle, match="may have been removed"):
        collection.remove(name)


def test_articles_that_are_nearly_the_same_can_be_listed_alone(collection: Collection) -> None:
    for text in (FERRY, BRIDGE, FERRY.replace("forty", "fifty")):
        assert not collection.list(only="copies").lines
        added(collection, text=text)
    listing = collection.list(only="copies", sort="added")
    assert listing.total == 2 and all("Kestrel" in line.article.body for line in listing.lines)
    assert [line.article.body for line in collection.list("fifty", only="copies").lines] == [
        FERRY.replace("forty", "fifty")
    ]
    collection.remove(listing.lines[0].article.id)
    assert collection.list(only="copies").total == 0


def rows(library: Library) -> list[list[tuple[object, ...]]]:
    """Return all that is stored of articles but the numbers of passages, whose order their places keep."""
    tables = ("articles", "origins", "corrections", "removals")
    stored = [library.store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    return [*stored, library.store.rows('SELECT article, start, "end", vector FROM passages ORDER BY 1, 2')]


@pytest.mark.both_databases
def test_a_removal_is_undone_with_all_that_belonged_to_the_articles(
    collection: Collection, library: Library, uploads: Path
) -> None:
    file = upload(uploads, "ferry.txt", FERRY)
    kept = file.read_bytes()
    added(collection, file, text=BRIDGE)
    pier = "The pier of Corrin burned on Friday, and nobody was hurt."
    library.add(article(pier, removed=(Removal(1, 0, "Read more", "teaser"),)), f"Read more\n{pier}", "")
    ferry = next(line.article for line in collection.list("ferry").lines)
    collection.correct(ferry.id, {"publisher": "Ferry Gazette"})
    before = library.version, library.coverage(), rows(library)
    assert all(before[2])  # of each table
    found = library.search_by_vector(library.encoder.encode(["a new bridge"])[0], 1)[0][1]
    chosen = [line.article.id for line in collection.list().lines]
    assert collection.remove_many([*chosen, "0" * 12]) == collection.undoable == 3
    assert library.coverage().articles == 0 and not collection.list("ferry").lines and not any(rows(library))
    assert collection.undo() == 3 and collection.undoable == 0 and collection.undo() == 0
    assert (library.version, library.coverage(), rows(library)) == before
    assert [line.article.id for line in collection.list("ferry gazette").lines] == [ferry.id]
    passage, cosine = library.search_by_vector(library.encoder.encode(["a new bridge"])[0], 1)[0]
    assert cosine == found and library.passages([passage])[passage].article.body == BRIDGE
    assert list(check_integrity(library.store)) == []
    file.write_bytes(kept)
    assert added(collection, file) == [("ferry.txt", "unchanged")]


@pytest.mark.both_databases
def test_an_article_that_was_added_again_is_not_put_back(collection: Collection) -> None:
    added(collection, text=FERRY)
    collection.remove(collection.list().lines[0].article.id)
    added(collection, text=FERRY, publisher="Another")
    assert collection.undo() == 0
    assert [line.article.publisher for line in collection.list().lines] == ["Another"]


def test_an_addition_goes_on_when_nobody_watches_and_ends_when_it_is_stopped(
    collection: Collection, library: Library, uploads: Path
) -> None:
    files = [upload(uploads, f"{n}.txt", f"{FERRY} It was the {n}th time.") for n in range(9)]
    addition = collection.begin_adding(files[:4])
    with pytest.raises(StoreError, match="is being written by process"):
        collection.begin_adding(files[4:])
    wait_until(lambda: not addition.running)
    assert library.coverage().articles == 4
    assert [progress.done for progress in addition.watch()] == [4]  # who comes late sees the end
    stopped = collection.begin_adding(files[4:])
    collection.stop_adding()
    assert not stopped.running and not stopped.progress.finished and library.coverage().articles < 9
    again = collection.begin_adding(files[4:])
    *_, last = again.watch()
    assert last.finished and library.coverage().articles == 9


def test_a_read_only_collection_can_be_read_but_not_changed(
    library: Library, collection: Collection, uploads: Path
) -> None:
    added(collection, text=FERRY)
    read_only = Collection(library, uploads, writable=False)
    (line,) = read_only.list("ferry").lines
    for change in (
        lambda: list(read_only.add([], BRIDGE)),
        lambda: read_only.remove(line.article.id),
        lambda: read_only.remove_many([line.article.id]),
        lambda: read_only.undo(),
        lambda: read_only.begin_adding([], BRIDGE),
        lambda: read_only.correct(line.article.id, {}),
    ):
        with pytest.raises(ChangesDisabled, match="DATELINE_CHANGES"):
            change()
    assert read_only.article(line.article.id).body == FERRY and read_only.raw_text(line.article.id) == FERRY
