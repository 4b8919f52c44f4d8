"""Open the library or the assistant of the settings. The composition root: it imports every layer."""

from collections.abc import Callable
from threading import Thread

from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.library import Library
from rag.assistant import Assistant
from rag.generation.chat_model import LocalChatModel
from rag.generation.prompts import CheckingPrompts, Prompts, WritingPrompts
from rag.generation.registry import open_model
from rag.generation.writer import read_fixed_prompts
from rag.retrieval.search import Retriever
from rag.settings import Settings


def open_library(settings: Settings) -> Library:
    """Return the library over the collection in `settings.data`, ready to add to and to search.

    Raises:
        StoreError: the collection's file cannot be used.
        EncoderError: the encoder's weights are missing.
    """
    store = Store(settings.data)
    return Library(store, open_encoder(settings), settings.model_threads)


def open_encoder(settings: Settings) -> Encoder:
    """Return the packaged encoder.

    Raises:
        EncoderError: its weights are missing.
    """
    return Encoder(settings.threads)


def open_assistant(
    settings: Settings | None = None, say: Callable[[str], None] = lambda line: None
) -> Assistant:
    """Return an assistant over the collection and the model of the settings; close it after use.

    `say` is called with a line for the user where something takes long.

    Raises:
        SettingError, StoreError, EncoderError, RerankerError, ModelMissing, ModelError, PromptError:
            what is wrong, with the remedy.
    """
    settings = settings or Settings.read()
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
    return Assistant(Retriever(library=library, k=settings.hits), reader, prompts, settings.question)
