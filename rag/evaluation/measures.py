"""One measure a function: gold and what the system gave -> a number. Knows neither files nor the assistant."""

import re
from collections.abc import Sequence
from statistics import mean

from corpus.article import Article
from rag.answer import Answer
from rag.evaluation.gold import UNANSWERABLE, Gold

Span = tuple[Article, int, int]


def recall_at(k: int, gold: Gold, found: Sequence[Article]) -> float:
    """The share of gold articles among the first k articles found (repeats of one article count once).

    recall@k = |gold in first k| / |gold|. One of two gold articles among the first three: recall@3 = 0.5.
    """
    first = list(dict.fromkeys(found))[:k]
    wanted = {words.article: words for words in gold.evidence}
    return mean(any(words.of(article) for article in first) for words in wanted.values())


def found_at(k: int, gold: Gold, found: Sequence[Article]) -> float:
    """1 if any gold article is among the first k articles found (repeats counted once), else 0.

    Gold articles in second and fifth place: found@3 = 1.
    """
    return float(any(words.of(article) for article in list(dict.fromkeys(found))[:k] for words in gold.evidence))


def reciprocal_rank(gold: Gold, found: Sequence[Article]) -> float:
    """1 / the place of the first gold article among the articles found, repeats counted once; 0 where there is none.

    MRR is its mean. First gold article in third place: 1/3.
    """
    for place, article in enumerate(dict.fromkeys(found), 1):
        if any(words.of(article) for words in gold.evidence):
            return 1 / place
    return 0.0


def evidence_at(k: int, gold: Gold, spans: Sequence[Span]) -> float:
    """1 if one of the first k sentences holds a part of the gold words, else 0."""
    return float(any(_overlaps(gold, span) for span in spans[:k]))


def right(gold: Gold, answer: Answer) -> float:
    """1 if the answer says all that it must and nothing that it must not, else 0; an unanswerable question is right when refused.

    Wordings are compared without case and only as whole words: "300" is not in "1,300".
    """
    if gold.kind == UNANSWERABLE:
        return float(refused(answer))
    said = "\n".join(statement.text for statement in answer.statements)
    return float(
        all(any(_says(said, wording) for wording in wordings) for wordings in gold.answers)
        and not any(_says(said, wording) for wording in gold.must_not)
    )


def refused(answer: Answer) -> bool:
    """True if the answer states nothing."""
    return answer.status == "unanswerable"


def citation_precision(gold: Gold, answer: Answer) -> float | None:
    """The share of citations that share words with a gold quote; None where nothing is cited or no gold words are known.

    Two citations, one of them in the gold sentence: 0.5.
    """
    if not answer.citations or not gold.evidence:
        return None
    return mean(_overlaps(gold, (item.article, item.start, item.end)) for item in answer.citations)


def citation_recall(gold: Gold, answer: Answer) -> float | None:
    """The share of gold quotes that a citation shares words with; None where no gold words are known.

    Three gold quotes, two of them cited: 2/3.
    """
    if not gold.evidence:
        return None
    cited = [(item.article, item.start, item.end) for item in answer.citations]
    return mean(any(_overlap(words.place_in(article), start, end) for article, start, end in cited) for words in gold.evidence)


def unsupported(answer: Answer) -> int:
    """How many statements cite nothing, or words that do not stand in their article at the offsets given."""
    return sum(not statement.citations or not all(citation.verified for citation in statement.citations) for statement in answer.statements)


def precision_recall(relevant: Sequence[bool], chosen: Sequence[bool]) -> tuple[float, float]:
    """Precision and recall of a choice; 0 where nothing was chosen, or nothing was relevant.

    >>> precision_recall([True, True, False], [True, False, False])
    (1.0, 0.5)
    """
    both = sum(a and b for a, b in zip(relevant, chosen, strict=True))
    return both / sum(chosen) if any(chosen) else 0.0, both / sum(relevant) if any(relevant) else 0.0


def _overlaps(gold: Gold, span: Span) -> bool:
    article, start, end = span
    return any(_overlap(words.place_in(article), start, end) for words in gold.evidence)


def _overlap(place: tuple[int, int] | None, start: int, end: int) -> bool:
    return place is not None and place[0] < end and start < place[1]


def _says(text: str, wording: str) -> bool:
    return bool(re.search(rf"(?<![\w.,]){re.escape(_plain(wording))}(?![\w]|[.,]\d)", _plain(text)))


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").replace("-", " ").split())
