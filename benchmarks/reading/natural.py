"""Read real articles as they were published, and count what cleaning leaves out of them.

The bodies of MultiHop-RAG were extracted from pages of 49 publishers and still hold captions, lists and prompts;
nothing is filtered. `benchmarks.reading.facts` filters sentences that resemble boilerplate, so its layouts
cannot tell what cleaning loses.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from benchmarks.public_sets import DATA
from corpus.characters import normalise_text
from corpus.cleaning.clean import NoText, clean
from corpus.reading.raw import RawArticle, TextKind
from corpus.words import words
from rag.evaluation.retrieval.multihop import load_articles, load_questions

FOLDER = DATA / "multihop_rag"
_SPACES = re.compile(r"\s+")
Row = dict[str, float | int]


def natural_rows() -> dict[str, Row]:
    """Return a row for bodies in a field of their own, and one for the same under their headline as a page."""
    articles = load_articles(FOLDER)
    facts = [_squeezed(fact) for question in load_questions(FOLDER) for fact in question.facts]
    return {
        "body in a field": _row(articles, facts, "body"),
        "headline and body as text": _row(articles, facts, "page"),
    }


def _row(articles: Iterable[dict[str, Any]], facts: Iterable[str], kind: TextKind) -> Row:
    row: Row = dict.fromkeys(("articles", "refused", "words", "words lost", "facts", "facts lost"), 0)
    titles: list[bool] = []
    bodies: list[str] = []
    for entry in articles:
        title, body = " ".join(normalise_text(entry["title"]).split()), entry["body"]
        text, stated = (body, {"title": title}) if kind == "body" else (f"{title}\n\n{body}", {})
        row["articles"] += 1
        counts = Counter(words(normalise_text(body)))
        row["words"] += counts.total()
        try:
            found = clean(RawArticle(text, str(entry["id"]), stated, kind=kind))
        except NoText:
            row["refused"] += 1
            row["words lost"] += counts.total()
            continue
        row["words lost"] += (counts - Counter(words(found.body))).total()
        titles += [found.title == title] if found.title else []
        bodies.append(_squeezed(found.body))
    kept = "\n".join(bodies)
    for fact in facts:
        row["facts"] += 1
        row["facts lost"] += fact not in kept
    row["share of words lost"] = round(row["words lost"] / row["words"], 5)
    row["headline precision"] = round(sum(titles) / max(1, len(titles)), 4)
    row["headline recall"] = round(sum(titles) / row["articles"], 4)
    return row


def _squeezed(text: str) -> str:
    """Return a text without white space, as MultiHop-RAG compares facts."""
    return _SPACES.sub("", normalise_text(text))


def natural_table(rows: dict[str, Row]) -> str:
    """Return the rows as a Markdown table."""
    names = list(next(iter(rows.values())))
    lines = ["| read as | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for name, row in rows.items():
        cells = [f"{value:.2%}" if isinstance(value, float) else f"{value:,}" for value in row.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
