"""Models on Hugging Face: which file is chosen, and the download from a server that answers as the hub does."""

from pathlib import Path

import pytest
from hub_server import serve_hub

from rag.generation.hub import choose_files, is_hub_name
from rag.generation.model_process import ModelMissing
from rag.generation.registry import open_model
from rag.settings import Settings

FILES = (
    "README.md", "m-Q4_K.gguf", "m-Q4_K_M.gguf", "m-IQ4_K.gguf", "mmproj-m-F16.gguf", "m-F16.gguf", "big/m-Q8_0-00001-of-00002.gguf",
    "big/m-Q8_0-00002-of-00002.gguf", "m-Q2_K-00001-of-00003.gguf", "m-Q2_K-00003-of-00003.gguf", "n-Q5_0.gguf", "m-Q5_0.gguf",
)  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        ("Q4_K", ["m-Q4_K.gguf"]),
        ("q4_k_m", ["m-Q4_K_M.gguf"]),
        ("F16", ["m-F16.gguf"]),
        ("n-Q5_0.gguf", ["n-Q5_0.gguf"]),
        ("Q8_0", ["big/m-Q8_0-00001-of-00002.gguf", "big/m-Q8_0-00002-of-00002.gguf"]),
    ],
)
def test_a_quantisation_or_a_name_chooses_one_file_or_all_its_parts(wanted: str, files: list[str]) -> None:
    assert choose_files(FILES, "a/m", wanted) == files


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("Q4", r"holds no GGUF file Q4; there are: big/m-Q8_0\.gguf, m-F16\.gguf, "),
        ("K_M", "holds no GGUF file K_M"),
        ("Q5_0", r"several files Q5_0: m-Q5_0\.gguf, n-Q5_0\.gguf; name one of them: a/m:m-Q5_0\.gguf"),
        ("Q2_K", r"2 of 3 parts of m-Q2_K\.gguf"),
    ],
)
def test_no_other_file_is_taken_in_its_place(wanted: str, why: str) -> None:
    with pytest.raises(ModelMissing, match=why):
        choose_files(FILES, "a/m", wanted)


def test_a_file_name_or_a_quantisation_is_a_hub_name() -> None:
    assert is_hub_name("Qwen/Qwen3-4B-GGUF:Q4_K_M") and is_hub_name("a/m:big/m.gguf")
    assert not is_hub_name("models/m.gguf") and not is_hub_name("a/b/c:Q4") and not is_hub_name("x" * 5_000)


def test_all_parts_are_downloaded_once_and_found_again_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    parts = {f"m-Q8_0-0000{n}-of-00002.gguf": b"GGUF" + bytes([n]) * 5_000 for n in (1, 2)}
    model = Settings(model="a/m:Q8_0")
    with serve_hub("a/m", {**parts, "m-Q4_0.gguf": b"GGUF"}) as address:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        first = open_model(model).chat.process.path  # type: ignore[union-attr]
    assert {file.name: file.read_bytes() for file in first.parent.iterdir()} == parts
    assert open_model(model).chat.process.path == first  # type: ignore[union-attr]
    with pytest.raises(ModelMissing, match=r"holds no GGUF file Q4_0; there are: m-Q8_0\.gguf$"):
        open_model(Settings(model="a/m:Q4_0"))
