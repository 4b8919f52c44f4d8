"""The articles that are read in and searched: real news where it lies at hand, else the sample, recombined."""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import date, timedelta

from corpus.article import Article, PartialDate
from corpus.passages import sentence_spans
from corpus.reading.files import find_files, read_articles
from rag.evaluation.gold.questions import read_gold
from rag.settings import ROOT

# News of 2023, not part of this repository: https://huggingface.co/datasets/yixuantt/MultiHopRAG
MULTIHOP = ROOT.parent / "shared/data/multihop_rag/corpus.jsonl.gz"
MULTIHOP_QUESTIONS = MULTIHOP.with_name("queries_dev_with_evidence.jsonl.gz")
_SENTENCES = 40  # in a made article, about eight passages
_FIRST_DAY, _DAYS = date(2000, 1, 1), 10_000  # an article a day, in turn


def real_bodies() -> tuple[str, list[str]]:
    """Return what the texts are, and the texts."""
    if MULTIHOP.exists():
        lines = gzip.decompress(MULTIHOP.read_bytes()).decode().splitlines()
        return "MultiHop-RAG's articles", [json.loads(line)["body"] for line in lines]
    texts = [
        raw.text
        for file in find_files([ROOT / "corpus/articles"])
        for raw in read_articles(file, file.read_bytes())
    ]
    return "the sample's articles", texts


def real_questions(count: int) -> list[str]:
    """Return questions about the texts: people's about the real news, else those of the sample."""
    if MULTIHOP_QUESTIONS.exists():
        lines = gzip.decompress(MULTIHOP_QUESTIONS.read_bytes()).decode().splitlines()
        return [json.loads(line)["query"] for line in lines[:count]]
    return sample_questions(count)


def sample_questions(count: int) -> list[str]:
    """Return questions about the sample's articles, which are shorter."""
    return [gold.question for gold in read_gold(ROOT / "corpus/gold.jsonl")][:count]


def made_articles(count: int, seed: int = 7) -> Iterator[Article]:
    """Yield articles of real sentences in random order, dated a day apart in turn."""
    sentences = [
        body[start:end] for body in real_bodies()[1] for start, end in sentence_spans(body, 0, len(body))
    ]
    draw = random.Random(seed)
    for n in range(count):
        day = _FIRST_DAY + timedelta(days=n % _DAYS)
        yield Article(
            title=draw.choice(sentences)[:80],
            body=" ".join(draw.choices(sentences, k=_SENTENCES)) + f" ({n})",
            publisher=f"Paper {n % 50}",
            published=PartialDate(day.year, day.month, day.day),
            origin=f"made/{n}.txt",
        )
