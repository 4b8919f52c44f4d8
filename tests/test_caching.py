"""Test that nothing that is kept between questions grows without bound."""

import functools
import gc
import sys

from conftest import article

from corpus.caching import TextCache
from corpus.words import _cached_stem, stem
from embeddings.library import Library
from rag.retrieval import deduplication
from rag.retrieval.expansion import QueryExpansion
from rag.retrieval.search import sentence_stems


def test_the_latest_results_are_kept_and_not_the_texts() -> None:
    computed: list[str] = []

    def length(text: str) -> int:
        computed.append(text[:1])
        return len(text)

    cache = TextCache(length, max_chars=10)
    text = "".join(["a"] * 4)
    references = sys.getrefcount(text)
    assert [cache(text), cache("bbbb"), cache(text), cache("cccc"), cache(text)] == [4] * 5
    assert computed == ["a", "b", "c"] and (len(cache), cache.chars) == (2, 8)
    assert cache("bbbb") == 4 and computed[-1] == "b"  # the one that was not used for longest was forgotten
    assert cache("d" * 11) == 11 and (len(cache), cache.chars) == (0, 0)  # larger than all that is kept
    assert sys.getrefcount(text) == references


def test_what_is_kept_of_articles_is_bounded_by_their_length() -> None:
    for cache, most in ((deduplication._article_text, 1_000_000), (deduplication._sentences, 1_000_000)):
        for n in range(30):
            cache(f"On day {n} the council met. " * 2_000)
        assert 0 < cache.chars <= most
    for n in range(120):
        sentence_stems(f"On day {n} the council met. " * 2_000)
    assert 0 < sentence_stems.chars <= 5_000_000


def test_what_is_kept_of_questions_is_bounded(library: Library) -> None:
    library.add(article(), "raw", "digest")
    for n in range(10_100):
        assert library.passage_frequency(f"word{n}") == 0
    assert library._frequency.cache_info().currsize == 10_000  # type: ignore[attr-defined]
    expansion = QueryExpansion(library)
    for n in range(1_100):
        expansion.expand_acronyms(f"What did AB{n} say?")
    assert expansion._cached_long_forms.cache_info().currsize == 1_000
    for n in range(9_000):
        library.encoder._cache[f"question {n}"] = library.encoder.encode(["x"])[0]
    library.encoder.encode(["one more question"])
    assert len(library.encoder._cache) == 8192


def test_no_word_is_too_long_to_be_kept_in_memory() -> None:
    before = _cached_stem.cache_info().currsize
    assert stem("otters" * 1_000).startswith("ottersotters")
    assert _cached_stem.cache_info().currsize == before


def test_every_cache_has_a_bound() -> None:
    caches = [item for item in gc.get_objects() if type(item) is functools._lru_cache_wrapper]
    own = [item for item in caches if item.__module__.startswith(("corpus", "embeddings", "rag"))]
    assert own and all(item.cache_info().maxsize for item in own)
