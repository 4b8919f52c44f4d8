"""One run over gold questions: search and ask each, and measure what comes back."""

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
from rag.evaluation.gold.questions import UNANSWERABLE, EvaluationError, GoldQuestion
from rag.evaluation.measures import answers as measures
from rag.evaluation.measures import nuggets, ranking, strict
from rag.evaluation.measures.failures import classify_failure
from rag.query.followups import rewrite_followup
from rag.retrieval.search import Retriever
from rag.verification.citations import SUPPORTED

RANKING_DEPTH = 10
_SHOWN_EVIDENCE = 3  # sentences of a question that a report shows


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """One question's measures, each None where it does not apply.

    `failure` is the class of what went wrong, `broken` the rules of the strict score that the answer breaks,
    `confidence` the product's own, by which it refuses; `anyway` is the strict score had it not refused (0
    for an unanswerable question). `shown` is what a report shows of the question. The field names are the
    keys of run files.
    """

    id: str
    kind: str
    development: bool
    question: str
    publishers: tuple[str, ...]
    years: tuple[str, ...]
    status: str
    text: str
    failure: str | None
    right: float | None
    strict: float | None
    broken: tuple[str, ...]
    anyway: float | None
    confidence: float | None
    crag: float | None
    crag_lenient: float | None
    nugget_recall: float | None
    statement_precision: float | None
    written: float | None
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
    """Ask every question, `parallel` at once, and yield the results in order as soon as they are there.

    Raises:
        EvaluationError: the collection is empty.
    """
    if not assistant.library.coverage().articles:
        raise EvaluationError(
            "the collection is empty; add the articles that the questions are about: dateline add FOLDER"
        )
    by_name = {
        name: article
        for article in assistant.library.store.articles()
        for name in (article.id, Path(article.origin).stem)
    }
    with ThreadPoolExecutor(parallel) as pool:
        pending = [pool.submit(_evaluate_question, assistant, gold, by_name) for gold in questions]
        try:
            for result in pending:
                yield result.result()
        finally:  # a caller that stops reading wants no more questions asked
            pool.shutdown(wait=True, cancel_futures=True)


def _evaluate_question(
    assistant: Assistant, gold: GoldQuestion, by_name: Mapping[str, Article]
) -> QuestionResult:
    hits = assistant.search(gold.question, RANKING_DEPTH, history=gold.history)
    assistant.library.encoder.clear_cache()  # the search must not make the answer look faster
    started = time.monotonic()
    answer = assistant.ask(gold.question, gold.history)
    seconds = time.monotonic() - started
    anyway = answer
    if gold.answers and measures.refused(answer) and answer.confidence is not None:
        anyway = assistant.ask(gold.question, gold.history, may_refuse=False)
    gold_articles = [by_name[quote.article] for quote in gold.evidence if quote.article in by_name]
    found = [hit.passage.article for hit in hits]
    return measure_answer(gold, found, answer, seconds, gold_articles, anyway)


def evaluate_search(retriever: Retriever, questions: Iterable[GoldQuestion]) -> dict[str, float | int]:
    """Return the means of the ranking measures, and the median milliseconds of a search; no model is used.

    The measures are over the questions with gold quotes, the milliseconds over all.
    """
    rows, seconds = [], []
    for gold in questions:
        started = time.perf_counter()
        hits = retriever.search_text(rewrite_followup(gold.question, gold.history), RANKING_DEPTH)
        seconds.append(time.perf_counter() - started)
        if gold.evidence:
            relevant = measures.relevance(gold, [hit.passage.article for hit in hits])
            rows.append(_search_measures(relevant, measures.relevant_count(gold)))
    means = {name: round(mean(row[name] for row in rows), 3) for name in (rows[0] if rows else ())}
    milliseconds = round(1000 * median(seconds), 1) if seconds else 0
    return {
        "questions": len(seconds),
        "with gold words": len(rows),
        **means,
        "milliseconds": milliseconds,
    }


def _search_measures(relevant: Sequence[bool], total: int) -> dict[str, float]:
    return {
        "hits@3": ranking.hits_at(3, relevant),
        "recall@3": ranking.recall_at(3, relevant, total),
        "recall@10": ranking.recall_at(RANKING_DEPTH, relevant, total),
        "MRR": ranking.reciprocal_rank(relevant),
        "MAP": ranking.average_precision(relevant, total),
        "nDCG@10": ranking.ndcg_at(RANKING_DEPTH, relevant, total),
    }


