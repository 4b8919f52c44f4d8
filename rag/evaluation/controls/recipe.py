"""What a first tutorial builds with the same parts: 1,000-character chunks, MiniLM, flat FAISS and no checks.

It has the methods that `rag.evaluation.runs.run` calls and returns the same `Answer`; what its model writes
is shown as written.
"""

import re
import time
from collections.abc import Iterator, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from corpus.passages import Passage
from embeddings.index import ExactIndex
from embeddings.library import Library
from rag.answers.answer import Answer, Timings
from rag.evaluation.gold.questions import EvaluationError
from rag.evaluation.retrieval.ablations import CHUNK_CHARS, OVERLAP_CHARS
from rag.query.followups import Turn
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import SearchHit
from rag.verification.citations import SUPPORTED, number_citations, parse_drafts

_CONTEXT_CHUNKS = 4
# langchain's tutorial on retrieval, and the usual request for markers.
_SYSTEM = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved context to "
    "answer the question. If you don't know the answer, just say that you don't know. Use three sentences "
    "maximum and keep the answer concise. Cite the pieces that you use by their numbers, like [1]."
)
_BLIND = (
    "You are an assistant for question-answering tasks. If you don't know the answer, just say that you "
    "don't know. Use three sentences maximum and keep the answer concise."
)
_UNKNOWN = re.compile(
    r"\b(?:don't|do not|doesn't|does not) (?:know|say|mention|provide|contain|specify)|\bno information\b",
    re.IGNORECASE,
)


class NewcomerRecipe:
    """The recipe over the articles of one library, with a chat model; follow-ups are asked as they stand.

    Raises:
        EvaluationError: langchain-text-splitters, which only the recipe needs, is not installed.
    """

    def __init__(self, library: Library, chat: BaseChatModel) -> None:
        self.library, self._chat = library, chat
        self._chunks = list(_split(library))
        vectors = library.encoder.encode_in_background([chunk.text for chunk in self._chunks])
        self._index = ExactIndex(library.encoder.dimension, 1)
        self._index.add(range(len(vectors)), vectors)

    def search(self, question: str, k: int = 10, history: Sequence[Turn] = ()) -> list[SearchHit]:
        """Return the nearest chunks."""
        hits = self._index.search(self.library.encoder.encode_queries([question])[0], k)
        return [SearchHit(self._chunks[n], cosine, ()) for n, cosine in hits]

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Return what the model writes about the four nearest chunks, with the chunks it cites."""
        started = time.monotonic()
        chunks = [
            Evidence(hit.passage, hit.passage.start, hit.passage.end, hit.score, hit.score)
            for hit in self.search(question, _CONTEXT_CHUNKS)
        ]
        found = time.monotonic() - started
        context = "\n\n".join(f"[{n}] {item.text}" for n, item in enumerate(chunks, 1))
        prompt = f"Question: {question}\nContext: {context}\nAnswer:"
        answer = written_answer(self._chat, _SYSTEM, prompt, question, chunks)
        return answer.replace(timings=Timings(found, None, time.monotonic() - started))


class QuestionAlone:
    """The model without any article: what it knows, guesses, or takes from the question's own words.

    Without a model the question itself is the answer, so that it counts how many gold wordings it holds.
    """

    def __init__(self, library: Library, chat: BaseChatModel | None) -> None:
        self.library, self._chat = library, chat

    def search(self, question: str, k: int = 10, history: Sequence[Turn] = ()) -> list[SearchHit]:
        """Return nothing."""
        return []

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Return what the model writes."""
        if self._chat is None:
            return Answer(question, question, "answered", number_citations([(question, (), SUPPORTED)]))
        return written_answer(self._chat, _BLIND, f"Question: {question}\nAnswer:", question, ())


def written_answer(
    chat: BaseChatModel, system: str, prompt: str, question: str, evidence: Sequence[Evidence]
) -> Answer:
    """Return what a model writes, unchecked, citing the evidence that its markers name."""
    written = chat.invoke([SystemMessage(system), HumanMessage(prompt)]).text
    drafts = parse_drafts(written)
    refused = not drafts or bool(_UNKNOWN.search(written))
    cited = [
        (draft.text, [evidence[n - 1] for n in draft.numbers if 1 <= n <= len(evidence)], SUPPORTED)
        for draft in drafts
    ]
    return Answer(
        question,
        question,
        "unanswerable" if refused else "answered",
        statements=() if refused else number_citations(cited),
        evidence=tuple(evidence),
    )


def _split(library: Library) -> Iterator[Passage]:
    try:
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ModuleNotFoundError as error:
        raise EvaluationError(
            "the recipe needs langchain-text-splitters; run: pip install -r requirements-dev.txt"
        ) from error
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARS, chunk_overlap=OVERLAP_CHARS, add_start_index=True
    )
    for article in library.store.articles():
        for piece in splitter.create_documents([article.body]):
            start = piece.metadata["start_index"]
            if start >= 0:
                yield Passage(article, start, start + len(piece.page_content))
