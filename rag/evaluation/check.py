"""Mistakes in gold questions, before a run is measured with them. Knows gold questions and articles, asks nothing."""

from collections.abc import Iterator, Sequence

from corpus.article import Article
from corpus.words import words
from rag.evaluation.gold import UNANSWERABLE, GoldQuestion, is_yes_or_no
from rag.evaluation.measures import contains_wording


def find_mistakes(
    questions: Sequence[GoldQuestion], articles: Sequence[Article]
) -> Iterator[tuple[int, str]]:
    """(line, what is wrong and the remedy) for each mistake, in the file's order."""
    first: dict[tuple[str, ...], int] = {}
    for gold in questions:
        # A follow-up may be worded like another: what was said before belongs to the question.
        asked = tuple(
            " ".join(words(text)) for text in (*(turn.text for turn in gold.history), gold.question)
        )
        earlier = first.setdefault(asked, gold.line)
        if earlier != gold.line:
            yield gold.line, f"the same question stands on line {earlier}; remove one of the two"
        for told in (*_of_itself(gold), *_of_its_words(gold, articles), *_of_its_days(gold, articles)):
            yield gold.line, told


def _of_itself(gold: GoldQuestion) -> Iterator[str]:
    if gold.draft:
        yield 'it is a draft; word it as people ask, and remove "draft"'
    if not gold.question.strip():
        yield "the question is empty; write one"
    if gold.kind == UNANSWERABLE and (gold.answers or gold.evidence):
        yield f'it is "{UNANSWERABLE}" and has an answer; remove the answer, or give another kind'
    if gold.kind != UNANSWERABLE and not gold.answers:
        yield f'nothing says what a right answer holds; fill "answers", or make it "{UNANSWERABLE}"'
    for wordings in gold.answers:
        if not any(wording.strip() for wording in wordings):
            yield "an answer has no wording; write at least one"
        for wrong in gold.must_not:
            if wordings and all(contains_wording(wording, wrong) for wording in wordings):
                yield f"“{wrong}” must not be said, but every wording of an answer says it; remove it from one of the two"


def _of_its_words(gold: GoldQuestion, articles: Sequence[Article]) -> Iterator[str]:
    for quoted in gold.evidence:
        named = [article for article in articles if quoted.of(article)]
        if not named:
            yield f"no article is named “{quoted.article}”; give its id, or its file's name without the ending (dateline list)"
        elif not any(quoted.span_in(article) for article in named):
            yield f"“{_short(quoted.quote)}” stands nowhere in {quoted.article}; copy the words from: dateline show {named[0].id}"
    quotes = "\n".join(quoted.quote for quoted in gold.evidence)
    for wordings in gold.answers if gold.evidence else ():
        if not is_yes_or_no(wordings) and not any(contains_wording(quotes, wording) for wording in wordings):
            yield f"none of the quoted words say “{_short(wordings[0])}”; add the wording that they use, or quote the words that say it"


def _of_its_days(gold: GoldQuestion, articles: Sequence[Article]) -> Iterator[str]:
    """Days on which no article could have told the value: those after all the quoted articles."""
    days = [
        article.published
        for article in articles
        for quoted in gold.evidence
        if quoted.of(article) and article.published
    ]
    for day in dict.fromkeys(day for each in gold.as_of for day in each):
        if days and day.first > max(published.last for published in days):
            yield f"the day {day} lies after the articles that are quoted; give the day that their words tell, or their own"


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else f"{text[:length].rsplit(' ', 1)[0]} ..."
