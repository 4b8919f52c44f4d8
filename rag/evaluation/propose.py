"""Drafts of gold questions for a person to review: from articles' figures and days, and from what people said of answers. Asks nothing.

A draft of an article takes a value out of a sentence and asks for it, so it says what it wants and knows its answer; a person words it as
people ask, or deletes it. Drafts carry `"draft": true`, and `check` counts them until that is gone.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from corpus.article import Article
from corpus.passages import sentence_spans
from rag.quantities.quantities import parse_quantities

_WORDS = (8, 40)  # of a sentence that can stand alone
_EACH = 3  # drafts of one article


def draft_questions(articles: Sequence[Article]) -> Iterator[dict[str, Any]]:
    """At most three drafts an article, of the sentences with the fewest figures, in the articles' order."""
    for article in articles:
        drafts = []
        for start, end in sentence_spans(article.body):
            quote = article.body[start:end]
            found = parse_quantities(quote)
            if found and _WORDS[0] <= len(quote.split()) <= _WORDS[1]:
                drafts.append((len(found), start, _draft(article, quote, found[0].text)))
        best = sorted(sorted(drafts, key=lambda draft: draft[:2])[:_EACH], key=lambda draft: draft[1])
        yield from (draft for _, _, draft in best)


def _draft(article: Article, quote: str, value: str) -> dict[str, Any]:
    asked = " ".join(quote.replace(value, "___", 1).split())
    return {
        "draft": True,
        "question": f"What stands in the gap, according to {article.dateline}: “{asked}”",
        "kind": "fact",
        "answers": [[value]],
        "evidence": [{"article": article.id, "quote": quote}],
    }
