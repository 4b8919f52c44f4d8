import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from embeddings import precision
from embeddings.encoder import Encoder, _weights_file
from embeddings.precision import Bfloat16Linear, multiply_in_bfloat16

TEXTS = [
    "The ministers agreed on Thursday to send 4,000 more trainers.",
    "Opening was put off again.",
    "Ice covered 3.41 million square kilometres in September 2018, the navy's auditors said. " * 12,
    "no",
]


def test_vectors_are_those_of_float32(encoder: Encoder) -> None:
    plain = SentenceTransformer(str(_weights_file().parent), device="cpu")
    cosines = (encoder.encode(TEXTS) * plain.encode(TEXTS, normalize_embeddings=True)).sum(axis=1)
    assert cosines.min() > 0.9995


def test_what_others_copy_stays_float32(encoder: Encoder) -> None:
    layers = encoder.load_transformer()
    assert {value.dtype for value in layers.parameters()} == {torch.float32}
    assert not any(isinstance(layer, Bfloat16Linear) for layer in layers.modules())


def test_the_encoder_holds_its_layers_once(encoder: Encoder) -> None:
    held = {
        part.data_ptr(): part
        for value in vars(encoder).values()
        if isinstance(value, torch.nn.Module)
        for part in value.state_dict().values()
    }
    layers = [part for part in held.values() if part.shape == (1536, 384)]
    assert len(layers) == 6
    shared = encoder.load_transformer().state_dict()["embeddings.word_embeddings.weight"]
    assert shared.data_ptr() in held


@pytest.mark.parametrize("capable", [True, False])
def test_only_a_processor_that_multiplies_bfloat16_does(
    capable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision.torch.cpu, "get_capabilities", lambda: {"avx512_bf16": capable})
    torch.manual_seed(5)
    layers = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Sequential(torch.nn.Linear(32, 8)))
    states = torch.randn(3, 64)
    with torch.inference_mode():
        expected = layers(states)
        multiply_in_bfloat16(layers)
        found = layers(states)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected) is not capable
    assert np.allclose(found, expected, atol=0.02)
