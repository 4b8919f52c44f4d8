"""A collection in PostgreSQL: moved there and back, searched with SQLite's scores, killed, locked and refused."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT, article
from postgres_server import PostgresServer
from torture.machine import run_sequences

from corpus.store.connection import Connection, StoreError
from corpus.store.database import Store
from corpus.store.documents import FolderDocuments, copy_documents
from corpus.store.filters import Filters
from corpus.store.integrity import check_integrity, export_lines
from corpus.store.lock import lock_holder, write_lock
from corpus.store.opening import open_store
from corpus.store.postgres import check_installed
from corpus.store.searching import Searching
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.assistant import Assistant
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.expansion import QueryExpansion
from rag.retrieval.search import Retriever

QUESTIONS = [
    entry["question"]
    for line in (ROOT / "corpus/gold.jsonl").read_text().splitlines()
    if (entry := json.loads(line)).get("question")
]


@pytest.fixture(scope="module")
def moved(
    postgres: PostgresServer, sample: Library, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """The sample, moved to PostgreSQL."""
    store = open_store(tmp_path_factory.mktemp("moved"), postgres.new_database())
    store.copy_from(sample.store)
    yield Library(store, encoder)
    store.close()


def assistant_over(library: Library) -> Assistant:
    return Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts())


def test_a_collection_moves_there_and_back_unchanged(moved: Library, sample: Library, tmp_path: Path) -> None:
    moved.store.copy_to(tmp_path)
    with closing(Store(tmp_path)) as back:
        for store in (moved.store, back):
            assert list(export_lines(store)) == list(export_lines(sample.store))
            assert store.content_hash() == sample.store.content_hash()
            assert list(check_integrity(store)) == [] and store.coverage() == sample.coverage()
            passages = 'SELECT article, start, "end", vector FROM passages ORDER BY 1, 2'
            assert store.rows(passages) == sample.store.rows(passages)
        with pytest.raises(StoreError, match="has articles; name an empty collection"):
            back.copy_from(moved.store)
    with pytest.raises(StoreError, match="name a folder without a collection"):
        moved.store.copy_to(tmp_path)


def test_what_is_kept_beside_the_articles_moves_along(postgres: PostgresServer, tmp_path: Path) -> None:
    """From a folder into a backup of it, into PostgreSQL, and out again; what is there already stays."""
    kept = {"proposed.jsonl": "first\n", "runs/1 mine.json": "{}\n", "runs/2 mine.unfinished": "head\nrow"}
    with closing(Store(tmp_path / "a")) as store:
        for name, text in kept.items():
            store.documents[name].write(text)
        (tmp_path / "a/notes.jsonl").write_text("not ours")
        store.copy_to(tmp_path / "b")
    with (
        closing(Store(tmp_path / "b")) as backup,
        closing(open_store(tmp_path / "c", postgres.new_database())) as store,
    ):
        store.copy_from(backup)
        store.documents["proposed.jsonl"].append("second\n")
        copy_documents(backup.documents, store.documents)
        store.copy_to(tmp_path / "d")
    found = FolderDocuments(tmp_path / "d")
    assert {name: found[name].read() for name in found.names()} == {
        **kept,
        "proposed.jsonl": "first\nsecond\n",
    }
    assert {path.name for path in (tmp_path / "d").iterdir()} == {
        "collection.sqlite",
        "proposed.jsonl",
        "runs",
    }


def test_what_a_folder_kept_before_is_taken_over_once(postgres: PostgresServer, tmp_path: Path) -> None:
    address = postgres.new_database()
    with closing(open_store(tmp_path, address)) as store, store.transaction():
        store.execute("DROP TABLE documents")
        store.execute("UPDATE alembic_version SET version_num = '9'")
    files = FolderDocuments(tmp_path)
    files["proposed.jsonl"].append("first\n")
    files["runs/1 mine.json"].write("{}\n")
    with closing(open_store(tmp_path, address)) as store:
        assert store.documents.names() == files.names() == ["proposed.jsonl", "runs/1 mine.json"]
        with store.documents["proposed.jsonl"].taken() as text:
            assert text == "first\n"
    with closing(open_store(tmp_path, address)) as store:
        assert store.documents.names() == ["runs/1 mine.json"]


def test_a_copy_is_of_one_moment(postgres: PostgresServer, tmp_path: Path, encoder: Encoder) -> None:
    address = postgres.new_database()
    with closing(open_store(tmp_path / "a", address)) as store, closing(Store(tmp_path / "copy")) as copy:
        library = Library(store, encoder)
        library.add(article(body="The ferry sailed. It was noon."), "raw", "1")

        def add_meanwhile(self: Store) -> set[str]:
            with closing(open_store(tmp_path / "b", address)) as other:
                Library(other, encoder).add(article(body="Otters swim. In the bay."), "raw", "2")
            return altered(self)

        altered = type(store).altered
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(type(store), "altered", add_meanwhile)
            copy.copy_from(store)
        assert len(copy.articles()) == 1 and len(store.articles()) == 2
        assert list(check_integrity(copy)) == []


def test_words_find_and_rank_as_in_sqlite(moved: Library, sample: Library) -> None:
    """Every gold question's query has the same scores in both; equal ones may come in another order."""
    places = {
        library: {
            n: (passage.article.id, passage.start)
            for n, passage in library.passages(library.store.passage_ids().tolist()).items()
        }
        for library in (moved, sample)
    }
    compared = 0
    for question in QUESTIONS:
        query = QueryExpansion(sample).fts_query(question)
        assert query == QueryExpansion(moved).fts_query(question)
        for filters in (None, Filters(publishers=(sample.coverage().publishers[0],))):
            ours, theirs = (
                {places[library][n]: score for n, score in library.search_by_words(query, 1000, filters)}
                for library in (moved, sample)
            )
            assert ours.keys() == theirs.keys(), question
            assert all(abs(score - theirs[place]) < 1e-6 for place, score in ours.items()), question
            compared += len(ours)
    assert compared > 1_000


