"""Measures of one answer against its gold question, one function each."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from statistics import mean

from corpus.article import Article, PartialDate
from rag.answers.answer import Answer
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion
from rag.evaluation.gold.wording import contains_wording, is_yes_or_no
from rag.verification.citations import QUOTED, Statement

ArticleSpan = tuple[Article, int, int]  # start and end in the article's body
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def relevance(gold: GoldQuestion, found: Sequence[Article]) -> list[bool]:
    """Return, for each distinct article found, True if it is a gold article: the input of `ranking`."""
    return [any(quote.belongs_to(article) for quote in gold.evidence) for article in dict.fromkeys(found)]


def relevant_count(gold: GoldQuestion) -> int:
    """Return how many articles hold the gold words."""
    return len({quote.article for quote in gold.evidence})


def evidence_at(k: int, gold: GoldQuestion, spans: Sequence[ArticleSpan]) -> float:
    """Return 1 if one of the first k sentences overlaps a gold quote, else 0.

    A gold quote in the second sentence only: 0 at k = 1, 1 at k = 2.
    """
    return float(any(_overlaps_gold(gold, span) for span in spans[:k]))


def right(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return the lenient score: 1 if all that must be said is shown, and nothing that must not, else 0.

    An unanswerable question is right when it is refused. Wordings are compared without case and as whole
    words: "300" is not in "1,300". A mere "yes" or "no" counts only where the first statement begins with it
    and is no quotation: articles are full of the word "no". A question without gold has no score (None).
    """
    if not gold.scored:
        return None
    if gold.kind == UNANSWERABLE:
        return float(refused(answer))
    text = shown_text(answer)
    return float(
        all(_answers_said(gold, answer)) and not any(contains_wording(text, wrong) for wrong in gold.must_not)
    )


