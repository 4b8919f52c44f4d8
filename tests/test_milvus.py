"""The index in Milvus: it finds what the local one finds, and is repaired from the store whatever happened to it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, article, copy_collection
from milvus import WHY, milvus_index, start_server
from serving import free_port

from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.filters import Filters
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.assistant import Assistant
from rag.factory import MilvusNotInstalled, open_library
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.retrieval.search import Retriever
from rag.settings import SettingError, Settings

pytest.importorskip("pymilvus", reason=WHY)
pytest.importorskip("milvus_lite", reason=WHY)

import pymilvus
from pymilvus import MilvusClient

from embeddings import milvus_index as module
from embeddings.milvus_index import MilvusError, MilvusIndex

QUESTIONS = (
    "Why was the opening of Berlin airport called off in May 2012?",
    "What is the latest cost of HS2?",
    "When did Notre-Dame reopen?",
    "Which ferry was late, and why?",
    "How many trainers did NATO send?",
)


@pytest.fixture
def store(sample_folder: Path, tmp_path: Path) -> Iterator[Store]:
    with closing(Store(copy_collection(sample_folder, tmp_path / "data"))) as store:
        yield store


@pytest.fixture
def index(store: Store, tmp_path: Path) -> Iterator[MilvusIndex]:
    with milvus_index(store, tmp_path) as index:
        index.refresh()
        yield index


def held(index: MilvusIndex) -> list[int]:
    """Return the ids that Milvus itself lists."""
    return index._listed(index._client).tolist()  # type: ignore[arg-type]


def test_the_same_passages_are_found_in_the_same_order(
    sample: Library, store: Store, index: MilvusIndex, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEW", 3)  # so that filters reach Milvus
    library = Library(store, encoder, index=index)
    assert library.index_kind == "milvus" and len(index) == store.passage_count()
    for filters in (
        None,
        Filters(publishers=("Civic Observer", "Meridian Wire")),
        Filters(publishers=("Nobody",)),
    ):
        for vector in encoder.encode(QUESTIONS):
            found = library.search_by_vector(vector, 10, filters)
            assert found == sample.search_by_vector(vector, 10, filters)
    for question in QUESTIONS:
        hits, local = (Retriever(library=one, k=8).search_text(question) for one in (library, sample))
        assert [(hit.passage, hit.score) for hit in hits] == [(hit.passage, hit.score) for hit in local]
    assert len(library.search_by_vector(vector, 20_000)) == len(index)


def test_a_bad_vector_never_reaches_milvus(index: MilvusIndex) -> None:
    for vector in (np.zeros(8, np.float32), np.full(384, np.nan, np.float32)):
        with pytest.raises(ValueError, match="finite vector of 384"):
            index.search(vector, 3)
    assert index.search(np.ones(384, np.float32), 0) == []


@pytest.mark.parametrize(
    "what", ["more", "fewer", "other vectors", "another encoder", "dropped", "an older store"]
)
def test_what_disagrees_with_the_store_is_repaired_from_it(
    store: Store, index: MilvusIndex, what: str, sample_folder: Path, tmp_path: Path
) -> None:
    client, name, ids = index._client, index._name, store.passage_ids()
    assert client
    (vector,) = store.vectors(ids[-1:])[1]
    if what == "more":
        client.insert(name, [{"id": int(ids[-1]) + n, "vector": vector} for n in (1, 2)])
    elif what == "fewer":
        client.delete(name, ids=ids[:5].tolist())
    elif what == "other vectors":
        client.upsert(name, [{"id": int(ids[-1]), "vector": np.roll(vector, 1)}])
    elif what == "another encoder":
        store.set_property("encoder", (store.get_property("encoder") or "").replace("MiniLM", "other"))
    elif what == "dropped":
        client.drop_collection(name)
    else:
        store.remove(store.articles()[0].id)
        index.refresh()
        index.close()
        store.close()
        for file in store.path.parent.glob(f"{store.path.name}*"):
            file.unlink()
        store = index._store = Store(copy_collection(sample_folder, tmp_path / "data"))

    index.close()  # as a process that starts
    index.refresh()
    assert held(index) == store.passage_ids().tolist()
    assert index.search(vector, 1)[0] == (int(ids[-1]), pytest.approx(1, abs=1e-5))


def test_what_milvus_lost_comes_back_with_the_next_change(store: Store, index: MilvusIndex) -> None:
    assert index._client
    index._client.delete(index._name, ids=store.passage_ids()[:5].tolist())
    store.remove(store.articles()[-1].id)
    index.refresh()
    assert held(index) == store.passage_ids().tolist()


def test_a_copy_of_the_collection_has_a_collection_of_its_own(
    store: Store, index: MilvusIndex, tmp_path: Path
) -> None:
    before = held(index)
    with closing(Store(copy_collection(store.path.parent, tmp_path / "copy"))) as copy:
        copy.remove(copy.articles()[0].id)
        with milvus_index(copy, tmp_path) as other:
            other.refresh()
            assert held(other) == copy.passage_ids().tolist() != before
    index.close()
    index.refresh()
    assert held(index) == before


_KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from corpus.store.database import Store
from embeddings import milvus_index
from embeddings.milvus_index import MilvusClient, MilvusIndex
milvus_index._BLOCK = 5
upsert, calls = MilvusClient.upsert, []
def dying(*arguments, **named):
    calls.append(1)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return upsert(*arguments, **named)
MilvusClient.upsert = dying
MilvusIndex(Store(Path(sys.argv[2])), 384, sys.argv[3]).refresh()
"""


