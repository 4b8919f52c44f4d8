import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests

from embeddings.index import ExactIndex, FaissStore


def unit(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 70), st.data())
def test_results_equal_those_of_a_plain_dot_product(count: int, k: int, data: st.DataObject) -> None:
    vectors, ids = unit(count), np.arange(count) * 7 + 3
    index = ExactIndex(16)
    index.add(ids, vectors)
    allowed = (
        np.array(sorted(data.draw(st.sets(st.sampled_from(ids.tolist())))), np.int64)
        if data.draw(st.booleans())
        else None
    )
    query = unit(1, seed=count)[0]
    among = [n for n in range(count) if allowed is None or ids[n] in allowed]
    expected = sorted(((float(vectors[n] @ query), int(ids[n])) for n in among), reverse=True)[:k]
    found = index.search(query, k, allowed)
    assert [number for number, _ in found] == [number for _, number in expected]
    assert [score for _, score in found] == pytest.approx([score for score, _ in expected], abs=1e-5)


def test_removed_vectors_are_not_found() -> None:
    index = ExactIndex(16)
    index.add([1, 2, 3], unit(3))
    assert index.remove([2, 9]) == 1 and len(index) == 2
    assert 2 not in [number for number, _ in index.search(unit(3)[1], 5)]


def test_invalid_vectors_are_refused() -> None:
    index = ExactIndex(16)
    for vectors in (unit(2), unit(1)[:, :8], np.full((1, 16), np.nan, np.float32)):
        with pytest.raises(ValueError, match=r"match|finite"):
            index.add([1], vectors)
    index.add([1], unit(1))
    for query in (unit(1)[0][:8], np.full(16, np.inf, np.float32)):
        with pytest.raises(ValueError, match="finite vector of 16"):
            index.search(query, 1)
    assert index.search(unit(1)[0], 0) == [] and index.search(unit(1)[0], 5, np.array([], np.int64)) == []


class TestLangchainsContract(VectorStoreIntegrationTests):
    """langchain's own suite for vector stores."""

    @pytest.fixture
    def vectorstore(self) -> VectorStore:
        return FaissStore(self.get_embeddings(), ExactIndex(6))

    @staticmethod
    def get_embeddings() -> DeterministicFakeEmbedding:
        return DeterministicFakeEmbedding(size=6)
