"""Suggest questions that a collection can answer."""

from rag.answers.answer import Answer
from rag.serving.collection import Collection

_SORTS = (
    "newest",
    "oldest",
    "publisher",
    "headline",
)  # one question each, mostly of other times and publishers
_MAX_NEXT = 3  # limit


def example_questions(collection: Collection) -> tuple[str, ...]:
    """Return up to four questions made from headlines, or none if no article has a headline."""
    titles: list[str] = []
    for sort in _SORTS:
        listed = (line.article.title for line in collection.list(sort=sort, limit=len(_SORTS)).lines)
        titles += [title for title in listed if title and title not in titles][:1]
    return tuple(map(_about, titles))


def next_questions(answer: Answer) -> tuple[str, ...]:
    """Return up to three questions about the articles near an answer, first about those it does not cite."""
    cited = {source.headline for item in answer.citations for source in (item.article, *item.also_in)}
    titles = dict.fromkeys(item.article.title for item in answer.evidence)
    known = sorted((title for title in titles if title), key=lambda title: title in cited)
    return tuple(question for question in map(_about, known) if question != answer.question)[:_MAX_NEXT]


def _about(title: str) -> str:
    return f"What is reported under “{title}”?"
