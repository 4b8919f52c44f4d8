"""What holds the memory of the server: its parts are loaded one after the other, then questions and articles come.

    python -m benchmarks.speed.memory DATA

DATA is the folder of a collection, of which a copy is used. Nothing heavy is imported before its step.
"""

import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.speed.measuring import child_processes, memory
from rag.settings import ROOT, Settings

_QUESTIONS, _ARTICLES = 20, 6


class Server:
    """The parts of a server, each loaded by a step; a step's docstring names what it brings."""

    def __init__(self, data: Path) -> None:
        self.settings = replace(Settings.read(), data=data)

    def load_torch(self) -> None:
        """torch"""
        import torch  # noqa: F401

    def load_libraries(self) -> None:
        """transformers, sentence-transformers, FAISS"""
        import faiss  # noqa: F401
        import sentence_transformers  # noqa: F401

    def load_encoder(self) -> None:
        """encoder"""
        from embeddings.encoder import Encoder

        self.encoder = Encoder(self.settings.threads)

    def load_collection(self) -> None:
        """collection and index"""
        from corpus.store.database import Store
        from embeddings.library import Library

        self.library = Library(Store(self.settings.data), self.encoder, self.settings.model_threads)

    def load_reranker(self) -> None:
        """reranker"""
        self.library.reranker  # noqa: B018

    def load_support(self) -> None:
        """support model"""
        self.library.support  # noqa: B018

    def load_page(self) -> None:
        """gradio, the page"""
        import rag.page.page  # noqa: F401

    def load_model(self) -> None:
        """language model, in its own process"""
        from rag.assistant import Assistant
        from rag.generation.chat_model import LocalChatModel
        from rag.generation.prompts import Prompts
        from rag.generation.registry import open_model
        from rag.retrieval.search import Retriever

        model = open_model(self.settings, lambda line: None)
        assert isinstance(model.chat, LocalChatModel)
        model.chat.process.start()
        retriever = Retriever(library=self.library, k=self.settings.hits)
        self.assistant = Assistant(retriever, model, Prompts.for_model(model.extractive))

    def ask(self) -> None:
        """20 questions"""
        from rag.evaluation.gold.questions import read_gold

        for gold in read_gold(ROOT / "corpus/gold.jsonl")[:_QUESTIONS]:
            self.assistant.ask(gold.question, gold.history)

    def ask_again(self) -> None:
        """the same questions again"""
        self.encoder.clear_cache()
        self.ask()

    def add(self) -> None:
        """6 articles read in"""
        from benchmarks.speed.reading import articles_file
        from embeddings.ingest import ingest

        with tempfile.TemporaryDirectory() as folder:
            assert len(list(ingest(self.library, articles_file(Path(folder), _ARTICLES)))) == _ARTICLES


STEPS = (
    Server.load_torch,
    Server.load_libraries,
    Server.load_encoder,
    Server.load_collection,
    Server.load_reranker,
    Server.load_support,
    Server.load_page,
    Server.load_model,
    Server.ask,
    Server.ask_again,
    Server.add,
)


def measure(data: Path) -> dict[str, Any]:
    """Return the megabytes that are held before and after each step, and the most during it."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(shutil.copytree(data, Path(folder) / "data")))
        rows = {"Python": _held()}
        for step in STEPS:
            _forget_peaks()
            step(server)
            rows[step.__doc__ or ""] = _held()
        server.assistant.close()
    return {"rows": rows}


def _processes() -> list[int]:
    return [os.getpid(), *child_processes(os.getpid())]


def _held() -> dict[str, float]:
    """Return the megabytes of this process and those that it started."""
    found = [memory(process) for process in _processes()]
    return {name: round(sum(one[name] for one in found), 1) for name in found[0]}


def _forget_peaks() -> None:
    """Have the kernel count the most that a process holds from now on."""
    for process in _processes():
        Path(f"/proc/{process}/clear_refs").write_text("5")


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
