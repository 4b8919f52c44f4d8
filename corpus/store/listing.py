"""The list of articles: searched, sorted, cut to a page. Knows the store's tables, not who looks at the list."""

from dataclasses import dataclass

from corpus.article import Article
from corpus.store.database import Store
from corpus.store.filters import Filters
from corpus.words import words

# Undated articles and those without a publisher come last, whichever way the list is sorted.
SORTS = {
    "newest": "earliest IS NULL, earliest DESC",
    "oldest": "earliest IS NULL, earliest",
    "headline": "coalesce(title, body) COLLATE NOCASE",
    "publisher": "publisher IS NULL, publisher COLLATE NOCASE, earliest DESC",
    "added": "added DESC",
}
_SEARCHED = (
    "(articles.id IN (SELECT article FROM passages JOIN words ON words.rowid = passages.id WHERE words MATCH ?)"
    " OR instr(lower(coalesce(title, '') || ' ' || coalesce(publisher, '')), lower(?)))"
)


class UnknownSort(ValueError):
    """A way of sorting that there is not."""


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """One line of the list: an article and how many passages it has."""

    article: Article
    passages: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The first lines of the list, and how many there are in all."""

    lines: tuple[ListedArticle, ...]
    total: int


def list_articles(store: Store, search: str = "", sort: str = "newest", limit: int = 50) -> Listing:
    """The first `limit` articles that hold all words of `search` (in headline, publisher, date or one passage; beginnings of words count).

    Raises:
        UnknownSort: `sort` is none of `SORTS`.
    """
    if sort not in SORTS:
        raise UnknownSort(f'"{sort[:40]}" is no way of sorting; choose one of {", ".join(SORTS)}')
    condition, values = "1", []
    if search.strip():
        wanted = words(search)
        # A search without a word in it ("?!") is looked for as it stands.
        condition, values = (
            _SEARCHED,
            [" ".join(f'"{word}"*' for word in wanted) or '""', " ".join(search.split())],
        )
    ((total,),) = store.rows(f"SELECT count(*) FROM articles WHERE {condition}", values)
    rows = store.rows(
        "SELECT id, (SELECT count(*) FROM passages WHERE article = articles.id) "
        f"FROM articles WHERE {condition} ORDER BY {SORTS[sort]}, id LIMIT ?",
        [*values, limit],
    )
    known = (
        {article.id: article for article in store.articles(Filters(articles=tuple(name for name, _ in rows)))}
        if rows
        else {}
    )
    return Listing(tuple(ListedArticle(known[name], count) for name, count in rows if name in known), total)
