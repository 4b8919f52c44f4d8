import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from conftest import article

from corpus.article import Article
from corpus.passages import Passage
from corpus.store.connection import Connection, StoreError
from corpus.store.database import Store
from corpus.store.filters import Filters
from corpus.store.opening import open_store
from corpus.store.schema import FILE_NAME, SCHEMA_VERSION

pytestmark = pytest.mark.both_databases


def add(store: Store, found: Article, seed: int = 0) -> None:
    half = found.body.index(". ") + 1 if ". " in found.body else len(found.body)
    passages = [Passage(found, 0, half), Passage(found, half, len(found.body))]
    vectors = np.random.default_rng(seed).normal(size=(2, 384)).astype(np.float32)
    store.add(found, passages, vectors, raw=f"raw {found.body}", sha256=f"{seed}")


def is_consistent(store: Store) -> bool:
    """Run the database's own checks, compare words and checksums with their content, and count the passages."""
    return (
        not list(store.damages())
        and not store.altered()
        and store.word_index_is_intact()
        and store.passage_count() == 2 * len(store.articles())
    )


def test_an_article_is_stored_unchanged(store: Store) -> None:
    found = article(author="Anna", url="https://a.example")
    add(store, found)
    assert store.article(found.id) == found
    assert store.raw(found.id) == f"raw {found.body}"
    assert store.passages(store.passage_ids()) == {
        n: passage for n, passage in store.passages([1, 2]).items()
    }
    assert "".join(passage.text for passage in store.passages([1, 2]).values()) == found.body


def test_vectors_are_stored_exactly_and_returned_in_the_order_of_the_ids(store: Store) -> None:
    add(store, article(), seed=7)
    expected = np.random.default_rng(7).normal(size=(2, 384)).astype(np.float32)
    ids, vectors = store.vectors([2, 99, 1])
    assert ids.tolist() == [2, 1] and np.array_equal(vectors, expected[::-1])


@pytest.mark.sqlite_only
@pytest.mark.threat("D4", open="power cuts of a real machine; names of files that a power cut loses")
def test_the_journal_is_a_wal_and_every_commit_is_synchronised(store: Store) -> None:
    assert store.rows("PRAGMA journal_mode") == [("wal",)]
    assert store.rows("PRAGMA synchronous") == [(2,)]


@pytest.mark.sqlite_only
@pytest.mark.threat("S4", n="the collection's files")
def test_nobody_else_can_read_the_files(store: Store) -> None:
    add(store, article())
    files = list(store.path.parent.iterdir())
    assert len(files) > 1 and not [file.name for file in files if file.stat().st_mode & 0o077]


def test_an_interrupted_opening_keeps_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Connection._begin

    def interrupt(connection: Connection) -> None:
        begin(connection)
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(Connection, "_begin", interrupt)
        with pytest.raises(KeyboardInterrupt) as kept:  # its traceback holds the connection
            Store(tmp_path)
    with closing(Store(tmp_path)) as store:
        assert store.coverage().articles == 0 and kept.tb


