"""Mistakes in gold questions, found before a run is measured with them."""

from collections.abc import Iterator, Sequence

from corpus.article import Article
from corpus.words import words
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion
from rag.evaluation.gold.wording import contains_wording, is_yes_or_no

_SHORT_CHARS = 60  # of a quotation in a message


def find_mistakes(
    questions: Sequence[GoldQuestion], articles: Sequence[Article]
) -> Iterator[tuple[int, str]]:
    """Yield (line, what is wrong and the remedy) for each mistake, in the file's order."""
    first_lines: dict[tuple[str, ...], int] = {}
    for gold in questions:
        # A follow-up may be worded like another: the turns before it belong to the question.
        turns = (*(turn.text for turn in gold.history), gold.question)
        asked = tuple(" ".join(words(text)) for text in turns)
        earlier = first_lines.setdefault(asked, gold.line)
        if earlier != gold.line:
            yield gold.line, f"line {earlier} has the same question; remove one of the two"
        for mistake in (
            *_own_mistakes(gold),
            *_asked_mistakes(gold),
            *_quote_mistakes(gold, articles),
            *_day_mistakes(gold, articles),
        ):
            yield gold.line, mistake


def _own_mistakes(gold: GoldQuestion) -> Iterator[str]:
    """Yield what is wrong with a question by itself."""
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
                yield (
                    f"“{wrong}” must not be said, but every wording of an answer says it; "
                    "remove it from one of the two"
                )


def _asked_mistakes(gold: GoldQuestion) -> Iterator[str]:
    """Yield the accepted wordings that the question itself says: repeating it would count as right."""
    asked = "\n".join((*(turn.text for turn in gold.history), gold.question))
    for wording in (
        wording for wordings in gold.answers if not is_yes_or_no(wordings) for wording in wordings
    ):
        if contains_wording(asked, wording):
            yield (
                f"the question itself says “{_shorten(wording)}”, so that repeating it would be right; "
                "remove the wording, or ask without it"
            )


def _quote_mistakes(gold: GoldQuestion, articles: Sequence[Article]) -> Iterator[str]:
    """Yield what is wrong with the quotes: the article, the words, or answers that they do not say."""
    for quoted in gold.evidence:
        named = [article for article in articles if quoted.belongs_to(article)]
        if not named:
            yield (
                f"no article is named “{quoted.article}”; "
                "give its id, or its file's name without the ending (dateline list)"
            )
        elif not any(quoted.span_in(article) for article in named):
            yield (
                f"“{_shorten(quoted.quote)}” is not in {quoted.article}; "
                f"copy the words from: dateline show {named[0].id}"
            )
    quotes = "\n".join(quoted.quote for quoted in gold.evidence)
    for wordings in gold.answers if gold.evidence else ():
        if not is_yes_or_no(wordings) and not any(contains_wording(quotes, wording) for wording in wordings):
            yield (
                f"none of the quoted words say “{_shorten(wordings[0])}”; "
                "add the wording that they use, or quote the words that say it"
            )


def _day_mistakes(gold: GoldQuestion, articles: Sequence[Article]) -> Iterator[str]:
    """Yield the days that lie after all the quoted articles, which therefore cannot have reported them."""
    published = [
        article.published
        for article in articles
        for quoted in gold.evidence
        if quoted.belongs_to(article) and article.published
    ]
    for day in dict.fromkeys(day for days in gold.as_of for day in days):
        if published and day.first > max(date.last for date in published):
            yield (
                f"the day {day} lies after the articles that are quoted; "
                "give the day that their words tell, or their own"
            )


def _shorten(text: str) -> str:
    return text if len(text) <= _SHORT_CHARS else f"{text[:_SHORT_CHARS].rsplit(' ', 1)[0]} ..."
