"""One run over gold questions: each is searched and asked, and what comes back is measured. Knows the assistant's two verbs."""

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from corpus.article import Article
from rag.answers.answer import Answer, datelines
from rag.assistant import Assistant
from rag.evaluation import measures, ranking
from rag.evaluation.failures import classify_failure
from rag.evaluation.gold import EvaluationError, GoldQuestion
from rag.query.followups import rewrite_followup
from rag.retrieval.search import Retriever
from rag.verification.citations import SUPPORTED

RANKING_DEPTH = 10
_SHOWN = 3  # pieces of evidence that a report shows of a question


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """One question's measures; None where a measure says nothing about it. `shown` holds what a report shows, `classify_failure` what went wrong."""

    id: str
    kind: str
    development: bool
    question: str
    publishers: tuple[str, ...]
    years: tuple[str, ...]
    status: str
    text: str
    failure: str | None
    right: float
    refused: bool
    article_3: float | None
    precision_3: float | None
    recall_3: float | None
    recall_10: float | None
    reciprocal_rank: float | None
    average_precision: float | None
    ndcg_10: float | None
    evidence_1: float | None
    evidence_3: float | None
    values_said: float | None
    exact_match: float | None
    f1: float | None
    figures_right: float | None
    as_of_right: float | None
    outdated: float | None
    citation_precision: float | None
    citation_recall: float | None
    unsupported: int
    seconds: float
    seconds_to_evidence: float
    seconds_to_word: float | None
    tokens_read: int | None
    tokens_written: int | None
    warnings: tuple[str, ...]
    shown: Mapping[str, Any]


def evaluate(
    assistant: Assistant, questions: Iterable[GoldQuestion], parallel: int = 1
) -> Generator[QuestionResult, None, None]:
    """Ask every question and give the results in order, each as soon as it and those before it are there; `parallel` are asked at once.

    Raises:
        GoldError: there is nothing to ask about.
    """
    if not assistant.library.coverage().articles:
        raise EvaluationError(
            "the collection is empty; add the articles that the questions are about: dateline add FOLDER"
        )
    articles = assistant.library.store.articles()
    named = {name: article for article in articles for name in (article.id, Path(article.origin).stem)}
    with ThreadPoolExecutor(parallel) as pool:
        waiting = [pool.submit(_one, assistant, gold, named) for gold in questions]
        try:
            for result in waiting:
                yield result.result()
        finally:  # whoever stops listening wants no more questions asked
            pool.shutdown(wait=True, cancel_futures=True)


def _one(assistant: Assistant, gold: GoldQuestion, named: Mapping[str, Article]) -> QuestionResult:
    found = [
        hit.passage.article for hit in assistant.search(gold.question, RANKING_DEPTH, history=gold.history)
    ]
    assistant.library.encoder.clear_cache()  # what the search has encoded is not to make the answer look faster
    began = time.monotonic()
    answer = assistant.ask(gold.question, gold.history)
    return measure_answer(
        gold,
        found,
        answer,
        time.monotonic() - began,
        [named[q.article] for q in gold.evidence if q.article in named],
    )


def evaluate_search(retriever: Retriever, questions: Iterable[GoldQuestion]) -> dict[str, float | int]:
    """The search alone, without a model: the means over the questions whose gold words are known, and the milliseconds that one took (median)."""
    rows, took = [], []
    for gold in questions:
        began = time.perf_counter()
        hits = retriever.search_text(rewrite_followup(gold.question, gold.history), RANKING_DEPTH)
        took.append(time.perf_counter() - began)
        if gold.evidence:
            places, wanted = (
                measures.relevance(gold, [hit.passage.article for hit in hits]),
                measures.relevant_count(gold),
            )
            rows.append(
                {
                    "hits@3": ranking.hits_at(3, places),
                    "recall@3": ranking.recall_at(3, places, wanted),
                    "recall@10": ranking.recall_at(RANKING_DEPTH, places, wanted),
                    "MRR": ranking.reciprocal_rank(places),
                    "MAP": ranking.average_precision(places, wanted),
                    "nDCG@10": ranking.ndcg_at(RANKING_DEPTH, places, wanted),
                }
            )
    means = {name: round(mean(row[name] for row in rows), 3) for name in (rows[0] if rows else ())}
    return {
        "questions": len(took),
        "with gold words": len(rows),
        **means,
        "milliseconds": round(1000 * median(took), 1) if took else 0,
    }


