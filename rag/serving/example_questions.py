"""Suggest questions that a collection can answer."""

from rag.serving.collection import Collection

_SORTS = (
    "newest",
    "oldest",
    "publisher",
    "headline",
)  # one question each, mostly of other times and publishers


def example_questions(collection: Collection) -> tuple[str, ...]:
    """Return up to four questions made from headlines, or none if no article has a headline."""
    titles: list[str] = []
    for sort in _SORTS:
        listed = (line.article.title for line in collection.list(sort=sort, limit=len(_SORTS)).lines)
        titles += [title for title in listed if title and title not in titles][:1]
    return tuple(f"What is reported under “{title}”?" for title in titles)