def values_said(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return the share of the gold answers that are said, where there are several; else None.

    Gold "500", "4,000" and "fewer than 20", said "500 in 2020, 4,000 in 2021": 2/3, while `right` is 0.
    """
    return mean(_answers_said(gold, answer)) if len(gold.answers) > 1 else None


def short_answer(answer: Answer) -> str:
    """Return what an answer says first and shortest: its highlighted value, or else its first statement."""
    if not answer.statements:
        return ""
    first = answer.statements[0]
    return (first.as_of and first.as_of.figure) or first.text


def exact_match(text: str, wordings: Sequence[str]) -> float:
    """Return 1 if a text equals a wording without case, punctuation and English articles (SQuAD), else 0.

    >>> exact_match("The Ferry.", ["ferry"])
    1.0
    """
    return float(any(_normalise_squad(text) == _normalise_squad(wording) for wording in wordings))


def f1(text: str, wordings: Sequence[str]) -> float:
    """Return the best F1 of a text's words against one wording: 2 * shared / (words of both) (SQuAD).

    "about 34 million" has two of its three words in common with "34 million": 2 * 2 / (3 + 2).

    >>> f1("about 34 million", ["34 million"])
    0.8
    """
    return max(_f1(_normalise_squad(text).split(), _normalise_squad(wording).split()) for wording in wordings)


def figures_right(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return 1 if all numbers of one wording of each gold answer are said, else 0; None without numbers.

    Gold "34 million" or "thirty-four million", said "It costs 34.5 million": 0.
    """
    expected = [
        [set(_NUMBER.findall(wording)) for wording in wordings if _NUMBER.search(wording)]
        for wordings in gold.answers
    ]
    expected = [wordings for wordings in expected if wordings]
    said = {number for statement in answer.statements for number in _NUMBER.findall(statement.text)}
    if not expected:
        return None
    return float(all(any(numbers <= said for numbers in wordings) for wordings in expected))


def outdated(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return 1 if the answer to a question for the latest value says an older one; None for other questions.

    Must not say "6.5 billion", says "6.5 billion in 2010": 1.
    """
    if gold.kind != "latest" or not gold.must_not:
        return None
    return float(any(contains_wording(shown_text(answer), wording) for wording in gold.must_not))


def as_of_right(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return the share of right days among the gold answers that have a day and are said; else None.

    The day of a gold answer is that of the first statement whose value, or else whose text, says it: the day
    of which the statement speaks, or else its source's. It is right where one of the gold days contains it or
    is contained in it: a coarser day ("February 2021") is no mistake, it says less.

    Gold "2020-02", said 12 February 2020: right. Gold "2021-02-03", said February 2021 or 2021: right; 4
    February or March 2021: wrong. Gold "500" of 2020-02 and "4,000" of 2021-02, said "500, as of 12 February
    2020" and "4,000, as of 12 February 2020": 0.5. What is not said at all is for `right` to count.
    """
    dated = [
        (days, statement)
        for wordings, days in zip(gold.answers, gold.as_of, strict=False)
        if days and (statement := next((item for item in answer.statements if _states(item, wordings)), None))
    ]
    if not dated:
        return None
    return mean(float(any(_compatible(day, _day_of(statement)) for day in days)) for days, statement in dated)


def refused(answer: Answer) -> bool:
    """Return True if the answer states nothing."""
    return answer.status == "unanswerable"


def citation_precision(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return the share of citations that overlap a gold quote; None without citations or without gold quotes.

    Two citations, one of them in the gold sentence: 0.5.
    """
    if not answer.citations or not gold.evidence:
        return None
    return mean(_overlaps_gold(gold, (item.article, item.start, item.end)) for item in answer.citations)


def citation_recall(gold: GoldQuestion, answer: Answer) -> float | None:
    """Return the share of gold quotes that a citation overlaps; None without gold quotes.

    Three gold quotes, two of them cited: 2/3.
    """
    if not gold.evidence:
        return None
    cited = [(item.article, item.start, item.end) for item in answer.citations]
    return mean(
        any(_overlap(quote.span_in(article), start, end) for article, start, end in cited)
        for quote in gold.evidence
    )


def unsupported(answer: Answer) -> int:
    """Return how many statements cite nothing, or words that are not in the article at their offsets."""
    return sum(
        not statement.citations or not all(citation.verified for citation in statement.citations)
        for statement in answer.statements
    )


def precision_recall(relevant: Sequence[bool], chosen: Sequence[bool]) -> tuple[float, float]:
    """Return chosen and relevant / chosen, and chosen and relevant / relevant; 0 where the divisor is 0.

    >>> precision_recall([True, True, False], [True, False, False])
    (1.0, 0.5)
    """
    both = sum(a and b for a, b in zip(relevant, chosen, strict=True))
    return both / sum(chosen) if any(chosen) else 0.0, both / sum(relevant) if any(relevant) else 0.0


def shown_text(answer: Answer) -> str:
    """Return the texts of all statements."""
    return "\n".join(statement.text for statement in answer.statements)


def _answers_said(gold: GoldQuestion, answer: Answer) -> list[float]:
    """Return 1 for each gold answer that is said, else 0."""
    text = shown_text(answer)
    return [
        float(
            _decides(answer, wordings)
            if is_yes_or_no(wordings)
            else any(contains_wording(text, wording) for wording in wordings)
        )
        for wordings in gold.answers
    ]


def _decides(answer: Answer, wordings: Sequence[str]) -> bool:
    """Return True if the first statement is no quotation and begins with the expected "yes" or "no"."""
    first = [statement.text for statement in answer.statements[:1] if statement.verdict != QUOTED]
    return bool(first) and begins_with(first[0], wordings[0])


def begins_with(text: str, word: str) -> bool:
    """Return True if a word opens a text, without case and punctuation.

    >>> begins_with("No, there is none.", "no"), begins_with("Nobody came.", "no")
    (True, False)
    """
    return _normalise_squad(text).split()[:1] == [_normalise_squad(word)]


def _f1(words: Sequence[str], expected: Sequence[str]) -> float:
    if not words or not expected:
        return float(words == expected)
    shared = (Counter(words) & Counter(expected)).total()
    return 2 * shared / (len(words) + len(expected))


def _normalise_squad(text: str) -> str:
    """Return a text as SQuAD compares it: lower case, without punctuation and English articles."""
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def _states(statement: Statement, wordings: Sequence[str]) -> bool:
    """Return True if a statement's value is one of the wordings, or its text where it has no value."""
    value = statement.as_of.figure if statement.as_of else ""
    if not value:
        return any(contains_wording(statement.text, wording) for wording in wordings)
    numbers = set(_NUMBER.findall(value))
    return any(
        contains_wording(value, wording)
        or contains_wording(wording, value)
        or numbers & set(_NUMBER.findall(wording))
        for wording in wordings
    )


def _day_of(statement: Statement) -> PartialDate | None:
    """Return the day of which a statement speaks, or else the day on which its source was published."""
    if statement.as_of:
        return statement.as_of.day or statement.as_of.published
    return next((citation.article.published for citation in statement.citations), None)


def _compatible(one: PartialDate, other: PartialDate | None) -> bool:
    """Return True if one of two days contains the other."""
    return other is not None and (
        (one.first <= other.first and other.last <= one.last)
        or (other.first <= one.first and one.last <= other.last)
    )


def _overlaps_gold(gold: GoldQuestion, span: ArticleSpan) -> bool:
    article, start, end = span
    return any(_overlap(quote.span_in(article), start, end) for quote in gold.evidence)


def _overlap(span: tuple[int, int] | None, start: int, end: int) -> bool:
    return span is not None and span[0] < end and start < span[1]
