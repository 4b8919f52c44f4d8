"""One measure a function: gold and what the system gave -> a number. Knows neither files nor the assistant."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from statistics import mean

from corpus.article import Article, PartialDate
from rag.answers.answer import Answer
from rag.evaluation.gold import UNANSWERABLE, GoldQuestion, is_yes_or_no
from rag.verification.citations import QUOTED, Statement

ArticleSpan = tuple[Article, int, int]
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def relevance(gold: GoldQuestion, found: Sequence[Article]) -> list[bool]:
    """Which of the articles found, each counted once, are gold articles; for the measures of `ranking`."""
    return [any(words.of(article) for words in gold.evidence) for article in dict.fromkeys(found)]


def relevant_count(gold: GoldQuestion) -> int:
    """How many articles hold the gold words."""
    return len({words.article for words in gold.evidence})


def evidence_at(k: int, gold: GoldQuestion, spans: Sequence[ArticleSpan]) -> float:
    """1 if one of the first k sentences holds a part of the gold words, else 0."""
    return float(any(_overlaps(gold, span) for span in spans[:k]))


def right(gold: GoldQuestion, answer: Answer) -> float:
    """1 if the answer says all that it must and nothing that it must not, else 0; an unanswerable question is right when refused.

    Wordings are compared without case and only as whole words: "300" is not in "1,300". A mere "yes" or "no" counts only where the first
    statement begins with it and is no quotation: articles are full of the word "no".
    """
    if gold.kind == UNANSWERABLE:
        return float(refused(answer))
    return float(
        all(_said(gold, answer))
        and not any(contains_wording(_whole(answer), wording) for wording in gold.must_not)
    )


def values_said(gold: GoldQuestion, answer: Answer) -> float | None:
    """The share of the gold answers that are said, where there are several: the values of a change, the sides of a disagreement; else None.

    Gold "500", "4,000" and "fewer than 20", said "500 in 2020, 4,000 in 2021": 2/3, while `right` is 0.
    """
    return mean(_said(gold, answer)) if len(gold.answers) > 1 else None


def _said(gold: GoldQuestion, answer: Answer) -> list[float]:
    """Of each gold answer, 1 if it is said."""
    whole = _whole(answer)
    return [
        float(
            _decides(answer, wordings)
            if is_yes_or_no(wordings)
            else any(contains_wording(whole, wording) for wording in wordings)
        )
        for wordings in gold.answers
    ]


def _whole(answer: Answer) -> str:
    return "\n".join(statement.text for statement in answer.statements)


def _decides(answer: Answer, wordings: Sequence[str]) -> bool:
    """True if an answer begins with the word that a yes-or-no question wants."""
    said = [statement.text for statement in answer.statements[:1] if statement.verdict != QUOTED]
    return bool(said) and _normal(said[0]).split()[:1] == [_normal(wordings[0])]


def short_answer(answer: Answer) -> str:
    """What an answer says first and shortest: the figure that it tells in bold, or its first statement."""
    if not answer.statements:
        return ""
    first = answer.statements[0]
    return (first.as_of and first.as_of.figure) or first.text


def exact_match(said: str, wordings: Sequence[str]) -> float:
    """1 if a text is one of the wordings, without case, punctuation and articles (SQuAD's definition); else 0.

    >>> exact_match("The Ferry.", ["ferry"])
    1.0
    """
    return float(any(_normal(said) == _normal(wording) for wording in wordings))


def f1(said: str, wordings: Sequence[str]) -> float:
    """The best harmonic mean of precision and recall of a text's words against one wording (SQuAD's definition).

    Two of three words said are wanted, and two of two wanted are said: 2 * 2/3 * 1 / (2/3 + 1).

    >>> f1("about 34 million", ["34 million"])
    0.8
    """
    return max(_overlap_f1(_normal(said).split(), _normal(wording).split()) for wording in wordings)


def _overlap_f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    both = (Counter(said) & Counter(wanted)).total()
    return 2 * both / (len(said) + len(wanted))


def _normal(text: str) -> str:
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def figures_right(gold: GoldQuestion, answer: Answer) -> float | None:
    """1 if every figure of one wording of each gold answer is said; None where the gold answers hold none.

    Gold "34 million" or "thirty-four million", said "It costs 34.5 million": 0.
    """
    wanted = [
        [set(_FIGURE.findall(wording)) for wording in wordings if _FIGURE.search(wording)]
        for wordings in gold.answers
    ]
    wanted = [figures for figures in wanted if figures]
    said = {figure for statement in answer.statements for figure in _FIGURE.findall(statement.text)}
    return float(all(any(figures <= said for figures in wordings) for wordings in wanted)) if wanted else None


def outdated(gold: GoldQuestion, answer: Answer) -> float | None:
    """1 if the answer to a question for the latest value says a value that it must not; None for other questions.

    Must not say "6.5 billion", says "6.5 billion in 2010": 1.
    """
    if gold.kind != "latest" or not gold.must_not:
        return None
    return float(any(contains_wording(_whole(answer), wording) for wording in gold.must_not))


def as_of_right(gold: GoldQuestion, answer: Answer) -> float | None:
    """The share of right days among the gold answers with a day that are said; None where gold names no day, or none of them is said.

    A gold answer's day is that of the first statement that tells it, by its figure or else by its text: the day that the statement
    speaks of, else its source's. It is right where one of the gold days lies within it or it within one of them: of two days that are
    known with different precision the coarser one is no mistake, it says less.

    Gold "2020-02", said 12 February 2020: right. Gold "2021-02-03", said February 2021 or 2021: right; 4 February or March 2021: wrong.
    Gold "500" of 2020-02 and "4,000" of 2021-02, said "500, as of 12 February 2020" and "4,000, as of 12 February 2020": 0.5.
    What is not said at all is for `right` to count.
    """
    told = [
        (days, statement)
        for wordings, days in zip(gold.answers, gold.as_of, strict=False)
        if days and (statement := next((item for item in answer.statements if _tells(item, wordings)), None))
    ]
    return (
        mean(float(any(_agree(day, _day(statement)) for day in days)) for days, statement in told)
        if told
        else None
    )


def _tells(statement: Statement, wordings: Sequence[str]) -> bool:
    """True if a statement's figure is the value, or its text says it where it tells no figure."""
    figure = statement.as_of.figure if statement.as_of else ""
    if not figure:
        return any(contains_wording(statement.text, wording) for wording in wordings)
    digits = set(_FIGURE.findall(figure))
    return any(
        contains_wording(figure, wording)
        or contains_wording(wording, figure)
        or digits & set(_FIGURE.findall(wording))
        for wording in wordings
    )


