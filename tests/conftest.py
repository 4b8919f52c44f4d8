"""Parts that tests share: an encoder, the sample collection, the packaged model, and a fake chat model."""

import atexit
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

# Two thread pools on the same cores slow each other 20 to 40 times.
for _name in ("DATELINE_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Fetched readers are used where a test asks for them; the others run with the small one, wherever they run.
_CACHES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
_FETCHED = os.environ.pop("DATELINE_CACHE", "") or str(_CACHES / "dateline/readers")
# Where several processes test together, the first has left its folder for the others, which start from its environment.
FETCHED_READERS = Path(os.environ.setdefault("FETCHED_READERS_OF_TESTS", _FETCHED))
os.environ.pop("DATELINE_READER", None)
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="dateline-caches-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from corpus.article import Article, PartialDate
from corpus.locking import lock
from corpus.reading.files import find_files
from corpus.store.database import Store
from corpus.store.opening import open_store
from corpus.store.schema import FILE_NAME
from embeddings.encoder import Encoder
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.assistant import Assistant
from rag.generation.chat_model import LocalChatModel
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel, open_model
from rag.retrieval.search import Retriever
from rag.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from postgres_server import PostgresServer

    from rag.generation.worker import LoadedModel

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="../shared, the folder of raw articles and public data, is not here"
)


class ScriptedChatModel(BaseChatModel):
    """A chat model that streams, word by word, what a plain function returns for the last message."""

    write: Callable[[str], str]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        for word in self.write(messages[-1].text).split(" "):
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        text = "".join(chunk.text for chunk in self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])


def article(
    body: str = "The council approved the plan. It costs 34 million crowns.",
    title: str | None = "Council approves plan",
    **fields: Any,
) -> Article:
    published = fields.pop("published", "2018-02-13")
    fields.setdefault("origin", f"{abs(hash((body, title)))}.txt")
    return Article(
        title,
        body,
        fields.pop("publisher", "Meridian Wire"),
        published=PartialDate.parse(published) if published else None,
        **fields,
    )


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder(threads=1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker
    if marker("both_databases") and not marker("sqlite_only") and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """A PostgreSQL server of its own."""
    from postgres_server import running

    with running() as server:
        yield server


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; "" for SQLite, over which a test runs unless it is marked."""
    is_sqlite = getattr(request, "param", "sqlite") == "sqlite"
    return "" if is_sqlite else str(request.getfixturevalue("postgres").new_database())


@pytest.fixture
def store(tmp_path: Path, database: str) -> Iterator[Store]:
    store = open_store(tmp_path / "data", database)
    yield store
    store.close()


@pytest.fixture
def library(store: Store, encoder: Encoder) -> Library:
    return Library(store, encoder)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """A data folder that holds the indexed sample collection; of the processes of a run the first indexes it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "sample.lock").open("w") as held:
        lock(held)
        if not (shared / "sample").exists():
            _index_sample(shared / "indexing", encoder)
            (shared / "indexing").rename(shared / "sample")
        return copy_collection(shared / "sample", tmp_path_factory.mktemp("sample"))


def _index_sample(folder: Path, encoder: Encoder) -> None:
    store = Store(folder)
    library = Library(store, encoder)
    for file in find_files([ROOT / "corpus" / "articles"]):
        assert all(report.status == "added" for report in ingest(library, file))
    store.close()


def copy_collection(folder: Path, to: Path) -> Path:
    """Copy a collection to the folder `to` with SQLite, and return the folder.

    Reading the file's bytes would release the locks that this process's other connections hold on it (POSIX
    locks end with any descriptor of the file), and another process would then remove their WAL.
    """
    to.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, closing(sqlite3.connect(to / FILE_NAME)) as copy:
        db.backup(copy)
    return to


@pytest.fixture(scope="session")
def sample(sample_folder: Path, encoder: Encoder) -> Iterator[Library]:
    store = Store(sample_folder)
    yield Library(store, encoder)
    store.close()


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """The system's Chromium, without a window."""
    from browsing import chromium  # playwright only where a page is opened

    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: "Browser", address: str) -> "Iterator[Page]":
    """The page of the server at the test file's own `address`."""
    from browsing import open_page

    with open_page(browser, address) as page:
        yield page


@pytest.fixture(scope="session")
def base_model() -> Iterator[AnswerModel]:
    """The packaged model in its process, without its adapter."""
    model = open_model(Settings(threads=1, adapter="none"))
    assert isinstance(model.chat, LocalChatModel)
    yield model
    model.close()


@pytest.fixture(scope="session")
def trained_model() -> Iterator[AnswerModel]:
    """The packaged model with its adapter."""
    model = open_model(Settings(threads=1, adapter=str(ROOT / "rag/adapters/reader.gguf")))
    yield model
    model.close()


@pytest.fixture(scope="session")
def quoting(sample: Library) -> Assistant:
    """An assistant without a model."""
    return Assistant(Retriever(library=sample, k=8), AnswerModel("none", None), Prompts())


@pytest.fixture
def scripted(sample: Library) -> Callable[[Callable[[str], str]], Assistant]:
    """Return an assistant whose model writes what a function returns for the last message."""
    return lambda write: Assistant(
        Retriever(library=sample, k=8), AnswerModel("scripted", ScriptedChatModel(write=write)), Prompts()
    )


@pytest.fixture(scope="module")
def chat(base_model: AnswerModel) -> LocalChatModel:
    assert isinstance(base_model.chat, LocalChatModel)
    return base_model.chat


@pytest.fixture(scope="module")
def loaded_model(chat: LocalChatModel) -> "LoadedModel":
    """The worker's object in this process, to look at its tokens."""
    from rag.generation.worker import LoadedModel  # llama.cpp, which few tests need in this process

    return LoadedModel(str(chat.process.path), 512, 1)