def measure_answer(
    gold: GoldQuestion,
    found: Sequence[Article],
    answer: Answer,
    seconds: float,
    about: Iterable[Article] = (),
) -> QuestionResult:
    """The measures of one answer: `found` are the articles of the best passages, `about` those with the gold words, `seconds` what asking took."""
    spans = [(item.article, item.start, item.end) for item in answer.evidence]
    places, wanted = measures.relevance(gold, found), measures.relevant_count(gold)
    known = bool(gold.evidence)
    one = len(gold.answers) == 1 and bool(answer.statements)
    return QuestionResult(
        id=gold.id,
        kind=gold.kind,
        development=gold.for_development,
        question=gold.question,
        publishers=tuple(dict.fromkeys(article.publisher or "unknown" for article in about)),
        years=tuple(
            dict.fromkeys(
                str(article.published.year) if article.published else "unknown" for article in about
            )
        ),
        status=answer.status,
        text=answer.text,
        failure=classify_failure(gold, places[:RANKING_DEPTH], answer),
        right=measures.right(gold, answer),
        refused=measures.refused(answer),
        article_3=ranking.hits_at(3, places) if known else None,
        precision_3=ranking.precision_at(3, places) if known else None,
        recall_3=ranking.recall_at(3, places, wanted) if known else None,
        recall_10=ranking.recall_at(RANKING_DEPTH, places, wanted) if known else None,
        reciprocal_rank=ranking.reciprocal_rank(places) if known else None,
        average_precision=ranking.average_precision(places, wanted) if known else None,
        ndcg_10=ranking.ndcg_at(RANKING_DEPTH, places, wanted) if known else None,
        evidence_1=measures.evidence_at(1, gold, spans) if known else None,
        evidence_3=measures.evidence_at(3, gold, spans) if known else None,
        values_said=measures.values_said(gold, answer),
        exact_match=measures.exact_match(measures.short_answer(answer), gold.answers[0]) if one else None,
        f1=measures.f1(measures.short_answer(answer), gold.answers[0]) if one else None,
        figures_right=measures.figures_right(gold, answer),
        as_of_right=measures.as_of_right(gold, answer),
        outdated=measures.outdated(gold, answer),
        citation_precision=measures.citation_precision(gold, answer),
        citation_recall=measures.citation_recall(gold, answer),
        unsupported=measures.unsupported(answer),
        seconds=round(seconds, 3),
        seconds_to_evidence=answer.timings.evidence or 0.0,
        seconds_to_word=answer.timings.first_word,
        tokens_read=answer.timings.tokens_read,
        tokens_written=answer.timings.tokens_written,
        warnings=answer.warnings,
        shown=_shown(gold, answer),
    )


def _shown(gold: GoldQuestion, answer: Answer) -> dict[str, Any]:
    return {
        "answers": [list(wordings) for wordings in gold.answers],
        "gold": [asdict(words) for words in gold.evidence],
        "citations": [
            {"number": c.number, "source": datelines(c), "headline": c.article.headline, "quote": c.quote}
            for c in answer.citations
        ],
        "written": [
            {"text": item.text, "citations": [c.number for c in item.citations]}
            for item in answer.statements
            if item.verdict == SUPPORTED
        ],
        "evidence": [{"source": datelines(item), "quote": item.text} for item in answer.evidence[:_SHOWN]],
    }
