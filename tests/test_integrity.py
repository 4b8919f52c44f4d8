"""Corrections, integrity checks, export, rebuild, the write lock, and older or damaged collections."""

import json
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, article
from test_cli import refused, run
from test_store import add

from corpus.article import InvalidDate
from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.filters import Filters
from corpus.store.integrity import check_integrity, export_lines
from corpus.store.lock import write_lock
from corpus.store.schema import FILE_NAME, SCHEMA_VERSION
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library, rebuild

NOT_FINITE = np.full(384, np.nan, "<f4").tobytes()


def add_unit_vectors(store: Store) -> None:
    """Add an article with unit vectors, in which `check_integrity` finds no problem."""
    found = article(body="The ferry sailed at noon. It carried eighty cars.")
    from corpus.passages import Passage

    vectors = np.eye(2, 384, dtype=np.float32)
    store.add(found, [Passage(found, 0, 25), Passage(found, 26, len(found.body))], vectors, "raw", "1")


def test_a_correction_applies_to_filters_and_search_and_survives_reading_again(
    library: Library, tmp_path: Path
) -> None:
    file = tmp_path / "a.md"
    text = "---\ntitle: Ferry sails\npublisher: Wrong Paper\ndate: 2019-01-01\n---\nThe ferry sailed at noon with eighty cars.\n"
    file.write_text(text)
    (report,) = ingest(library, file)
    store = library.store
    assert report.article
    store.correct(report.article.id, "publisher", "Right Paper")
    store.correct(report.article.id, "published", "2020-05")
    store.correct(report.article.id, "author", None)

    def right(name: str) -> bool:
        found = store.article(name)
        return found is not None and (found.publisher, str(found.published)) == ("Right Paper", "2020-05")

    assert right(report.article.id)
    assert len(store.passage_ids(Filters(publishers=("Right Paper",)))) == 1 and not len(
        store.passage_ids(Filters(publishers=("Wrong Paper",)))
    )
    assert (
        store.search_words('"right"', 5)
        and not store.search_words('"wrong"', 5)
        and store.word_index_is_intact()
    )
    found = store.article(report.article.id)
    assert found and {item.field: item.how for item in found.provenance}["date"] == "corrected by hand"
    file.write_text(text.replace("Ferry sails", "Ferry sails at last"))  # the same body, another headline
    ingest(library, file).__next__()
    changed = store.article(report.article.id)
    assert changed and changed.title == "Ferry sails at last" and right(changed.id)
    file.write_text(text.replace("eighty", "ninety"))  # another body: another article from the same file
    (again,) = ingest(library, file)
    assert (
        again.article
        and again.article.id != report.article.id
        and right(again.article.id)
        and not store.has(report.article.id)
    )


def test_a_wrong_correction_changes_nothing(store: Store) -> None:
    add_unit_vectors(store)
    (found,) = store.articles()
    with pytest.raises(InvalidDate):
        store.correct(found.id, "published", "someday")
    assert store.articles() == [found]


