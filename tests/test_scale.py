"""docs/scale.md is what docs/scale.py computes, and the model is straight arithmetic over measured values."""

import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "docs"))

import scale


def test_the_document_is_made_of_the_measurements() -> None:
    assert scale.DOCUMENT.read_text() == scale.document(), "run: python docs/scale.py"


def test_the_model_by_hand() -> None:
    """Round figures: 4 kB and 40 passages a core-second; 100 ms to search a million by both ways."""
    known = dict.fromkeys(scale.figures(), 1.0) | {
        "bytes a passage": 4_000,
        "bytes of its vector": 1_536,
        "passages a core-second": 40,
        "core-seconds a question": 0.6,
        "core-seconds of it that search": 0.1,
        "sq8 ms a million vectors": 60,
        "words ms a million passages": 40,
        "prompt tokens a question": 200,
        "prompt tokens a core-second": 200,
        "answer tokens a question": 50,
        "answer tokens a core-second": 100,
    }
    found = scale.project(100_000_000, known)
    assert found["core-hours to read in"] == pytest.approx(694.4, abs=0.1)
    assert found["collection, GB"] == 400 and found["vectors at a byte a value, GB"] == pytest.approx(38.4)
    assert found["shards of the vectors"] == 2  # of at most 32 GB
    assert found["core-seconds a search of all"] == pytest.approx(10)
    assert found["core-seconds a question beside"] == pytest.approx(0.5 + 1 + 0.5)
    assert found["cores for the questions"] == pytest.approx(10 * 12)
    assert found["machines for the questions"] == 8


def test_the_model_is_near_what_was_measured() -> None:
    for name, (model, measured) in scale.checks().items():
        assert 1 / 3 < model / measured < 3, name