def measure_answer(
    gold: GoldQuestion,
    found: Sequence[Article],
    answer: Answer,
    seconds: float,
    gold_articles: Sequence[Article] = (),
    anyway: Answer | None = None,
) -> QuestionResult:
    """Measure one answer.

    `found` are the articles of the best passages, `seconds` is what asking took, `anyway` is the answer that
    is given when nothing may be refused.
    """
    relevant = measures.relevance(gold, found)
    right, strictly = measures.right(gold, answer), strict.strict(gold, answer)
    dates = [article.published for article in gold_articles]
    publishers = [article.publisher or "unknown" for article in gold_articles]
    return QuestionResult(
        id=gold.id,
        kind=gold.kind,
        development=gold.for_development,
        question=gold.question,
        publishers=tuple(dict.fromkeys(publishers)),
        years=tuple(dict.fromkeys(str(date.year) if date else "unknown" for date in dates)),
        status=answer.status,
        text=answer.text,
        failure=classify_failure(gold, relevant[:RANKING_DEPTH], answer),
        right=right,
        strict=strictly,
        broken=strict.broken_rules(gold, answer) if gold.scored else (),
        anyway=0.0 if gold.kind == UNANSWERABLE else strict.strict(gold, anyway or answer),
        confidence=answer.confidence,
        crag=strict.crag(gold, answer, strictly),
        crag_lenient=strict.crag(gold, answer, right),
        nugget_recall=nuggets.nugget_recall(gold, answer),
        statement_precision=nuggets.statement_precision(gold, answer),
        written=strict.written(answer),
        refused=measures.refused(answer),
        **_retrieval_measures(gold, relevant, answer),
        **_text_measures(gold, answer),
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


def _retrieval_measures(
    gold: GoldQuestion, relevant: Sequence[bool], answer: Answer
) -> dict[str, float | None]:
    """Return the measures of articles found and of evidence; None for each where no gold quote is known."""
    total = measures.relevant_count(gold)
    spans = [(item.article, item.start, item.end) for item in answer.evidence]
    known = bool(gold.evidence)
    return {
        "article_3": ranking.hits_at(3, relevant) if known else None,
        "precision_3": ranking.precision_at(3, relevant) if known else None,
        "recall_3": ranking.recall_at(3, relevant, total) if known else None,
        "recall_10": ranking.recall_at(RANKING_DEPTH, relevant, total) if known else None,
        "reciprocal_rank": ranking.reciprocal_rank(relevant) if known else None,
        "average_precision": ranking.average_precision(relevant, total) if known else None,
        "ndcg_10": ranking.ndcg_at(RANKING_DEPTH, relevant, total) if known else None,
        "evidence_1": measures.evidence_at(1, gold, spans) if known else None,
        "evidence_3": measures.evidence_at(3, gold, spans) if known else None,
    }


def _text_measures(gold: GoldQuestion, answer: Answer) -> dict[str, float | None]:
    """Return the measures of an answer's words; exact match and F1 only where there is one gold answer."""
    single = len(gold.answers) == 1 and bool(answer.statements)
    short = measures.short_answer(answer)
    return {
        "values_said": measures.values_said(gold, answer),
        "exact_match": measures.exact_match(short, gold.answers[0]) if single else None,
        "f1": measures.f1(short, gold.answers[0]) if single else None,
    }


def _shown(gold: GoldQuestion, answer: Answer) -> dict[str, Any]:
    """Return what a report shows of a question, as JSON values."""
    return {
        "answers": [list(wordings) for wordings in gold.answers],
        "gold": [asdict(quote) for quote in gold.evidence],
        "citations": [
            {"number": c.number, "source": datelines(c), "headline": c.article.headline, "quote": c.quote}
            for c in answer.citations
        ],
        "written": [
            {"text": item.text, "citations": [c.number for c in item.citations]}
            for item in answer.statements
            if item.verdict == SUPPORTED
        ],
        "evidence": [
            {"source": datelines(item), "quote": item.text} for item in answer.evidence[:_SHOWN_EVIDENCE]
        ],
    }
