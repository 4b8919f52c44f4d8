from dataclasses import replace
from pathlib import Path

import pytest

from rag.generation import registry
from rag.generation.chat_model import LocalChatModel
from rag.generation.model_process import ModelError, ModelMissing, ModelProcess
from rag.generation.readers import SMALL
from rag.generation.registry import open_model
from rag.generation.server_model import ServerChatModel
from rag.settings import Settings


@pytest.mark.threat("G1", open="a model of the user's own is not known by a hash")
def test_the_packaged_model_is_checked_by_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model(Settings())
    assert isinstance(model.chat, LocalChatModel) and model.name == "SmolLM2-135M-Instruct.Q4_1 + reader"
    monkeypatch.setattr(registry, "SMALL", replace(SMALL, sha256="0" * 64))
    with pytest.raises(ModelMissing, match="not the file that was published"):
        open_model(Settings())
    monkeypatch.setattr(registry, "SMALL", replace(SMALL, package="no_such_package"))
    with pytest.raises(ModelMissing, match=r"pip install -r requirements\.txt"):
        open_model(Settings())


def test_none_opens_no_model() -> None:
    assert open_model(Settings(model="none")).chat is None


def test_a_server_is_opened_by_its_address() -> None:
    chat = open_model(Settings(model="openai:my-model@http://127.0.0.1:9/v1")).chat
    assert (
        isinstance(chat, ServerChatModel)
        and chat.model_name == "my-model"
        and str(chat.openai_api_base) == "http://127.0.0.1:9/v1"
    )


def test_the_credentials_of_a_server_are_used_but_never_named() -> None:
    address = "https://ada:kes:tr@el@news.example:8000/v1?key=ferry"
    model = open_model(Settings(model=f"openai:small@{address}"))
    assert isinstance(model.chat, ServerChatModel) and model.chat.openai_api_base == address
    assert model.name == "openai:small@https://news.example:8000/v1"
    with pytest.raises(ModelMissing, match="no such file") as caught:
        open_model(Settings(model=f"open-ai:small@{address}"))
    assert not any(secret in str(caught.value) for secret in ("ada", "kes", "tr@", "ferry"))


def test_invalid_models_are_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"not a model")
    for name, why in (
        (str(tmp_path / "none.gguf"), "no such file"),
        (str(tmp_path / "a.gguf"), "not a GGUF file"),
        ("openai:x", "no such file"),
    ):
        with pytest.raises(ModelMissing, match=why):
            open_model(Settings(model=name))


def test_a_broken_gguf_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + b"\x00" * 64)
    process = ModelProcess(tmp_path / "a.gguf", 512, 1)
    with pytest.raises(ModelError, match=r"cannot be loaded.*DATELINE_MODEL"):
        process.start()


def test_a_download_without_a_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    lines: list[str] = []
    with pytest.raises(ModelMissing, match=r"cannot be fetched without a network.*set DATELINE_MODEL=/path"):
        open_model(Settings(model="Qwen/Qwen3-4B-GGUF:Q4_K_M"), lines.append)
    assert lines == ["looking for Q4_K_M in Qwen/Qwen3-4B-GGUF on Hugging Face"]
