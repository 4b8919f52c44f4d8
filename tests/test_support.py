from pathlib import Path

import pytest

from embeddings import support
from embeddings.encoder import Encoder
from embeddings.support import WEIGHTS_FILE, Claim, EncodedClaim, SupportModel, SupportModelError

QUESTION = "What does the hybrid ferry cost?"
SOURCE = (
    "The council of Kestrel Bay met on Monday with nine members. It ordered a hybrid ferry for up to 41 million "
    "crowns. The quay cost 3 million crowns in 1961."
)


@pytest.fixture(scope="module")
def model(encoder: Encoder) -> SupportModel:
    return SupportModel(encoder)


def claim(statement: str, question: str = QUESTION) -> Claim:
    return Claim(question, statement, "Kestrel Bay orders a ferry", SOURCE)


def test_the_words_that_answer_score_higher_than_others_of_the_same_sentences(model: SupportModel) -> None:
    right, *wrong = model.score([claim("41 million crowns"), claim("nine members"), claim("1961")])
    assert right > max(wrong)


def test_a_claim_scores_the_same_alone_and_in_a_batch(model: SupportModel) -> None:
    claims = [claim("41 million crowns"), claim("3 million crowns, " * 40), claim("", "Who?")]
    assert model.score(claims) == pytest.approx([model.score([one])[0] for one in claims], abs=0.02)
    assert model.score([]) == []


def test_long_parts_are_truncated_to_their_limits() -> None:
    encoded = EncodedClaim.build([7] * 500, [8] * 500, [9] * 500, [10] * 500)
    assert len(encoded.tokens) == support.MAX_TOKENS and encoded.end - encoded.start == 80


def test_missing_and_damaged_weights_are_reported(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(SupportModelError, match="restore"):
        SupportModel(encoder, tmp_path / "none.safetensors")
    damaged = bytearray(WEIGHTS_FILE.read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "damaged.safetensors").write_bytes(damaged)
    with pytest.raises(SupportModelError, match="not the file that Dateline ships"):
        SupportModel(encoder, tmp_path / "damaged.safetensors")