def test_a_process_that_is_killed_while_it_fills_milvus_loses_nothing(store: Store, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLED, str(ROOT), str(store.path.parent), str(tmp_path / "milvus.db")]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    with milvus_index(store, tmp_path) as index:
        some = len(held_before(index, tmp_path))
        index.refresh()
        assert 0 < some < len(store.passage_ids()) and held(index) == store.passage_ids().tolist()


def held_before(index: MilvusIndex, folder: Path) -> list[int]:
    client = MilvusClient(str(folder / "milvus.db"))
    (name,) = client.list_collections()
    client.load_collection(name)
    rows = client.query(name, filter="id >= 0", limit=10_000, output_fields=["id"])
    return [row["id"] for row in rows]


def test_a_stopped_milvus_is_one_clear_error_and_the_next_question_works(
    store: Store, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS", 2.0)
    port = free_port()
    settings = Settings(
        data=store.path.parent, library=f"milvus+http://ada:kestrel@127.0.0.1:{port}", threads=1
    )
    with pytest.raises(MilvusError, match="cannot be reached; start it, or correct DATELINE_LIBRARY"):
        open_library(settings)
    server = start_server(tmp_path / "milvus", port)
    try:
        library = open_library(settings)
        assistant = Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts())
        before = assistant.ask(QUESTIONS[0])
        assert before.statements
        server.kill()
        server.wait()
        for question in QUESTIONS[:2]:
            with pytest.raises(
                StoreError, match=r"^Milvus at http://127.0.0.1:\d+ cannot be reached"
            ) as caught:
                assistant.ask(question)
            assert "kestrel" not in str(caught.value)
        # What is added meanwhile is in the store, and found when Milvus is back.
        library.add(article(body="Otters swim in the bay near Corrin.", title="Otters"), "raw", "digest")
        server = start_server(tmp_path / "milvus", port)
        after = assistant.ask(QUESTIONS[0])
        assert [sentence.text for sentence in after.statements] == [
            sentence.text for sentence in before.statements
        ]
        (best, *_) = library.search_by_vector(encoder.encode(["Otters swim in the bay near Corrin."])[0], 3)
        assert library.passages([best[0]])[best[0]].article.title == "Otters"
        library.store.close()
    finally:
        server.kill()
        server.wait()


def test_a_file_that_another_process_holds_is_named(store: Store, tmp_path: Path) -> None:
    server = start_server(tmp_path / "milvus.db", free_port())
    try:
        with (
            milvus_index(store, tmp_path) as index,
            pytest.raises(
                MilvusError, match=r"milvus\.db cannot be opened by Milvus Lite; end the other process"
            ),
        ):
            index.refresh()
    finally:
        server.kill()
        server.wait()


def test_a_file_of_settings_in_a_folder_above_is_not_read(tmp_path: Path) -> None:
    """pymilvus alone reads ".env" of any folder above its own, such as a checkout's."""
    packages = tmp_path / "venv/packages"
    packages.mkdir(parents=True)
    (packages / "pymilvus").symlink_to(Path(pymilvus.__file__).parent)
    (tmp_path / ".env").write_text("MILVUS_URI=http://kestrel:19530\n")
    for imported, found in (("pymilvus", "True"), ("embeddings.milvus_index", "False")):
        program = tmp_path / "program.py"  # with -c it would look in the folders above the present one
        program.write_text(f"import os, {imported}\nprint('MILVUS_URI' in os.environ)\n")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHON_DOTENV_DISABLED"}
        environment["PYTHONPATH"] = os.pathsep.join(map(str, (packages, ROOT)))
        done = subprocess.run([sys.executable, str(program)], env=environment, capture_output=True, text=True)
        assert done.stdout.strip() == found, (imported, done.stderr)


def test_the_setting_names_a_server_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("milvus", "http://127.0.0.1:19530", "milvus+ftp://host", "file"):
        with pytest.raises(SettingError, match="it should be local, milvus"):
            open_library(Settings(data=tmp_path, library=wrong, threads=1))
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    monkeypatch.delitem(sys.modules, "embeddings.milvus_index")
    with pytest.raises(
        MilvusNotInstalled, match=r"pymilvus is not installed; run: pip install -r requirements-milvus"
    ):
        open_library(Settings(data=tmp_path, library=str(tmp_path / "milvus.db"), threads=1))
