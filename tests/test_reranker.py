from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from embeddings import reranker as room
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
def ranker(encoder: Encoder) -> Reranker:
    return Reranker(encoder)


def scored(ranker: Reranker, question: str, windows: Sequence[Window]) -> list[list[float]]:
    return [[reading.score for reading in row] for row in ranker.predict(question, windows)]


def best(ranker: Reranker, question: str) -> str:
    (scores,) = scored(ranker, question, [Window("New ferry for the islands", FERRY)])
    return FERRY[max(range(len(FERRY)), key=scores.__getitem__)]


def test_the_sentence_that_answers_comes_first_where_the_cosine_puts_one_of_the_same_words(
    ranker: Reranker, encoder: Encoder
) -> None:
    for question, right in (
        ("In which city is the Sea Campion being built?", FERRY[1]),
        ("Who laid the Sea Campion's keel?", FERRY[3]),
    ):
        vectors = encoder.encode([question, *FERRY])
        assert FERRY[int((vectors[1:] @ vectors[0]).argmax())] != right
        assert best(ranker, question) == right


def test_what_no_sentence_answers_scores_lower_than_what_one_does(ranker: Reranker) -> None:
    def highest(question: str) -> float:
        return max(scored(ranker, question, [Window("New ferry for the islands", FERRY)])[0])

    assert highest("How many cars will the ferry carry?") > highest("How much did the ferry cost?") + 1


def test_the_words_that_answer_are_told_with_their_chance(ranker: Reranker) -> None:
    def words(question: str, n: int) -> tuple[str, float]:
        reading = ranker.predict(question, [Window("New ferry for the islands", FERRY)])[0][n]
        return FERRY[n][reading.start : reading.end], reading.chance

    assert words("How many passengers will the ferry carry?", 0)[0] == "320"
    assert words("In which city is the Sea Campion being built?", 1)[0] == "Gdansk"
    sure, unsure = words("Who laid the keel?", 3), words("Who laid the keel?", 0)
    assert "daughter" in sure[0] and sure[1] > unsure[1]


def test_scores_are_the_same_every_time_and_in_any_company(ranker: Reranker) -> None:
    windows = [
        Window("New ferry for the islands", FERRY),
        Window("", FERRY[:1]),
        Window("Tax", ("Taxes rise next year.",) * 3),
    ]
    scores = scored(ranker, "Who laid the keel?", windows)
    assert scores == scored(ranker, "Who laid the keel?", windows)
    assert [len(row) for row in scores] == [4, 1, 3]
    for window, row in zip(windows, scores, strict=True):
        assert scored(ranker, "Who laid the keel?", [window])[0] == pytest.approx(row, abs=1e-4)
    assert scored(ranker, "Who laid the keel?", []) == []


def test_endless_text_is_cut_and_still_scored(ranker: Reranker) -> None:
    endless = "and then " * 400
    (scores,) = scored(ranker, f"Who {endless}?", [Window(endless, (endless,) * 8)])
    assert len(scores) == 8
    row = EncodedWindow.of([1] * 900, [2] * 900, [[3] * 900] * 8)
    assert len(row.pieces) == 512 and row.pieces[row.spans[0][0] : row.spans[0][1]] == [3] * 96


def test_missing_damaged_and_other_weights_are_refused(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "ranker.safetensors"
    with pytest.raises(RerankerError, match="restore"):
        Reranker(encoder, damaged)
    data = bytearray(WEIGHTS_FILE.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(RerankerError, match="not the file that Dateline ships"):
        Reranker(encoder, damaged)
    monkeypatch.setattr(room, "WEIGHTS_SHA256", room.sha256(b"no weights").hexdigest())
    damaged.write_bytes(b"no weights")
    with pytest.raises(RerankerError, match="restore"):
        Reranker(encoder, damaged)


def test_what_is_exported_scores_as_what_was_trained(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    trained = build_network(encoder).eval()
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    with torch.no_grad():
        for name, value in trained.named_parameters():
            if not name.startswith("body.embeddings"):
                value += 0.01 * torch.randn_like(value)
    file = tmp_path / "ranker.safetensors"
    kept = quantise_deltas(before, trained.state_dict())
    save_file(kept, file)
    assert file.stat().st_size < 12_000_000
    again = apply_deltas(before, kept)
    assert (
        max(
            float((again[name] - value).abs().max())
            for name, value in trained.state_dict().items()
            if name in again
        )
        < 1e-3
    )
    monkeypatch.setattr(room, "WEIGHTS_SHA256", room.sha256(file.read_bytes()).hexdigest())
    pieces = encoder.pieces(["Who laid the keel?", "New ferry", *FERRY])
    with torch.inference_mode():
        expected = trained([EncodedWindow.of(pieces[0], pieces[1], pieces[2:])])[0].tolist()
        untrained = build_network(encoder).eval()
        untrained.head = trained.head
        unlike = untrained([EncodedWindow.of(pieces[0], pieces[1], pieces[2:])])[0].tolist()
    found = scored(Reranker(encoder, file), "Who laid the keel?", [Window("New ferry", FERRY)])[0]
    assert found == pytest.approx(expected, abs=0.05) and unlike != pytest.approx(expected, abs=0.05)


def test_the_encoder_is_left_as_it_was(ranker: Reranker, encoder: Encoder) -> None:
    assert ranker.encoder.fingerprint.matches(Encoder().fingerprint)
