"""Open the library or the assistant of the settings. The composition root: it imports every layer."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from corpus.store.connection import StoreError
from corpus.store.database import Store
from corpus.store.opening import open_store
from embeddings.encoded import EncodedPassages
from embeddings.encoder import Encoder, Fingerprint
from embeddings.library import FINGERPRINT, REBUILDING, Library, fingerprint_matches
from embeddings.vectors import PassageIndex
from rag.assistant import Assistant
from rag.generation.chat_model import LocalChatModel
from rag.generation.prompts import CheckingPrompts, Prompts, WritingPrompts
from rag.generation.registry import open_model
from rag.generation.writer import read_fixed_prompts
from rag.retrieval.search import Retriever
from rag.settings import LOCAL, PACKAGED, SettingError, Settings, parse_server, without_credentials
from rag.telemetry import Telemetry


class MilvusNotInstalled(RuntimeError):
    """A package that DATELINE_LIBRARY needs is missing; the message says how to install it."""


def open_library(settings: Settings, encoded: Path | None = None) -> Library:
    """Return the library over the collection in `settings.data`, ready to add to and to search.

    Passages in the folder `encoded` are not encoded when they are added.

    Raises:
        StoreError: the collection's file or Milvus cannot be used.
        EncoderError: the encoder's weights are missing.
        EncodedError: the folder has no passages of this encoder.
    """
    return open_library_over(open_store(*settings.place), settings, encoded)


def open_library_over(store: Store, settings: Settings, encoded: Path | None = None) -> Library:
    """Return the library over an open store.

    Raises:
        StoreError: its vectors were made by another encoder than that of the settings, or Milvus cannot be
            used.
        EncoderError: the encoder's weights are missing, or its server does not answer.
        EncodedError: the folder `encoded` has no passages of this encoder.
        SettingError: the setting names no library.
    """
    encoder = open_encoder(settings)
    stored = store.get_property(FINGERPRINT)
    if stored and stored != REBUILDING and not fingerprint_matches(encoder, stored):
        raise StoreError(
            f"the vectors of {store.name} were made by {Fingerprint.from_json(stored).name}, and not by "
            f"{encoder.fingerprint.name} as it is now; set DATELINE_ENCODER to that which made them, "
            "or run: dateline rebuild"
        )
    passages = EncodedPassages(encoded, encoder.fingerprint) if encoded else None
    return Library(store, encoder, settings.model_threads, _open_index(store, encoder, settings), passages)


def _open_index(store: Store, encoder: Encoder, settings: Settings) -> PassageIndex | None:
    """Return the index of vectors that the settings name; None for the usual one on this computer."""
    if settings.library == LOCAL:
        return None
    address = settings.library.removeprefix("milvus+")
    if not re.match(r"milvus\+https?://", settings.library) and not address.endswith(".db"):
        raise SettingError(
            f'DATELINE_LIBRARY is "{without_credentials(settings.library)[:80]}"; it should be local, '
            "milvus+http://host:19530, or the name of a file for Milvus Lite, which ends in .db"
        )
    try:
        from embeddings.milvus_index import MilvusIndex  # an optional package
    except ImportError as error:
        raise MilvusNotInstalled(
            f"{error.name} is not installed; run: pip install -r requirements-milvus.txt"
        ) from error
    return MilvusIndex(store, encoder.dimension, address, settings.model_threads)


def check_rebuildable(store: Store, encoder: Encoder) -> None:
    """Check that a collection's vectors can be made anew by an encoder.

    Raises:
        StoreError: the encoder's have another dimension, which the index of a collection does not change.
    """
    stored = store.get_property(FINGERPRINT)
    made = Fingerprint.from_json(stored).dimension if stored and stored != REBUILDING else encoder.dimension
    if made != encoder.dimension:
        raise StoreError(
            f"the vectors of {store.name} have {made} values and those of {encoder.fingerprint.name} "
            f"{encoder.dimension}; run: dateline export FILE, and add that to another folder"
        )


def open_encoder(settings: Settings) -> Encoder:
    """Return the packaged encoder, or the one that `settings.encoder` names on a server.

    Raises:
        EncoderError: its weights are missing, or its server does not answer.
        SettingError: the setting names neither.
    """
    if settings.encoder == PACKAGED:
        return Encoder(settings.threads)
    server = parse_server(settings.encoder)
    if server is None:
        raise SettingError(
            f'DATELINE_ENCODER is "{without_credentials(settings.encoder)[:80]}"; it should be packaged, '
            "or openai:NAME@http://host/v1"
        )
    from embeddings.server_encoder import ServerEncoder  # with its client, half a second

    shown, key = without_credentials(server[1]), os.environ.get("OPENAI_API_KEY", "none")
    return ServerEncoder(*server, shown, key, settings.threads)


def open_assistant(
    settings: Settings | None = None, say: Callable[[str], None] = lambda line: None
) -> Assistant:
    """Return an assistant over the collection and the model of the settings; close it after use.

    `say` is called with a line for the user where something takes long.

    Raises:
        SettingError, StoreError, EncoderError, RerankerError, ModelMissing, ModelError, PromptError,
        TelemetryNotInstalled: what is wrong, with the remedy.
    """
    settings = settings or Settings.read()
    telemetry = Telemetry(settings.metrics == "on", settings.traces)
    reader = open_model(settings, say)
    prompts = Prompts.for_model(reader.extractive)
    library = open_library(settings)
    library.reranker  # noqa: B018  # damaged weights are reported now, not at the first question
    if isinstance(reader.chat, LocalChatModel):
        reader.chat.process.start()
        if reader.writes:
            library.support  # noqa: B018  # likewise
            fixed = (reader, WritingPrompts(), CheckingPrompts())
            Thread(target=read_fixed_prompts, args=fixed, daemon=True).start()
    return Assistant(
        Retriever(library=library, k=settings.hits), reader, prompts, settings.question, telemetry
    )