def test_a_large_collection_scores_rare_words_first_in_both(moved: Library, sample: Library) -> None:
    query = '"airport" OR "ferry" OR "the" OR "said"'
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("corpus.store.searching._MAX_SCORED", 40)
        found = [
            library.store.search_words(query, 10, None, library.store.count_passages)
            for library in (moved, sample)
        ]
    assert [score for _, score in found[0]] == pytest.approx([score for _, score in found[1]])


@pytest.mark.parametrize("question", QUESTIONS[:: len(QUESTIONS) // 12])
def test_a_question_has_the_same_answer(moved: Library, quoting: Assistant, question: str) -> None:
    ours, theirs = (assistant.ask(question).to_json() for assistant in (assistant_over(moved), quoting))
    assert json.dumps(ours["statements"]) == json.dumps(theirs["statements"])


def test_changes_in_any_order_leave_what_a_dict_holds(
    postgres: PostgresServer, encoder: Encoder, tmp_path: Path
) -> None:
    done = run_sequences(encoder, tmp_path, seed=7, count=2, steps=20, new_database=postgres.new_database)
    assert len(list(done)) >= 2


def test_a_question_after_the_server_crashed_is_answered(postgres: PostgresServer, moved: Library) -> None:
    assistant = assistant_over(moved)
    question = QUESTIONS[0]
    before = assistant.ask(question).to_json()["statements"]
    search = moved.store.search_words

    def crash(*arguments: object) -> object:
        postgres.kill()
        return search(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(moved.store, "search_words", crash)
        with pytest.raises(StoreError, match="does not answer; start the database") as raised:
            assistant.ask(question)
        assert raised.value.code == "collection_unavailable" and "kestrel" not in str(raised.value)
    with pytest.raises(StoreError, match="does not answer"):
        assistant.ask(question)
    postgres.start()
    assert assistant.ask(question).to_json()["statements"] == before
    assert list(check_integrity(moved.store)) == []


def test_an_article_is_whole_or_absent_after_the_server_crashed(
    postgres: PostgresServer, tmp_path: Path, encoder: Encoder
) -> None:
    with closing(open_store(tmp_path, postgres.new_database())) as store:
        library = Library(store, encoder)
        library.add(article(body="The ferry sailed. It was noon."), "raw", "1")
        insert = store._insert_removals

        def crash(*arguments: object) -> None:
            postgres.kill()
            insert(*arguments)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(store, "_insert_removals", crash)
            with pytest.raises(StoreError, match="what was committed is kept"):
                library.add(article(body="Otters swim. In the bay."), "raw", "2")
        postgres.start()
        assert [found.body for found in store.articles()] == ["The ferry sailed. It was noon."]
        library.add(article(body="Otters swim. In the bay."), "raw", "2")
        assert len(store.articles()) == 2 and list(check_integrity(store)) == []


def test_one_process_of_all_writes(postgres: PostgresServer, tmp_path: Path) -> None:
    address = postgres.new_database()
    assert lock_holder(tmp_path, address) is None
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom pathlib import Path\nfrom corpus.store.lock import write_lock\n"
        f"with write_lock(Path({str(tmp_path / 'other')!r}), {address!r}): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout and holder.stdout.readline() == b"held\n"
    assert f"process {holder.pid} on " in str(lock_holder(tmp_path, address))
    with (
        pytest.raises(StoreError, match=f"written by dateline process {holder.pid} on .* since"),
        write_lock(tmp_path, address),
    ):
        pass
    holder.kill()
    holder.communicate()
    for _ in range(100):  # the server sees within moments that the connection is gone
        if lock_holder(tmp_path, address) is None:
            break
    with write_lock(tmp_path, address):
        pass


def test_both_databases_have_the_same_columns(moved: Library, sample: Library) -> None:
    ours: dict[str, set[str]] = {}
    for table, column in moved.store.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    ):
        ours.setdefault(table, set()).add(column)
    for table in ("articles", "origins", "passages", "properties", "corrections", "removals"):
        theirs = {name for (name,) in sample.store.rows(f"SELECT name FROM pragma_table_info('{table}')")}
        assert ours.pop(table) - ({"words", "length"} if table == "passages" else set()) == theirs
    assert ours.keys() == {"passage_words", "changes", "alembic_version", "documents"}


def test_nothing_that_speaks_sqlite_is_inherited(moved: Library) -> None:
    shared = {
        "get_property",
        "set_property",
        "passage_count",
        "passage_ids",
        "_ids",
        "vectors",
        "search_words",
        "_damaged",
    }
    of_sqlite = {
        name
        for base in (Connection, Searching)
        for name, value in vars(base).items()
        if inspect.isfunction(value) or isinstance(value, property)
    }
    kept = {
        name
        for name in of_sqlite
        if inspect.getattr_static(type(moved.store), name)
        in [vars(base).get(name) for base in (Connection, Searching)]
    }
    assert kept - {"_open", "_log_ahead", "_begin", "_pragma"} == shared
    assert not hasattr(moved.store, "_db")


def test_damage_is_found_and_words_are_repaired(moved: Library) -> None:
    store = moved.store
    name = store.articles()[0].id
    with store.transaction():
        store.execute("UPDATE passages SET words = '' WHERE article = ?", [name])
    assert [problem.words for problem in check_integrity(store)] == [True]
    store.rebuild_word_index()
    assert list(check_integrity(store)) == []
    with store._engine.begin() as db:  # type: ignore[attr-defined]
        db.exec_driver_sql("ALTER TABLE articles DISABLE TRIGGER ALL")
        db.exec_driver_sql("UPDATE articles SET title = title || '!' WHERE id = %s", (name,))
        db.exec_driver_sql("ALTER TABLE articles ENABLE TRIGGER ALL")
    assert [problem.text[:12] for problem in check_integrity(store)] == [name]
    store.correct(name, "title", (store.article(name).title or "").removesuffix("!"))  # type: ignore[union-attr]
    assert list(check_integrity(store)) == []


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "is no address; it should be postgresql://user:password@host/database"),
        ("postgresql://127.0.0.1/news", "is no address"),
        ("postgresql://ada:kestrel@127.0.0.1/news?options=x", "is no address"),
        ("mysql://ada:kestrel@127.0.0.1/news", "is no address"),
        (
            "postgresql://ada:kestrel@127.0.0.1:1/news",
            "postgresql://127.0.0.1:1/news: the server does not answer",
        ),
    ],
)
def test_a_wrong_address_is_one_sentence_without_its_password(
    tmp_path: Path, address: str, says: str
) -> None:
    pytest.importorskip("pg8000", reason="pip install -r requirements-postgresql.txt")
    with pytest.raises(StoreError) as raised:
        open_store(tmp_path, address)
    assert says in str(raised.value) and "kestrel" not in str(raised.value)


