"""What a first tutorial builds with the same parts: 1,000-character chunks, MiniLM, flat FAISS and no checks.

It has the two methods that `rag.evaluation.runs.run` calls and returns the same `Answer`; what its model writes is
shown as written.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_text_splitters import RecursiveCharacterTextSplitter

from corpus.passages import Passage
from embeddings.index import ExactIndex
from embeddings.library import Library
from rag.answers.answer import Answer, Timings
from rag.query.followups import Turn
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import SearchHit
from rag.verification.citations import SUPPORTED, number_citations, parse_drafts

_CHUNK_CHARS, _OVERLAP_CHARS, _CONTEXT_CHUNKS = 1000, 200, 4
# langchain's tutorial on retrieval, and the usual request for markers.
_SYSTEM = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved context to answer the question. "
    "If you don't know the answer, just say that you don't know. Use three sentences maximum and keep the answer concise. "
    "Cite the pieces that you use by their numbers, like [1]."
)
_UNKNOWN = re.compile(
    r"\b(?:don't|do not|doesn't|does not) (?:know|say|mention|provide|contain|specify)|\bno information\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Model:
    name: str


class NewcomerRecipe:
    """The recipe over the articles of one library, with a chat model."""

    def __init__(self, library: Library, chat: BaseChatModel) -> None:
        self.library, self.model, self._chat = library, _Model("newcomer's recipe"), chat
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=_CHUNK_CHARS, chunk_overlap=_OVERLAP_CHARS, add_start_index=True
        )
        self._chunks = [
            Passage(article, start, start + len(piece.page_content))
            for article in library.store.articles()
            for piece in splitter.create_documents([article.body])
            if (start := piece.metadata["start_index"]) >= 0
        ]
        self._index = ExactIndex(library.encoder.dimension, 1)
        self._index.add(
            range(len(self._chunks)), library.encoder.encode([chunk.text for chunk in self._chunks])
        )

    def search(
        self, question: str, k: int = 10, filters: None = None, history: Sequence[Turn] = ()
    ) -> list[SearchHit]:
        """Return the nearest chunks; the conversation so far is ignored."""
        hits = self._index.search(self.library.encoder.encode([question])[0], k)
        return [SearchHit(self._chunks[n], cosine, ()) for n, cosine in hits]

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Return what the model writes about the four nearest chunks, with the chunks it cites."""
        started = time.monotonic()
        context_chunks = [
            Evidence(hit.passage, hit.passage.start, hit.passage.end, hit.score, hit.score)
            for hit in self.search(question, _CONTEXT_CHUNKS)
        ]
        seconds_to_evidence = time.monotonic() - started
        context = "\n\n".join(f"[{n}] {item.text}" for n, item in enumerate(context_chunks, 1))
        written = self._chat.invoke(
            [SystemMessage(_SYSTEM), HumanMessage(f"Question: {question}\nContext: {context}\nAnswer:")]
        ).text
        said = parse_drafts(written)
        bound = [
            (
                draft.text,
                [context_chunks[n - 1] for n in draft.numbers if 1 <= n <= len(context_chunks)],
                SUPPORTED,
            )
            for draft in said
        ]
        refused = not said or bool(_UNKNOWN.search(written))
        return Answer(
            question,
            question,
            "unanswerable" if refused else "answered",
            statements=() if refused else number_citations(bound),
            evidence=tuple(context_chunks),
            timings=Timings(seconds_to_evidence, None, time.monotonic() - started),
            model=self.model.name,
        )
