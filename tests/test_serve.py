"""What `dateline serve` does before it opens the page."""

from pathlib import Path

import pytest

from corpus.store.database import Store
from corpus.store.lock import write_lock
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.cli import serve


def test_an_interrupted_sample_is_completed_and_another_collection_is_left_alone(
    tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(serve.SAMPLE.glob("*.md"))[:3] or sorted(serve.SAMPLE.iterdir())[:3]
    few = tmp_path / "few"
    few.mkdir()
    for file in files:
        (few / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(serve, "SAMPLE", few)
    library = Library(Store(tmp_path / "data"), encoder)
    hidden = (few / files[2].name).rename(tmp_path / files[2].name)
    assert serve.add_sample(library) and library.coverage().articles == 2
    hidden.rename(few / files[2].name)
    assert serve.add_sample(library) and library.coverage().articles == 2  # it was complete
    library.store.set_property("sample", "begun")  # as a stop leaves it
    assert serve.add_sample(library) and library.coverage().articles == 3
    for article in library.store.articles()[:2]:
        library.remove(article.id)
    assert serve.add_sample(library) and library.coverage().articles == 1
    with write_lock(tmp_path / "data"):
        assert serve.add_sample(library)  # nothing to write, so nobody is waited for
    library.store.close()