@pytest.mark.threat("D5")
def test_a_new_file_that_another_process_is_opening_is_waited_for(tmp_path: Path) -> None:
    with closing(
        sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        end = threading.Timer(0.2, other.execute, ("ROLLBACK",))
        end.start()
        with closing(Store(tmp_path)) as store:
            assert store.rows("PRAGMA journal_mode") == [("wal",)]
        end.join()


@pytest.mark.sqlite_only
def test_a_copy_whose_runs_cannot_be_written_leaves_nothing_half(store: Store, tmp_path: Path) -> None:
    store.documents["runs/one.json"].write("{}")
    target = tmp_path / "copy"
    target.mkdir()
    (target / "runs").touch()
    with pytest.raises(StoreError, match=r"one\.json"):
        store.copy_to(target)
    assert [entry.name for entry in target.iterdir()] == ["runs"]


def test_a_failed_addition_is_rolled_back(store: Store) -> None:
    add(store, article())
    with pytest.raises(ValueError, match="must match number of passages"):
        store.add(article(body="New. Words."), [], np.zeros((1, 384), np.float32), "", "")
    broken = article(body="Half. Added.")
    with pytest.raises(Exception, match=r"(?i)not[ -]null constraint"):
        store.add(broken, [Passage(broken, 0, None)], np.zeros((1, 384), np.float32), "", "")  # type: ignore[arg-type]
    assert [found.id for found in store.articles()] == [article().id]
    assert is_consistent(store)


def test_a_changed_file_replaces_its_article_and_a_second_origin_keeps_it(store: Store) -> None:
    add(store, article(origin="a.txt"))
    add(store, article(origin="copy.txt"))
    assert len(store.articles()) == 1
    add(store, article(body="New words. Here.", origin="a.txt"), seed=1)
    assert len(store.articles()) == 2
    add(store, article(body="New words. Here.", origin="copy.txt"), seed=1)
    assert [found.body for found in store.articles()] == ["New words. Here."]
    assert is_consistent(store)


def test_removing_an_article_removes_its_passages_vectors_and_words(store: Store) -> None:
    add(store, article())
    add(store, article(body="Another one. About ferries.", title="Otters"), seed=1)
    assert store.remove(article().id) and not store.remove(article().id)
    assert store.search_words('"council"', 5) == [] and len(store.search_words('"ferries"', 5)) == 1
    assert is_consistent(store)


def test_filters_apply_before_the_search(store: Store) -> None:
    for n, (published, publisher) in enumerate(
        [
            ("2018-02-13", "Meridian Wire"),
            ("2018", "Civic Observer"),
            ("2020-05", None),
            (None, "Meridian Wire"),
        ]
    ):
        add(
            store,
            article(body=f"Ferry number {n}. It sails.", published=published, publisher=publisher),
            seed=n,
        )

    def found(filters: Filters) -> list[str]:
        ids = [number for number, _ in store.search_words('"ferry"', 10, store.passage_ids(filters))]
        return sorted(passage.article.body[:14] for passage in store.passages(ids).values())

    assert found(Filters(since=date(2018, 1, 1), until=date(2018, 12, 31))) == [
        "Ferry number 0",
        "Ferry number 1",
    ]
    assert found(Filters(since=date(2018, 2, 1))) == ["Ferry number 0", "Ferry number 2"]
    assert found(Filters(publishers=("meridian wire",))) == ["Ferry number 0", "Ferry number 3"]
    assert found(Filters(publishers=("Nobody",))) == []


@pytest.mark.parametrize("asked", ["Écho de l'Île", "écho de l'île", "ÉCHO DE L'ÎLE", " Écho de l'Île "])
def test_a_publisher_is_found_by_its_name_in_any_case(store: Store, asked: str) -> None:
    add(store, article(body="The ferry sails. It is late.", publisher="Écho de l'Île"))
    add(store, article(body="The ferry sank. It was old.", publisher="Echo de l'Ile"), seed=1)
    only = Filters(publishers=(asked,))
    assert [found.publisher for found in store.articles(only)] == ["Écho de l'Île"]
    assert len(store.passage_ids(only)) == 2


def test_search_words_matches_stems_accents_headlines_and_dates(store: Store) -> None:
    add(store, article(body="The café trained soldiers. Twice.", title="A headline about otters"))
    for word in ("cafe", "training", "otter", "february"):
        assert store.search_words(f'"{word}"', 5), word


@pytest.mark.parametrize("content", [b"not a database, not at all", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_damaged_file_is_named_and_not_changed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(StoreError, match="move the file away"):
        Store(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == content


@pytest.mark.threat("D13")
def test_a_file_of_another_program_or_a_newer_version_is_refused_unchanged(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE_NAME)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(StoreError, match="belongs to another program"):
        Store(tmp_path)
    newer = tmp_path / "newer"
    Store(newer).close()
    changed = sqlite3.connect(newer / FILE_NAME)
    changed.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    changed.close()
    with pytest.raises(StoreError, match="update Dateline"):
        Store(newer)


@pytest.mark.threat("D6", n="a folder below a file")
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="DATELINE_DATA"):
        Store(tmp_path / "file" / "data")


def start_adding(
    folder: Path, log: Path, count: int = 10_000, name: str = "", database: str = ""
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            sys.executable,
            str(Path(__file__).parent / "adding_process.py"),
            str(folder),
            str(log),
            str(count),
            name,
        ],
        env={**os.environ, "DATELINE_DATABASE": database},
    )


@pytest.mark.threat("D1", n="10 kills on any system")
def test_killing_the_process_loses_nothing_that_was_acknowledged(tmp_path: Path, database: str) -> None:
    rng = np.random.default_rng(20261120)
    log = tmp_path / "log"
    log.touch()
    # Added or changed last, and perhaps changed or removed when the kill came before that was logged.
    uncertain: set[str] = set()
    for n in range(4 if database else 10):
        size = log.stat().st_size
        child = start_adding(tmp_path / "data", log, name=str(n), database=database)
        while log.stat().st_size == size:  # wait for its first article, then let it work a while
            assert child.poll() is None
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0, 0.15)))
        child.kill()
        child.wait()
        store = open_store(tmp_path / "data", database)
        lines = log.read_text().split()
        gone = {line[1:] for line in lines if line[0] == "-"}
        uncertain |= set(lines[-2:])
        added = {line for line in lines if line[0] != "-"} - gone - uncertain
        assert added <= {found.id for found in store.articles()}
        assert not any(store.has(name) for name in gone)
        assert is_consistent(store)
        store.close()


@pytest.mark.threat("D7")
def test_several_writers_store_the_distinct_articles(tmp_path: Path, database: str) -> None:
    running = [start_adding(tmp_path / "data", tmp_path / f"log{n}", 60, database=database) for n in range(3)]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    store = open_store(tmp_path / "data", database)
    assert len(store.articles()) == 40 and is_consistent(store)  # of 60, each third was removed again
    store.close()


@pytest.mark.threat("D5", n="9 sizes on any system")
def test_a_full_disk_raises_and_keeps_what_was_added(tmp_path: Path) -> None:
    """A limit on the size of files imitates the disk; SQLite reaches it at a different write each time."""
    full = 0
    for limit in range(60_000, 400_000, 40_000):
        folder = tmp_path / str(limit)
        code = (
            f"import resource, sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
            f"import adding_process; adding_process.main({str(folder)!r}, {str(tmp_path / f'log{limit}')!r}, '400', 'x')"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
        assert done.returncode != 0 and "StoreError" in done.stderr.strip().splitlines()[-1], done.stderr
        full += "free space" in done.stderr
        store = Store(folder)
        lines = (tmp_path / f"log{limit}").read_text().split() if (tmp_path / f"log{limit}").exists() else []
        gone = {line[1:] for line in lines if line[0] == "-"}
        here = {found.id for found in store.articles()}
        assert {line for line in lines if line[0] != "-"} - gone <= here | set(lines[-1:])
        assert is_consistent(store)
        add(store, article(), seed=1)  # there is space again
        store.close()
    assert full