def test_fields_that_the_user_states_win(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("A headline\n\n3 May 2011\n\nThe ferry sailed at noon.\n")
    (report,) = ingest(library, file, {"publisher": "Given Paper", "date": "2018-02"})
    assert report.article and (report.article.publisher, str(report.article.published)) == (
        "Given Paper",
        "2018-02",
    )
    (changed,) = ingest(library, file, {"publisher": "Other Paper"})
    found = library.store.article(report.article.id)
    assert changed.passages == 0 and found and found.publisher == "Other Paper"


def test_check_finds_each_kind_of_damage_and_no_other(store: Store) -> None:
    add_unit_vectors(store)
    assert list(check_integrity(store)) == []
    for damage, message in (
        ("UPDATE articles SET body = replace(body, 'eighty', 'ninety')", "not what was added"),
        ("UPDATE passages SET start = start + 3 WHERE start > 0", "do not cover"),
        ("DELETE FROM passages WHERE start > 0", "do not cover"),
        ("UPDATE passages SET vector = zeroblob(1536)", "vector is damaged"),
        ("INSERT INTO words (words) VALUES ('delete-all')", "word index"),
        ("UPDATE articles SET publisher = 'Other Paper'", "fields are not what was written"),
        ("UPDATE origins SET path = 'elsewhere'", "fields are not what was written"),
        ("UPDATE passages SET vector = x'00'", "a passage is damaged"),
        (f"UPDATE passages SET vector = x'{NOT_FINITE.hex()}'", "vector is damaged"),
    ):
        store._db.execute("SAVEPOINT before")
        store._db.execute(damage)
        assert any(message in problem.text for problem in check_integrity(store)), damage
        store._db.execute("ROLLBACK TO before")
        store._db.execute("RELEASE before")


def test_a_passage_with_a_damaged_vector_is_found_by_its_words_and_repaired(library: Library) -> None:
    library.add(article(body="The ferry sailed at noon. It carried cars."), "raw", "1")
    library.add(article(body="Otters swim in the bay. They eat fish."), "raw", "2")
    library.store._db.execute("UPDATE passages SET vector = ? WHERE id = 1", (NOT_FINITE,))
    again = Library(library.store, library.encoder)
    near = again.search_by_vector(library.encoder.encode(["ferry"])[0], 5)
    assert [number for number, _ in near] == [2] and again.search_by_words("ferry", 5)
    again.reencode(next(found for found in again.store.articles() if "ferry" in found.body))
    assert len(again.search_by_vector(library.encoder.encode(["ferry"])[0], 5)) == 2


def test_repair_restores_what_can_be_derived(tmp_path: Path) -> None:
    run("-m", "corpus", "add", "corpus/articles/bay-2016-05-ferry-plan.md", data=tmp_path)
    store = Store(tmp_path)
    store._db.execute("UPDATE passages SET vector = zeroblob(1536)")
    store._db.execute("INSERT INTO words (words) VALUES ('delete-all')")
    store.close()
    assert run("-m", "corpus", "check", data=tmp_path).returncode == 1
    done = run("-m", "corpus", "check", "--repair", data=tmp_path)
    assert done.returncode == 0 and "nothing is wrong" in done.stdout


def test_an_export_is_read_back_as_the_same_collection(
    sample_folder: Path, tmp_path: Path, encoder: Encoder
) -> None:
    there = Store(sample_folder)
    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(export_lines(there)))
    back = Library(Store(tmp_path / "back"), encoder)
    assert all(report.status == "added" for report in ingest(back, file))

    def seen(store: Store) -> list[tuple[str | None, ...]]:
        return [
            (
                found.id,
                found.title,
                found.publisher,
                found.author,
                str(found.published),
                found.url,
                found.body,
            )
            for found in store.articles()
        ]

    assert sorted(seen(back.store), key=str) == sorted(seen(there), key=str)
    there.close()
    back.store.close()


@pytest.mark.threat("D14")
def test_a_backup_is_the_collection_and_replaces_none(sample_folder: Path, tmp_path: Path) -> None:
    done = run("-m", "corpus", "backup", str(tmp_path / "copy"), "--json", data=sample_folder)
    with closing(Store(sample_folder)) as here, closing(Store(tmp_path / "copy")) as copy:
        assert json.loads(done.stdout) == {"copied": len(here.articles())}
        assert copy.articles() == here.articles() and list(check_integrity(copy)) == []
        assert copy.search_words('"ferry"', 9) == here.search_words('"ferry"', 9)
    refused(
        run("-m", "corpus", "backup", str(tmp_path / "copy"), data=sample_folder), "name a folder without"
    )


def test_rebuild_encodes_again_and_an_unfinished_rebuild_must_be_finished(
    library: Library, encoder: Encoder
) -> None:
    library.add(article(body="The ferry sailed at noon. It carried cars."), "raw", "1")
    library.add(article(body="Otters swim in the bay. They eat fish."), "raw", "2")
    store = library.store
    before = store.vectors(store.passage_ids())[1]
    entry = json.loads(store.get_property("encoder") or "")
    store.set_property("encoder", json.dumps({**entry, "weights": "0" * 64}))
    steps = rebuild(store, encoder)
    next(steps)
    steps.close()
    with pytest.raises(StoreError, match="dateline rebuild"):
        Library(store, encoder)
    assert len(list(rebuild(store, encoder))) == 2
    again = Library(store, encoder)
    assert np.allclose(
        np.sort(store.vectors(store.passage_ids())[1], axis=0), np.sort(before, axis=0), atol=1e-6
    )
    assert again.search_by_words("otters", 3) and list(check_integrity(store)) == []


def test_a_second_writer_is_refused_with_the_first_ones_process_and_time(tmp_path: Path) -> None:
    holding = "import sys; sys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\nfrom corpus.store.lock import write_lock\nwith write_lock(Path(sys.argv[2])): print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", holding, str(ROOT), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout and holder.stdout.readline() == "held\n"
    refused(
        run("-m", "corpus", "add", "corpus/articles/bay-2016-05-ferry-plan.md", data=tmp_path),
        f"process {holder.pid} since 20",
        "wait until it is done",
    )
    assert run("-m", "corpus", "list", data=tmp_path).returncode == 0  # readers are not kept waiting
    holder.kill()
    holder.communicate()
    with write_lock(tmp_path):
        pass


