"""The sample collection: invented articles to try Dateline with, marked as such wherever they are shown."""

from collections.abc import Iterator

from corpus.reading.files import find_files
from corpus.store.database import Store
from corpus.store.lock import write_lock
from embeddings.ingest import ingest
from embeddings.ingest_report import IngestReport
from embeddings.library import Library
from rag.settings import ROOT, Settings

SAMPLE = ROOT / "corpus" / "articles"
SAMPLE_QUESTIONS = (
    "Why was the opening of Berlin airport called off in May 2012?",
    "How has the cost of HS2 changed?",
    "What do the auditors and the council say about the cost of the Kestrel Bay ferry?",
    "How many trainers was NATO thinking of sending to Iraq in 2014?",
    "Which orchestra played at the reopening of Notre-Dame?",  # no article of the sample answers it
)
# The store's property that says whether the sample was ever added: absent, or one of these.
_PROPERTY = "sample"
_BEGUN, _ADDED, _REMOVED = "begun", "added", "removed"


def sample_size() -> int:
    """Return how many articles the sample has."""
    return len(find_files([SAMPLE]))


def add_sample(library: Library) -> Iterator[IngestReport]:
    """Add the sample articles and yield a report for each; an addition that is stopped can be repeated.

    Raises:
        StoreError: another program writes the collection.
    """
    store = library.store
    with write_lock(store.folder, store.address):
        store.set_property(_PROPERTY, _BEGUN)
        for file in find_files([SAMPLE]):
            yield from ingest(library, file, sample=True)
        store.set_property(_PROPERTY, _ADDED)


def sample_is_due(settings: Settings, library: Library) -> bool:
    """Return True if the sample belongs into the collection at a start.

    That is at the first start of the default collection, and after an addition of it that was stopped. A
    collection that was named starts empty, and one that was emptied stays empty.
    """
    store = library.store
    is_first_start = settings.is_default_collection and not store.was_ever_filled()
    return is_first_start or store.get_property(_PROPERTY) == _BEGUN


def remove_sample(store: Store) -> int:
    """Remove the sample articles, and return how many there were."""
    ids = [name for (name,) in store.rows("SELECT id FROM articles WHERE sample = 1")]
    for article in ids:
        store.remove(article)
    store.set_property(_PROPERTY, _REMOVED)
    return len(ids)


def sample_questions(library: Library) -> tuple[str, ...]:
    """Return questions that the sample answers, or none if nothing of it is in the collection."""
    has_any = any(library.store.origin(str(file)) for file in find_files([SAMPLE]))
    return SAMPLE_QUESTIONS if has_any else ()
