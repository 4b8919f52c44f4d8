from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from embeddings import reranker as module
from embeddings.encoder import Encoder
from embeddings.reranker import (
    WEIGHTS_FILE,
    EncodedWindow,
    Reranker,
    RerankerError,
    Window,
    apply_deltas,
    build_network,
    quantise_deltas,
)

FERRY = (
    "The Sea Campion will carry 320 passengers and 60 cars.",
    "She was ordered from a yard in Gdansk.",
    "The council has not said who will be her master.",
    "Her keel was laid in March by the mayor's daughter.",
)


@pytest.fixture(scope="module")
def reranker(encoder: Encoder) -> Reranker:
    return Reranker(encoder)


def scores_of(reranker: Reranker, question: str, windows: Sequence[Window]) -> list[list[float]]:
    return [[prediction.score for prediction in row] for row in reranker.predict(question, windows)]


def best(reranker: Reranker, question: str) -> str:
    (scores,) = scores_of(reranker, question, [Window("New ferry for the islands", FERRY)])
    return FERRY[max(range(len(FERRY)), key=scores.__getitem__)]


def test_the_answering_sentence_is_first_where_the_cosine_prefers_another(
    reranker: Reranker, encoder: Encoder
) -> None:
    for question, right in (
        ("In which city is the Sea Campion being built?", FERRY[1]),
        ("Who laid the Sea Campion's keel?", FERRY[3]),
    ):
        vectors = encoder.encode([question, *FERRY])
        assert FERRY[int((vectors[1:] @ vectors[0]).argmax())] != right
        assert best(reranker, question) == right


def test_unanswerable_questions_score_lower_than_answerable_ones(reranker: Reranker) -> None:
    def highest(question: str) -> float:
        return max(scores_of(reranker, question, [Window("New ferry for the islands", FERRY)])[0])

    assert highest("How many cars will the ferry carry?") > highest("How much did the ferry cost?") + 1


def test_the_answer_words_are_predicted_with_their_probability(reranker: Reranker) -> None:
    def words(question: str, n: int) -> tuple[str, float]:
        prediction = reranker.predict(question, [Window("New ferry for the islands", FERRY)])[0][n]
        return FERRY[n][prediction.start : prediction.end], prediction.probability

    assert words("How many passengers will the ferry carry?", 0)[0] == "320"
    assert words("In which city is the Sea Campion being built?", 1)[0] == "Gdansk"
    sure, unsure = words("Who laid the keel?", 3), words("Who laid the keel?", 0)
    assert "daughter" in sure[0] and sure[1] > unsure[1]


def test_scores_do_not_depend_on_the_batch(reranker: Reranker) -> None:
    windows = [
        Window("New ferry for the islands", FERRY),
        Window("", FERRY[:1]),
        Window("Tax", ("Taxes rise next year.",) * 3),
    ]
    scores = scores_of(reranker, "Who laid the keel?", windows)
    assert scores == scores_of(reranker, "Who laid the keel?", windows)
    assert [len(row) for row in scores] == [4, 1, 3]
    for window, row in zip(windows, scores, strict=True):
        assert scores_of(reranker, "Who laid the keel?", [window])[0] == pytest.approx(row, abs=1e-4)
    assert scores_of(reranker, "Who laid the keel?", []) == []


def test_overlong_text_is_truncated_and_scored(reranker: Reranker) -> None:
    endless = "and then " * 400
    (scores,) = scores_of(reranker, f"Who {endless}?", [Window(endless, (endless,) * 8)])
    assert len(scores) == 8
    window = EncodedWindow.build([1] * 900, [2] * 900, [[3] * 900] * 8)
    assert len(window.tokens) == 512 and window.tokens[slice(*window.spans[0])] == [3] * 96


def test_missing_damaged_and_other_weights_are_refused(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "reranker.safetensors"
    with pytest.raises(RerankerError, match="restore"):
        Reranker(encoder, damaged)
    data = bytearray(WEIGHTS_FILE.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(RerankerError, match="not the file that Dateline ships"):
        Reranker(encoder, damaged)
    monkeypatch.setattr(module, "WEIGHTS_SHA256", module.sha256(b"no weights").hexdigest())
    damaged.write_bytes(b"no weights")
    with pytest.raises(RerankerError, match="restore"):
        Reranker(encoder, damaged)


def test_exported_weights_score_like_the_trained_ones(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    trained = build_network(encoder).eval()
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    with torch.no_grad():
        for name, value in trained.named_parameters():
            if not name.startswith("body.embeddings"):
                value += 0.01 * torch.randn_like(value)
    file = tmp_path / "reranker.safetensors"
    deltas = quantise_deltas(before, trained.state_dict())
    save_file(deltas, file)
    assert file.stat().st_size < 12_000_000
    restored = dict(apply_deltas(before, deltas))
    errors = [
        float((restored[name] - value).abs().max())
        for name, value in trained.state_dict().items()
        if name in restored
    ]
    assert max(errors) < 1e-3
    monkeypatch.setattr(module, "WEIGHTS_SHA256", module.sha256(file.read_bytes()).hexdigest())
    tokens = encoder.tokenize(["Who laid the keel?", "New ferry", *FERRY])
    with torch.inference_mode():
        expected = trained([EncodedWindow.build(tokens[0], tokens[1], tokens[2:])])[0].tolist()
        untrained = build_network(encoder).eval()
        untrained.head = trained.head
        unlike = untrained([EncodedWindow.build(tokens[0], tokens[1], tokens[2:])])[0].tolist()
    found = scores_of(Reranker(encoder, file), "Who laid the keel?", [Window("New ferry", FERRY)])[0]
    assert found == pytest.approx(expected, abs=0.05) and unlike != pytest.approx(expected, abs=0.05)


def test_the_encoder_is_unchanged(reranker: Reranker, encoder: Encoder) -> None:
    assert reranker.encoder.fingerprint.matches(Encoder().fingerprint)
