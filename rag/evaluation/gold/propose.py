"""Drafts of gold questions, made from the articles' quantities for a person to review.

A draft takes a value out of a sentence and asks for it, so it names its source and holds its answer; a person
words it as people ask, or deletes it. Drafts carry `"draft": true`, which `check` reports until it is
removed.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from corpus.article import Article
from corpus.passages import sentence_spans
from rag.quantities.quantities import parse_quantities

_MIN_WORDS, _MAX_WORDS = 8, 40  # of a sentence that can be understood alone
_DRAFTS_PER_ARTICLE = 3


def draft_questions(articles: Sequence[Article]) -> Iterator[dict[str, Any]]:
    """Yield the drafts of each article in order, from its sentences with the fewest quantities."""
    for article in articles:
        drafts = []
        for start, end in sentence_spans(article.body):
            quote = article.body[start:end]
            found = parse_quantities(quote)
            if found and _MIN_WORDS <= len(quote.split()) <= _MAX_WORDS:
                drafts.append((len(found), start, _draft(article, quote, found[0].text)))
        fewest = sorted(drafts, key=lambda draft: draft[:2])[:_DRAFTS_PER_ARTICLE]
        yield from (draft for _, _, draft in sorted(fewest, key=lambda draft: draft[1]))


def _draft(article: Article, quote: str, value: str) -> dict[str, Any]:
    gap = " ".join(quote.replace(value, "___", 1).split())
    return {
        "draft": True,
        "question": f"What fills the gap, according to {article.dateline}: “{gap}”",
        "kind": "fact",
        "answers": [[value]],
        "evidence": [{"article": article.id, "quote": quote}],
    }
