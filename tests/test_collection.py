from pathlib import Path

import pytest

from corpus.article import InvalidDate
from corpus.store.database import StoreError
from corpus.store.lock import write_lock
from embeddings.library import Library
from rag.serving.collection import ChangesDisabled, Collection, InvalidUpload, UnknownArticle, origin_name

FERRY = "The ferry to Kestrel Bay sailed at noon with forty passengers on board, the harbour master said on Monday."
BRIDGE = "The council of Ardmore approved the new bridge on Tuesday; it will cost 34 million crowns and open in 2027."


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


@pytest.fixture
def collection(library: Library, uploads: Path) -> Collection:
    return Collection(library, uploads, changes=True)


def upload(uploads: Path, name: str, text: str, folder: str = "a") -> Path:
    file = uploads / folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def added(collection: Collection, *files: Path, text: str = "", **given: str) -> list[tuple[str, str]]:
    *_, last = collection.add(files, text, given)
    return [(origin_name(report.origin), report.status) for report in last.reports]


def test_a_file_may_be_as_large_as_the_door_says(library: Library, uploads: Path) -> None:
    files = [upload(uploads, "small.txt", FERRY), upload(uploads, "large.txt", f"{BRIDGE}\n" * 10)]
    *_, last = Collection(library, uploads, changes=True, largest=len(FERRY)).add(files)
    assert [report.status for report in last.reports] == [
        "added",
        "refused",
    ] and "larger than" in last.reports[1].problem


def test_files_and_a_text_are_added_and_a_bad_file_stops_nothing(
    collection: Collection, uploads: Path
) -> None:
    files = [
        upload(uploads, "bad.pdf", "%PDF-1.4 nothing"),
        upload(uploads, "empty.txt", ""),
        upload(uploads, "ferry.txt", FERRY),
    ]
    *growing, last = collection.add(files, BRIDGE)
    assert [growing[0].done, growing[0].total, last.done] == [0, 4, 4] and last.finished and last.left == 0
    assert [report.status for report in last.reports] == ["refused", "refused", "added", "added"]
    assert not any(file.exists() for file in files), "what was read is deleted"
    for report, name in zip(
        last.reports, ("bad.pdf: not readable as pdf", "empty.txt: the file is empty"), strict=False
    ):
        assert report.problem.startswith(name) and str(uploads) not in report.problem
    assert collection.coverage().articles == 2 and last.reports[3].origin.startswith("pasted text, 20")


def test_a_name_is_known_again_and_other_words_under_it_replace_nothing(
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


def test_two_texts_pasted_within_a_minute_are_both_kept(collection: Collection) -> None:
    added(collection, text=FERRY)
    added(collection, text=BRIDGE)
    assert collection.coverage().articles == 2


def test_what_the_user_says_wins_and_a_date_that_is_none_adds_nothing(
    collection: Collection, uploads: Path
) -> None:
    file = upload(uploads, "ferry.md", f"---\npublisher: The File\ndate: 2001-01-01\n---\n{FERRY}")
    with pytest.raises(InvalidDate, match="YYYY-MM-DD"):
        list(collection.add([file], given={"date": "soon"}))
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
def test_nothing_and_too_much_get_a_sentence(collection: Collection, text: str, why: str) -> None:
    with pytest.raises(InvalidUpload, match=why):
        list(collection.add([], text))


def test_half_a_character_is_left_out(collection: Collection) -> None:
    assert added(collection, text=f"\ud800{FERRY}")[0][1] == "added"


def test_an_addition_that_is_stopped_keeps_what_was_finished_and_gives_the_lock_back(
    collection: Collection, uploads: Path
) -> None:
    files = [upload(uploads, "ferry.txt", FERRY), upload(uploads, "bridge.txt", BRIDGE)]
    growing = collection.add(files)
    next(growing), next(growing)
    growing.close()
    assert [line.article.body for line in collection.list().lines] == [FERRY]
    assert added(collection, *files) == [("ferry.txt", "unchanged"), ("bridge.txt", "added")]


def test_a_second_writer_is_told_who_writes(collection: Collection, library: Library, uploads: Path) -> None:
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


def test_where_changes_are_off_everything_can_be_read_and_nothing_changed(
    library: Library, collection: Collection, uploads: Path
) -> None:
    added(collection, text=FERRY)
    closed = Collection(library, uploads, changes=False)
    (line,) = closed.list("ferry").lines
    for change in (
        lambda: list(closed.add([], BRIDGE)),
        lambda: closed.remove(line.article.id),
        lambda: closed.correct(line.article.id, {}),
    ):
        with pytest.raises(ChangesDisabled, match="DATELINE_CHANGES"):
            change()
    assert closed.article(line.article.id).body == FERRY and closed.raw(line.article.id) == FERRY
