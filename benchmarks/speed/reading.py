"""How fast articles are read in, beside a bare loop of the encoder over the same passages sorted by length."""

import json
import tempfile
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from benchmarks.speed.measuring import alternate, timed, with_ratios
from benchmarks.speed.texts import made_articles, real_bodies
from corpus.store.database import Store
from embeddings.encoder import MAX_TOKENS, Encoder, _weights_file
from embeddings.ingest import ingest
from embeddings.library import Library

_BATCH_SIZE = 32  # the default of sentence-transformers


def articles_file(folder: Path, articles: int, part: int = 0) -> Path:
    """Write made articles as JSON lines; return the file."""
    file = folder / f"articles-{part}.jsonl"
    lines = [{"title": one.title, "body": one.body} for one in made_articles(articles, seed=part)]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return file


def plain_encoder() -> SentenceTransformer:
    """Return the same weights as a tutorial loads them."""
    return SentenceTransformer(str(_weights_file().parent), device="cpu")


def measure(threads: int, articles: int = 12, rounds: int = 3) -> dict[str, Any]:
    """Read in made articles, and encode their passages in two bare loops, in turn."""
    encoder, plain = Encoder(threads), plain_encoder()
    plain.max_seq_length = MAX_TOKENS
    taken: dict[str, list[dict[str, float]]] = {
        "bare encoder loop": [],
        "Dateline": [],
        "plain sentence-transformers": [],
    }
    passages = 0
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Store(Path(folder) / "data"), encoder)
        encoder.encode(["warm"])
        for n in range(rounds):
            file, before = articles_file(Path(folder), articles, n), set(library.store.passage_ids().tolist())
            encoder.clear_cache()
            reading = timed(lambda file=file: list(ingest(library, file)))
            added = sorted(set(library.store.passage_ids().tolist()) - before)
            texts = sorted((item.text for item in library.passages(added).values()), key=len)
            passages = len(texts)
            encoder.clear_cache()
            taken["bare encoder loop"].append(timed(lambda texts=texts: encoder._encode_uncached(texts)))
            taken["Dateline"].append(reading)
            taken["plain sentence-transformers"].append(
                timed(
                    lambda texts=texts: plain.encode(texts, batch_size=_BATCH_SIZE, show_progress_bar=False)
                )
            )
    rows = with_ratios(taken)
    for row in rows.values():
        row["passages_per_cpu_second"] = round(passages / row["cpu"], 1)
        row["passages_per_second"] = round(passages / row["wall"], 1)
    return {
        "texts": real_bodies()[0],
        "articles": articles,
        "passages": passages,
        "rounds": rounds,
        "threads": threads,
        "rows": rows,
    }


def measure_sentences(threads: int, rounds: int = 5) -> dict[str, Any]:
    """Encode sentences with and without their headline, as a question does."""
    encoder, plain = Encoder(threads), plain_encoder()
    texts = [sentence for one in made_articles(2) for sentence in one.body.split(". ")]

    def ours() -> None:
        encoder.clear_cache()
        encoder.encode(texts)

    def in_larger_batches() -> None:
        encoder.set_threads()
        encoder._model.encode(texts, batch_size=_BATCH_SIZE, show_progress_bar=False)

    actions = {
        "plain sentence-transformers": lambda: plain.encode(texts, show_progress_bar=False),
        "Dateline, 16 at a time": ours,
        "Dateline, 32 at a time": in_larger_batches,
    }
    ours()
    return {"sentences": len(texts), "threads": threads, "rows": alternate(actions, rounds)}
