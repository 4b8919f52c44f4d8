"""Compressed indexes: found as by an exhaustive search, whatever came or went, and never from a damaged file."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from conftest import copy_collection

from benchmarks.speed.archives import FIRST_DAY, VectorSource, build
from benchmarks.speed.texts import sample_questions
from corpus.store import searching
from corpus.store.database import Store
from corpus.store.filters import Filters
from corpus.store.schema import FILE_NAME as DATABASE
from embeddings.encoder import Encoder
from embeddings.index_file import FILE_NAME
from embeddings.kinds import KINDS, Kind
from embeddings.library import Library
from embeddings.vectors import VectorIndex
from rag.retrieval.search import Retriever

PASSAGES, QUERIES = 4_000, 50
COMPRESSED = KINDS[1:]


@pytest.fixture(scope="module")
def real(sample: Library) -> np.ndarray:
    """The vectors of the sample's passages."""
    return sample.store.vectors(sample.store.passage_ids())[1]


@pytest.fixture(scope="module")
def made(real: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    build(folder, PASSAGES, real)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return copy_collection(made, tmp_path / "data")


@pytest.fixture
def queries(real: np.ndarray) -> np.ndarray:
    return VectorSource(real).make(QUERIES, seed=1_000_000)


class Opened:
    """A library that is closed at the end of a `with`."""

    def __init__(self, folder: Path, encoder: Encoder, kind: Kind | None = None) -> None:
        store = Store(folder)
        self.library = Library(store, encoder, index=VectorIndex(store, encoder.dimension, kind=kind))

    def __enter__(self) -> Library:
        return self.library

    def __exit__(self, *error: object) -> None:
        self.library.store.close()


def recall(library: Library, queries: np.ndarray, filters: Filters | None = None) -> float:
    """Return the mean share of the ten nearest passages, by numpy over all stored vectors, that are found."""
    ids, vectors = library.store.vectors(library.store.passage_ids(filters))
    shares = []
    for query in queries:
        wanted = set(ids[np.argsort(-(vectors @ query))[:10]].tolist())
        found = [number for number, _ in library.search_by_vector(query, 10, filters)]
        assert len(found) == len(wanted) > 0
        shares.append(len(set(found) & wanted) / len(wanted))
    return float(np.mean(shares))


def days(share: float) -> Filters:
    """Return a filter that this share of the articles passes: there is one a day, for as many days."""
    last = FIRST_DAY + timedelta(days=round(share * PASSAGES / 8))
    return Filters(since=FIRST_DAY, until=last)


@pytest.mark.parametrize("kind", COMPRESSED)
def test_the_nearest_are_found_with_their_exact_scores(
    folder: Path, encoder: Encoder, queries: np.ndarray, kind: Kind
) -> None:
    with Opened(folder, encoder, kind) as library, Opened(folder, encoder, "flat") as flat:
        assert (library.index_kind, flat.index_kind) == (kind, "flat")
        assert recall(library, queries) >= 0.98
        for query in queries[:10]:
            found, scores = library.search_by_vector(query, 10), dict(flat.search_by_vector(query, 100))
            assert all(scores[number] == score for number, score in found)
            assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@pytest.mark.parametrize("kind", COMPRESSED)
@pytest.mark.parametrize("share", [0.001, 0.02, 0.4, 0.9])
def test_recall_does_not_fall_with_a_filter(
    folder: Path, encoder: Encoder, queries: np.ndarray, kind: Kind, share: float
) -> None:
    with Opened(folder, encoder, kind) as library:
        assert recall(library, queries[:20], days(share)) >= 0.98
        assert library.search_by_vector(queries[0], 10, Filters(publishers=("Nobody",))) == []


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_few_changes_are_followed_without_making_the_index_again(
    folder: Path, encoder: Encoder, queries: np.ndarray, real: np.ndarray, kind: Kind
) -> None:
    with Opened(folder, encoder, kind) as library, Opened(folder, encoder, "flat") as other:
        made = (folder / FILE_NAME).stat().st_ino
        build(folder, PASSAGES + 40, real)
        for article in other.store.articles()[-5:]:
            other.remove(article.id)
        added = library.store.passage_ids(after=PASSAGES).tolist()
        gone = set(range(1, PASSAGES + 1)) - set(library.store.passage_ids().tolist())
        assert len(added) == 40 and gone
        assert recall(library, queries) >= 0.98 and (folder / FILE_NAME).stat().st_ino == made
        (new,) = library.store.vectors(added[:1])[1]
        assert library.search_by_vector(new, 1)[0][0] == added[0]
        assert not gone & {number for number, _ in library.search_by_vector(queries[0], PASSAGES)}
    with Opened(folder, encoder, kind) as library:
        assert recall(library, queries) >= 0.98 and (folder / FILE_NAME).stat().st_ino == made


def test_many_changes_make_the_index_again(folder: Path, encoder: Encoder, real: np.ndarray) -> None:
    with Opened(folder, encoder, "sq8") as library:
        made = (folder / FILE_NAME).stat().st_ino
        build(folder, PASSAGES + 400, real)
        library.refresh()
        assert (folder / FILE_NAME).stat().st_ino != made
        (file, *others) = folder.glob(f"{FILE_NAME}*")
        assert not others and file.stat().st_mode & 0o777 == 0o600
        for article in library.store.articles():
            library.remove(article.id)
        assert library.search_by_vector(real[0], 10) == []


@pytest.fixture(params=["cut", "bit", "page", "other", "none", "folder", "link", "older"])
def damaged(request: pytest.FixtureRequest, folder: Path, encoder: Encoder) -> Iterator[Path]:
    """A collection whose index file is not the one that was written last."""
    copy_collection(folder, folder / "older")
    Opened(folder / "older", encoder, "sq8").library.store.close()
    with Opened(folder, encoder, "sq8") as library:
        library.remove(library.store.articles()[0].id)
    file = folder / FILE_NAME
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    if request.param == "cut":
        file.write_bytes(content[:middle])
    elif request.param == "bit":
        content[middle] ^= 4
        file.write_bytes(content)
    elif request.param == "page":
        content[middle : middle + 4096] = bytes(4096)
        file.write_bytes(content)
    elif request.param == "other":
        file.write_bytes(os.urandom(len(content)))
    elif request.param == "older":  # a copy of the database was put back, the file stayed
        copy_collection(folder / "older", folder)
        (folder / f"{DATABASE}-wal").unlink(missing_ok=True)
    else:
        file.unlink()
        if request.param == "folder":
            file.mkdir()
        elif request.param == "link":
            file.symlink_to("/etc/passwd")
    yield folder


@pytest.mark.threat("D11", n="eight kinds of damage")
def test_a_damaged_index_is_made_again(damaged: Path, encoder: Encoder, queries: np.ndarray) -> None:
    with Opened(damaged, encoder, "sq8") as library:
        assert library.index_kind == "sq8" and recall(library, queries[:10]) >= 0.98


def test_words_that_many_passages_hold_add_to_the_scores_of_others(
    folder: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_MAX_SCORED", 400)
    with Opened(folder, encoder) as library:
        expansion, store, shares = Retriever(library=library).expansion, library.store, []
        chosen = store.passage_ids(days(0.4))
        for question in sample_questions(20):
            query = expansion.fts_query(question)
            scores = dict(store.search_words(query, PASSAGES))
            for among in (None, chosen):
                best = [number for number in scores if among is None or number in among][:10]
                found = store.search_words(query, 10, among, store.count_passages)
                assert all(scores[number] == pytest.approx(score) for number, score in found)
                assert store.search_words(query, PASSAGES, among) == [
                    (number, scores[number]) for number in scores if among is None or number in among
                ]
                shares.append(len({number for number, _ in found} & set(best)) / max(1, len(best)))
    assert np.mean(shares) >= 0.95
