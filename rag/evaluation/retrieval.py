"""The product's retrieval against MultiHop-RAG, each part switched off in turn, with a newcomer's recipe in the same run.

The collection is made by the product's own reading and adding, in a folder that is kept for the next run. Publisher and date are known for
articles that answer some question only, so one collection has all articles without them, and a second one those that have them.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.index import ExactIndex
from embeddings.ingest import ingest
from embeddings.library import Library
from rag.evaluation.multihop import (
    CUTOFF,
    METADATA_FIELDS,
    MultiHopQuestion,
    RetrievalMeasures,
    load_articles,
    load_questions,
    measure_retrieval,
    roc_auc,
)
from rag.query.parts import split_question
from rag.retrieval.search import Retriever, Scoring

# The trial's usual first attempt: characters of a chunk and of its overlap with the next.
_CHUNK, _OVERLAP = 1000, 200
# Each part of the product's scoring and what it is without it.
ABLATIONS: dict[str, dict[str, Any]] = {
    "without words": {"words": 0.0},
    "without meaning": {"words": 1.0},
    "without pairs": {"pairs": False},
    "without other wordings": {"wordings": False},
    "without taking sources out": {"sources": False},
    "without clauses": {"clauses": False},
    "without sentences": {"sentence": 0.0},
    "without preference": {"preference": 0.0},
}
ProgressBar = Callable[[Iterable[Any], int, str], Iterable[Any]]
RankedTexts = tuple[list[str], float]  # passages' texts, best first, and how surely they answer


@dataclass(frozen=True, slots=True)
class RetrievalRow:
    """One way of retrieving on one collection: measures of all questions and of each half, and how well it tells null questions."""

    collection: str
    name: str
    all: RetrievalMeasures
    swept: RetrievalMeasures
    unseen: RetrievalMeasures
    null_auc: float
    milliseconds: float


def evaluate_retrieval(folder: Path, work: Path, progress: ProgressBar) -> Iterator[RetrievalRow]:
    """The rows of both collections, each when it is measured; `work` keeps the collections and the newcomer's vectors.

    Raises:
        SetError: `folder` does not hold the set.
    """
    asked = load_questions(folder)
    encoder = Encoder()
    everything = _everything(folder, work, encoder, progress)
    yield _row("all", "newcomer's recipe", asked, _newcomer(folder, work, encoder, progress))
    for collection, library in (("all", everything), ("dated", _dated(folder, work, encoder))):
        for name, changed in {"Dateline": dict[str, Any](), **ABLATIONS}.items():
            yield _row(
                collection,
                name,
                asked,
                _product(Retriever(library=library, k=CUTOFF, scoring=Scoring(**changed))),
            )
        library.store.close()


def _everything(folder: Path, work: Path, encoder: Encoder, progress: ProgressBar) -> Library:
    """All articles, title and text alone."""
    work.mkdir(parents=True, exist_ok=True)
    file = work / "articles.jsonl"
    entries = load_articles(folder)
    file.write_text(
        "\n".join(json.dumps({name: entry[name] for name in ("title", "body")}) for entry in entries),
        encoding="utf-8",
    )
    library = Library(Store(work / "all"), encoder)
    for _ in progress(ingest(library, file), len(entries), "articles"):
        pass
    return library


def _dated(folder: Path, work: Path, encoder: Encoder) -> Library:
    """The articles whose publisher and date are known, with them: the first collection without the others, corrected."""
    shutil.rmtree(work / "dated", ignore_errors=True)
    shutil.copytree(work / "all", work / "dated")
    store = Store(work / "dated")
    origins = dict(store.rows("SELECT path, article FROM origins"))
    file = (work / "articles.jsonl").resolve()
    for number, entry in enumerate(load_articles(folder), 1):
        article = origins.get(f"{file}#{number}")
        if article and entry[METADATA_FIELDS[0]]:
            store.correct(article, "publisher", entry["source"])
            store.correct(article, "published", entry["published_at"][:10])
        elif article:
            store.remove(article)
    return Library(store, encoder)


def _product(retriever: Retriever) -> Callable[[MultiHopQuestion], RankedTexts]:
    def retrieve(question: MultiHopQuestion) -> RankedTexts:
        hits = retriever.search_text(question.text)
        return [hit.passage.text for hit in hits], retrieval_confidence(retriever.library, question.text)

    return retrieve


def retrieval_confidence(library: Library, question: str) -> float:
    """The mean of the ten best cosines of what is asked, whomever: how surely the collection holds something on all of it."""
    whole = split_question(question, library.coverage().publishers)[0]
    best = library.search_by_vector(library.encoder.encode([whole.text])[0], CUTOFF)
    return mean(cosine for _, cosine in best) if best else 0.0


def _newcomer(
    folder: Path, work: Path, encoder: Encoder, progress: ProgressBar
) -> Callable[[MultiHopQuestion], RankedTexts]:
    """Chunks of 1,000 characters, the last 200 of each repeated, encoded and searched by cosine."""
    bodies = [str(entry["body"]) for entry in load_articles(folder)]
    chunks = [
        body[start : start + _CHUNK]
        for body in bodies
        for start in range(0, max(1, len(body) - _OVERLAP), _CHUNK - _OVERLAP)
    ]
    kept = work / "newcomer.npy"
    if not kept.exists():
        batches = [chunks[n : n + 64] for n in range(0, len(chunks), 64)]
        np.save(
            kept,
            np.concatenate(
                [encoder.encode(batch) for batch in progress(batches, len(batches), "batches of chunks")]
            ),
        )
    index = ExactIndex(encoder.dimension, 1)
    index.add(list(range(len(chunks))), np.load(kept))

    def retrieve(question: MultiHopQuestion) -> RankedTexts:
        found = index.search(encoder.encode([question.text])[0], CUTOFF)
        return [chunks[number] for number, _ in found], mean(cosine for _, cosine in found)

    return retrieve


def _row(
    collection: str,
    name: str,
    asked: Sequence[MultiHopQuestion],
    retrieve: Callable[[MultiHopQuestion], RankedTexts],
) -> RetrievalRow:
    began = time.perf_counter()
    ranked = [retrieve(question) for question in asked]
    took = time.perf_counter() - began
    found = [
        (question, measure_retrieval(question.facts, texts))
        for question, (texts, _) in zip(asked, ranked, strict=True)
        if question.facts
    ]
    surest = [(bool(question.facts), sure) for question, (_, sure) in zip(asked, ranked, strict=True)]
    return RetrievalRow(
        collection,
        name,
        mean_measures([measures for _, measures in found]),
        mean_measures([measures for question, measures in found if question.swept]),
        mean_measures([measures for question, measures in found if not question.swept]),
        round(roc_auc([sure for has, sure in surest if has], [sure for has, sure in surest if not has]), 3),
        round(1000 * took / len(asked), 1),
    )


def mean_measures(found: Sequence[RetrievalMeasures]) -> RetrievalMeasures:
    """The mean of each measure."""
    return RetrievalMeasures(
        *(round(mean(getattr(item, field.name) for item in found), 3) for field in fields(RetrievalMeasures))
    )


def retrieval_table(rows: Sequence[RetrievalRow]) -> str:
    """The rows as a Markdown table."""
    head = "| articles | retrieval | Hits@10 | Hits@4 | MAP@10 | MRR@10 | the same, unseen half | null AUC | ms |"
    lines = [head, "|---" * 9 + "|"]
    for row in rows:
        shares = [
            [f"{value:.3f}" for value in asdict(measures).values()] for measures in (row.all, row.unseen)
        ]
        lines.append(
            f"| {row.collection} | {row.name} | {' | '.join(shares[0])} | {' '.join(shares[1])} | {row.null_auc:.3f} | {row.milliseconds:.0f} |"
        )
    return "\n".join(lines)


def save_retrieval(path: Path, rows: Sequence[RetrievalRow]) -> None:
    """Write the rows, with the weights that they were measured with, as JSON."""
    path.write_text(
        json.dumps({"scoring": asdict(Scoring()), "rows": [asdict(row) for row in rows]}, indent=1) + "\n",
        encoding="utf-8",
    )
