"""Measure the search on MultiHop-RAG, with each part switched off in turn, beside a newcomer's recipe.

The collections are built by the product's own reading and adding, in a folder that is kept for the next run.
In the set, publisher and date are stated only for articles that answer some question, so one collection holds
all articles without them, and a second one holds the articles that have them.
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
from rag.evaluation.measures.ranking import roc_auc
from rag.evaluation.retrieval.multihop import (
    CUTOFF,
    METADATA_FIELDS,
    MultiHopQuestion,
    RetrievalMeasures,
    load_articles,
    load_questions,
    measure_retrieval,
)
from rag.evaluation.runs.summary import confidence_interval
from rag.query.parts import split_question
from rag.retrieval.search import Retriever, Scoring

CHUNK_CHARS, OVERLAP_CHARS = 1000, 200  # what most tutorials take
# Each part of the product's scoring, with the `Scoring` fields that switch it off.
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
RankedTexts = tuple[list[str], float]  # the passages' texts, best first, and the confidence in them
Search = Callable[[MultiHopQuestion], RankedTexts]


@dataclass(frozen=True, slots=True)
class RetrievalRow:
    """One search on one collection: measures of all questions and of each half.

    `null_auc` is the area under ROC with which its confidence tells questions with facts from null questions.
    """

    collection: str
    name: str
    all: RetrievalMeasures
    swept: RetrievalMeasures
    unseen: RetrievalMeasures
    null_auc: float
    milliseconds: float
    # half -> measure -> its 95 % interval, by a seeded bootstrap over the questions
    intervals: dict[str, dict[str, tuple[float, float]]]
    questions: dict[str, int]  # with facts, of all and of each half; and without ("null")


def evaluate_retrieval(folder: Path, work: Path, progress: ProgressBar) -> Iterator[RetrievalRow]:
    """Yield the rows of both collections; `work` keeps the collections and the recipe's vectors.

    Raises:
        DatasetError: `folder` does not hold the set.
    """
    questions = load_questions(folder)
    encoder = Encoder()
    complete = _complete_library(folder, work, encoder, progress)
    newcomer = _newcomer_search(folder, work, encoder, progress)
    yield _measure_row("all", "newcomer's recipe", questions, newcomer)
    for collection, library in (("all", complete), ("dated", _dated_library(folder, work, encoder))):
        for name, changed in {"Dateline": dict[str, Any](), **ABLATIONS}.items():
            retriever = Retriever(library=library, k=CUTOFF, scoring=Scoring(**changed))
            yield _measure_row(collection, name, questions, _product_search(retriever))
        library.store.close()


def _complete_library(folder: Path, work: Path, encoder: Encoder, progress: ProgressBar) -> Library:
    """Return a library of all articles with title and text alone."""
    work.mkdir(parents=True, exist_ok=True)
    file = work / "articles.jsonl"
    entries = load_articles(folder)
    lines = [json.dumps({name: entry[name] for name in ("title", "body")}) for entry in entries]
    file.write_text("\n".join(lines), encoding="utf-8")
    library = Library(Store(work / "all"), encoder)
    for _ in progress(ingest(library, file), len(entries), "articles"):
        pass
    return library


def _dated_library(folder: Path, work: Path, encoder: Encoder) -> Library:
    """Return a library of the articles with a known publisher and date, which it states."""
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


def _product_search(retriever: Retriever) -> Search:
    def search(question: MultiHopQuestion) -> RankedTexts:
        hits = retriever.search_text(question.text)
        return [hit.passage.text for hit in hits], retrieval_confidence(retriever.library, question.text)

    return search


def retrieval_confidence(library: Library, question: str) -> float:
    """Return the mean of the ten best cosines of a question, without the publishers that it names."""
    whole = split_question(question, library.coverage().publishers)[0]
    best = library.search_by_vector(library.encoder.encode_queries([whole.text])[0], CUTOFF)
    return mean(cosine for _, cosine in best) if best else 0.0


def _newcomer_search(folder: Path, work: Path, encoder: Encoder, progress: ProgressBar) -> Search:
    """Return a search by cosine over chunks of 1,000 characters that overlap by 200."""
    bodies = [str(entry["body"]) for entry in load_articles(folder)]
    chunks = [
        body[start : start + CHUNK_CHARS]
        for body in bodies
        for start in range(0, max(1, len(body) - OVERLAP_CHARS), CHUNK_CHARS - OVERLAP_CHARS)
    ]
    vectors = work / "newcomer.npy"
    if not vectors.exists():
        batches = [chunks[n : n + 64] for n in range(0, len(chunks), 64)]
        encoded = [encoder.encode(batch) for batch in progress(batches, len(batches), "batches of chunks")]
        np.save(vectors, np.concatenate(encoded))
    index = ExactIndex(encoder.dimension, 1)
    index.add(list(range(len(chunks))), np.load(vectors))

    def search(question: MultiHopQuestion) -> RankedTexts:
        found = index.search(encoder.encode([question.text])[0], CUTOFF)
        return [chunks[number] for number, _ in found], mean(cosine for _, cosine in found)

    return search


def _measure_row(
    collection: str, name: str, questions: Sequence[MultiHopQuestion], search: Search
) -> RetrievalRow:
    started = time.perf_counter()
    ranked = [search(question) for question in questions]
    seconds = time.perf_counter() - started
    pairs = list(zip(questions, ranked, strict=True))
    measured = [
        (question, measure_retrieval(question.facts, texts))
        for question, (texts, _) in pairs
        if question.facts
    ]
    halves = {
        "all": [measures for _, measures in measured],
        "swept": [measures for question, measures in measured if question.swept],
        "unseen": [measures for question, measures in measured if not question.swept],
    }
    with_facts = [confidence for question, (_, confidence) in pairs if question.facts]
    null = [confidence for question, (_, confidence) in pairs if not question.facts]
    return RetrievalRow(
        collection,
        name,
        **{half: mean_measures(rows) for half, rows in halves.items()},
        null_auc=round(roc_auc(with_facts, null), 3),
        milliseconds=round(1000 * seconds / len(questions), 1),
        intervals={half: _intervals(rows) for half, rows in halves.items()},
        questions={**{half: len(rows) for half, rows in halves.items()}, "null": len(null)},
    )


def _intervals(rows: Sequence[RetrievalMeasures]) -> dict[str, tuple[float, float]]:
    return {
        field.name: confidence_interval([getattr(row, field.name) for row in rows])
        for field in fields(RetrievalMeasures)
    }


def mean_measures(rows: Sequence[RetrievalMeasures]) -> RetrievalMeasures:
    """Return the mean of each measure, rounded to three places."""
    return RetrievalMeasures(
        *(round(mean(getattr(row, field.name) for row in rows), 3) for field in fields(RetrievalMeasures))
    )


def retrieval_table(rows: Sequence[RetrievalRow]) -> str:
    """Return the rows as a Markdown table."""
    measures_head = "Hits@10 | Hits@4 | MAP@10 | MRR@10 | the same, unseen half | null AUC | ms"
    lines = [f"| articles | retrieval | {measures_head} |", "|---" * 9 + "|"]
    for row in rows:
        all_, unseen = (
            [f"{value:.3f}" for value in asdict(measures).values()] for measures in (row.all, row.unseen)
        )
        cells = [
            row.collection,
            row.name,
            *all_,
            " ".join(unseen),
            f"{row.null_auc:.3f}",
            f"{row.milliseconds:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def save_retrieval(path: Path, rows: Sequence[RetrievalRow]) -> None:
    """Write the rows as JSON, with the weights that they were measured with."""
    content = {
        "scoring": asdict(Scoring()),
        "questions": rows[0].questions if rows else {},
        "rows": [asdict(row) for row in rows],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