def _day(statement: Statement) -> PartialDate | None:
    if statement.as_of:
        return statement.as_of.day or statement.as_of.published
    return next((citation.article.published for citation in statement.citations), None)


def _agree(one: PartialDate, other: PartialDate | None) -> bool:
    """True if one of two days lies within the other."""
    return other is not None and (
        (one.first <= other.first and other.last <= one.last)
        or (other.first <= one.first and one.last <= other.last)
    )


def refused(answer: Answer) -> bool:
    """True if the answer states nothing."""
    return answer.status == "unanswerable"


def citation_precision(gold: GoldQuestion, answer: Answer) -> float | None:
    """The share of citations that share words with a gold quote; None where nothing is cited or no gold words are known.

    Two citations, one of them in the gold sentence: 0.5.
    """
    if not answer.citations or not gold.evidence:
        return None
    return mean(_overlaps(gold, (item.article, item.start, item.end)) for item in answer.citations)


def citation_recall(gold: GoldQuestion, answer: Answer) -> float | None:
    """The share of gold quotes that a citation shares words with; None where no gold words are known.

    Three gold quotes, two of them cited: 2/3.
    """
    if not gold.evidence:
        return None
    cited = [(item.article, item.start, item.end) for item in answer.citations]
    return mean(
        any(_overlap(words.span_in(article), start, end) for article, start, end in cited)
        for words in gold.evidence
    )


def unsupported(answer: Answer) -> int:
    """How many statements cite nothing, or words that do not stand in their article at the offsets given."""
    return sum(
        not statement.citations or not all(citation.verified for citation in statement.citations)
        for statement in answer.statements
    )


def precision_recall(relevant: Sequence[bool], chosen: Sequence[bool]) -> tuple[float, float]:
    """Precision and recall of a choice; 0 where nothing was chosen, or nothing was relevant.

    >>> precision_recall([True, True, False], [True, False, False])
    (1.0, 0.5)
    """
    both = sum(a and b for a, b in zip(relevant, chosen, strict=True))
    return both / sum(chosen) if any(chosen) else 0.0, both / sum(relevant) if any(relevant) else 0.0


def _overlaps(gold: GoldQuestion, span: ArticleSpan) -> bool:
    article, start, end = span
    return any(_overlap(words.span_in(article), start, end) for words in gold.evidence)


def _overlap(place: tuple[int, int] | None, start: int, end: int) -> bool:
    return place is not None and place[0] < end and start < place[1]


def contains_wording(text: str, wording: str) -> bool:
    """True if a text holds a wording as whole words, without case: "300" is not in "1,300"."""
    return bool(re.search(rf"(?<![\w.,]){re.escape(_plain(wording))}(?![\w]|[.,]\d)", _plain(text)))


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").replace("-", " ").split())
