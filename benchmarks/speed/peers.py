"""The same articles and questions through what people would use instead; each system in a process of its own.

    PYTHON -m benchmarks.speed.peers SYSTEM FILE

FILE holds articles as JSON lines. All encode with the same weights on the same number of threads and cut
passages of about a thousand characters, each with its own splitter where it has one.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.speed.measuring import memory, percentiles, timed
from rag.evaluation.gold.questions import read_gold
from rag.settings import ROOT

Search = Callable[[str], object]
_K, _CHARS, _OVERLAP, _WORDS = 4, 1000, 200, 170
_SEARCHES = 30


def _weights() -> str:
    from embeddings.encoder import _weights_file

    return str(_weights_file().parent)


def dateline(bodies: list[str]) -> Search:
    """Dateline's collection, with its full-text index and its hybrid search."""
    from corpus.store.database import Store
    from embeddings.encoder import Encoder
    from embeddings.ingest import ingest
    from embeddings.library import Library
    from rag.retrieval.search import Retriever

    folder = Path(tempfile.mkdtemp())
    file = folder / "articles.jsonl"
    file.write_text(
        "\n".join(json.dumps({"title": body[:60], "body": body}) for body in bodies), encoding="utf-8"
    )
    threads = int(os.environ["OMP_NUM_THREADS"])
    library = Library(Store(folder / "data"), Encoder(threads), threads)
    assert {report.status for report in ingest(library, file)} == {"added"}
    retriever = Retriever(library=library, k=_K)
    return retriever.search_text


def langchain(bodies: list[str]) -> Search:
    """langchain's recipe: recursive splitter, `FAISS.from_documents`, `similarity_search`."""
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from sentence_transformers import SentenceTransformer

    class HuggingFaceEmbeddings(Embeddings):
        """What langchain-huggingface's class of this name does; its package does not install beside gradio."""

        def __init__(self) -> None:
            self.model = SentenceTransformer(_weights(), device="cpu")

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            rows: list[list[float]] = self.model.encode(texts, show_progress_bar=False).tolist()
            return rows

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    splitter = RecursiveCharacterTextSplitter(chunk_size=_CHARS, chunk_overlap=_OVERLAP)
    store = FAISS.from_documents(splitter.create_documents(bodies), HuggingFaceEmbeddings())
    return lambda question: store.similarity_search(question, k=_K)


def llama_index(bodies: list[str]) -> Search:
    """llama-index: sentence splitter, in-memory vector index, retriever."""
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    model = HuggingFaceEmbedding(model_name=_weights(), device="cpu")
    splitter = SentenceSplitter(chunk_size=230, chunk_overlap=40)  # in tokens
    documents = [Document(text=body) for body in bodies]
    index = VectorStoreIndex.from_documents(documents, embed_model=model, transformations=[splitter])
    return index.as_retriever(similarity_top_k=_K).retrieve


def haystack(bodies: list[str]) -> Search:
    """haystack: document splitter, sentence-transformers embedder, in-memory store."""
    from haystack import Document
    from haystack.components.preprocessors import DocumentSplitter
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    splitter = DocumentSplitter(split_by="word", split_length=_WORDS, split_overlap=30)
    embedder = SentenceTransformersDocumentEmbedder(model=_weights(), progress_bar=False)
    question_embedder = SentenceTransformersTextEmbedder(model=_weights(), progress_bar=False)
    for component in (splitter, embedder, question_embedder):
        if hasattr(component, "warm_up"):
            component.warm_up()
    store = InMemoryDocumentStore()
    pieces = splitter.run(documents=[Document(content=body) for body in bodies])["documents"]
    store.write_documents(embedder.run(documents=pieces)["documents"])
    retriever = InMemoryEmbeddingRetriever(store, top_k=_K)
    return lambda question: retriever.run(query_embedding=question_embedder.run(text=question)["embedding"])


def txtai(bodies: list[str]) -> Search:
    """txtai: its hybrid index (vectors and words) over pieces of a thousand characters."""
    from txtai import Embeddings

    embeddings = Embeddings(path=_weights(), content=True, hybrid=True, gpu=False)
    step = _CHARS - _OVERLAP
    embeddings.index(body[n : n + _CHARS] for body in bodies for n in range(0, len(body), step))
    return lambda question: embeddings.search(question, _K)


SYSTEMS: dict[str, Callable[[list[str]], Search]] = {
    "langchain": langchain,
    "Dateline": dateline,
    "llama-index": llama_index,
    "haystack": haystack,
    "txtai": txtai,
}


def measure(name: str, bodies: list[str], questions: Iterable[str]) -> dict[str, Any]:
    """Build a system's index and search it; the first search is part of the time to the first answer."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    found: list[Search] = []
    SYSTEMS[name](bodies[:1])  # imports, which take longer than a few articles, are not reading in
    built = timed(lambda: found.append(SYSTEMS[name](bodies)))
    first = timed(lambda: found[0]("What was decided?"))
    searches = [timed(lambda q=question: found[0](q)) for question in questions]
    return {
        **built,
        "first_search": first["cpu"],
        "search": {clock: percentiles([one[clock] for one in searches]) for clock in ("wall", "cpu")},
        "peak_mb": memory()["peak_mb"],
    }


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    asked = [gold.question for gold in read_gold(ROOT / "corpus/gold.jsonl")][:_SEARCHES]
    print(json.dumps(measure(sys.argv[1], [json.loads(line)["body"] for line in lines], asked)))