def test_a_wrong_password_and_a_newer_collection_are_refused(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    address = postgres.new_database()
    with pytest.raises(StoreError, match="correct DATELINE_DATABASE"):
        open_store(tmp_path, address.replace(":kestrel@", ":ferry@"))
    with closing(open_store(tmp_path, address)) as store, store.transaction():
        store.execute("UPDATE alembic_version SET version_num = '11'")
    with pytest.raises(StoreError, match=r"newer Dateline .schema 11.*update Dateline"):
        open_store(tmp_path, address)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.store.postgres.find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"pip install -r requirements-postgresql\.txt"):
        check_installed()


def dateline(*arguments: str, data: Path, database: str = "") -> str:
    environment = {**os.environ, "DATELINE_DATA": str(data), "DATELINE_DATABASE": database}
    done = subprocess.run(
        [sys.executable, "-m", "rag", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_move_list_and_examine_it(
    postgres: PostgresServer, sample: Library, tmp_path: Path
) -> None:
    address, data = postgres.new_database(), tmp_path / "data"
    count = len(sample.store.articles())
    sample.store.copy_to(tmp_path / "copy")
    assert f"{count} articles copied" in dateline(
        "restore", str(tmp_path / "copy"), data=data, database=address
    )
    assert dateline("list", data=data, database=address) == dateline("list", data=tmp_path / "copy")
    assert "nothing is wrong" in dateline("check", data=data, database=address)
    assert f"{count} articles copied" in dateline(
        "backup", str(tmp_path / "back"), data=data, database=address
    )
    assert dateline("list", data=tmp_path / "back") == dateline("list", data=tmp_path / "copy")
