"""Questions that a collection can be tried with. Knows headlines; asks nothing."""

from rag.serving.collection import Collection

_SORTS = ("newest", "oldest", "publisher", "headline")  # each gives one; mostly of different times and papers


def examples(collection: Collection) -> tuple[str, ...]:
    """A few questions about articles that are there, of different times and papers; none where none has a headline."""
    titles: list[str] = []
    for sort in _SORTS:
        found = (line.article.title for line in collection.list(sort=sort, limit=len(_SORTS)).lines)
        titles += [title for title in found if title and title not in titles][:1]
    return tuple(f"What is reported under “{title}”?" for title in titles)