@pytest.mark.threat("D5", n="the file of the lock")
def test_a_full_disk_does_not_keep_the_lock_from_being_held(tmp_path: Path) -> None:
    code = f"import resource, sys; sys.path.insert(0, {str(ROOT)!r}); resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    code += f"from pathlib import Path\nfrom corpus.store.lock import *\nfolder = Path({str(tmp_path)!r})\nwith write_lock(folder): print(lock_holder(folder))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "another process\n", done.stderr


@pytest.mark.parametrize(
    ("version", "headlines", "sure"),
    [
        (
            1,
            [
                "Corvane wins 41 million crown order for Kestrel Bay ferry",
                "Council backs 34 million plan to replace the Grey Linnet",
            ],
            {"stated"},
        ),
        (
            2,
            [
                "Council backs 34 million plan to replace the Grey Linnet",
                "The second berth cost less than was feared and opens a month early",
            ],
            {"stated", "read", "guessed"},
        ),
        (
            8,
            [
                "Corvane wins 41 million crown order for Kestrel Bay ferry",
                "Council backs 34 million plan to replace the Grey Linnet",
            ],
            {"stated"},
        ),
    ],
)
@pytest.mark.threat("D13", n="every older version")
def test_a_collection_of_an_older_version_is_migrated(
    tmp_path: Path, encoder: Encoder, version: int, headlines: list[str], sure: set[str]
) -> None:
    shutil.copy(ROOT / f"tests/fixtures/store-v{version}.sqlite", tmp_path / FILE_NAME)
    library = Library(Store(tmp_path), encoder)
    assert library.store.rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert sorted(found.headline for found in library.store.articles()) == headlines
    assert list(check_integrity(library.store)) == [] and library.search_by_words("ferry", 3)
    assert {item.sure for found in library.store.articles() for item in found.provenance} == sure
    (found, _) = library.store.articles()
    assert (found.standfirst, found.section, found.updated) == (None, None, None)
    library.store.correct(found.id, "updated", "2022-05")
    changed = library.store.article(found.id)
    assert changed and str(changed.updated) == "2022-05" and changed.provenance[-1].how == "corrected by hand"
    library.store.close()


def test_what_was_corrected_by_hand_in_version_2_is_kept(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/fixtures/store-v2.sqlite", tmp_path / FILE_NAME)
    store = Store(tmp_path)
    (found,) = [found for found in store.articles() if found.publisher == "The Harbour Gazette"]
    assert found.author == "Anna M. Holm"
    assert {(item.field, item.how, item.sure) for item in found.provenance} == {
        ("author", "corrected by hand", "stated"),
        ("title", "headline above the text", "guessed"),
        ("date", '"12 March 2021" above the text', "read"),
        ("publisher", "copyright line", "read"),
    }
    store.close()


@pytest.mark.parametrize("damage", ["flip", "zero", "cut"])
@pytest.mark.threat(
    "D10", n="300 damaged copies; seed 7", open="a damaged WAL ends before its damage, without a word"
)
def test_a_damaged_database_never_returns_altered_text(tmp_path: Path, damage: str) -> None:
    """Of 100 copies, each damaged at a random place, each is refused, fails its check, or is unchanged."""
    store = Store(tmp_path / "whole")
    for n in range(6):
        add(
            store,
            article(
                body=f"Sentence number {n} of the article. " + "And more of it, and more. " * 30,
                title=f"T{n}",
            ),
            seed=n,
        )
    true = {found.id: found.body for found in store.articles()}
    store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    data = (tmp_path / "whole" / FILE_NAME).read_bytes()
    rng = np.random.default_rng(7)
    refusals = 0
    for n in range(100):
        copy = bytearray(data)
        at = int(rng.integers(100, len(copy)))
        if damage == "flip":
            copy[at] ^= 1 << int(rng.integers(8))
        elif damage == "zero":
            copy[at // 4096 * 4096 : at // 4096 * 4096 + 4096] = bytes(4096)
        else:
            del copy[at:]
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / FILE_NAME).write_bytes(copy)
        refusals += _refused_or_true(folder, true)
    assert refusals > 0


def _refused_or_true(folder: Path, true: dict[str, str]) -> int:
    try:
        store = Store(folder)
    except StoreError:
        return 1
    try:
        problems = [problem.text for problem in check_integrity(store)]
        altered = [found for found in store.articles() if found.body != true.get(found.id)]
        missing = set(true) - {found.id for found in store.articles()}
        assert problems or not (altered or missing)
        return bool(problems)
    except StoreError:  # read as damaged, not as another text
        return 1
    finally:
        store.close()
