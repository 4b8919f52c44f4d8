"""The list of articles: searched, filtered, sorted and cut to a page."""

from dataclasses import dataclass

from corpus.article import Article
from corpus.scripts import separate_letters
from corpus.store.database import Store
from corpus.store.filters import Filters
from corpus.words import words

_LEFT_OUT = "(SELECT count(*) FROM removals WHERE article = articles.id AND kept = 0)"
# Undated articles and those without a publisher are last in either direction.
SORTS = {
    "newest": "earliest IS NULL, earliest DESC",
    "oldest": "earliest IS NULL, earliest",
    "headline": "lower(coalesce(title, body))",
    "publisher": "publisher IS NULL, lower(publisher), earliest IS NULL, earliest DESC",
    "added": "added DESC",
    "left-out": f"{_LEFT_OUT} DESC, earliest IS NULL, earliest DESC",
}
FILTERS = {
    "all": "TRUE",
    "dated": "published IS NOT NULL",
    "undated": "published IS NULL",
    "unattributed": "publisher IS NULL",
    "cut": f"{_LEFT_OUT} > 0",
    "copies": "TRUE",  # those that the caller names, who compared the articles
}


class UnknownSort(ValueError):
    """A sort order or a filter that does not exist."""


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """An article of the list, the number of its passages, and of the lines that cleaning left out of it."""

    article: Article
    passages: int
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """The first articles of the list, and how many there are in all."""

    lines: tuple[ListedArticle, ...]
    total: int


def count_by_year(store: Store) -> list[tuple[int, int]]:
    """Return each year with the number of its articles, oldest first; undated ones are left out."""
    rows = store.rows(
        "SELECT CAST(substr(earliest, 1, 4) AS INTEGER) AS year, count(*) FROM articles "
        "WHERE earliest IS NOT NULL GROUP BY year ORDER BY year"
    )
    return [(int(year), int(articles)) for year, articles in rows]


def list_articles(
    store: Store,
    search: str = "",
    sort: str = "newest",
    limit: int = 50,
    only: str = "all",
    among: Filters | None = None,
) -> Listing:
    """Return the first `limit` articles that hold all words of `search` and pass `only`, in the order `sort`.

    Headline, publisher, date and each passage are searched; the beginning of a word is enough. With `among`
    only articles that pass it are listed.

    Raises:
        UnknownSort: `sort` is not in `SORTS`, or `only` not in `FILTERS`.
    """
    for name, known, what in ((sort, SORTS, "sort order"), (only, FILTERS, "filter")):
        if name not in known:
            raise UnknownSort(f'"{name[:40]}" is no {what}; choose one of {", ".join(known)}')
    condition, values = _search_condition(store, search)
    chosen, allowed = (among or Filters()).sql_condition()
    condition, values = f"{condition} AND {FILTERS[only]} AND {chosen}", [*values, *allowed]
    ((total,),) = store.rows(f"SELECT count(*) FROM articles WHERE {condition}", values)
    rows = store.rows(
        f"SELECT id, (SELECT count(*) FROM passages WHERE article = articles.id), {_LEFT_OUT} "
        f"FROM articles WHERE {condition} ORDER BY {SORTS[sort]}, id LIMIT ?",
        [*values, limit],
    )
    articles = store.articles_by_id(name for name, *_ in rows)
    listed = (ListedArticle(articles[name], *counts) for name, *counts in rows if name in articles)
    return Listing(tuple(listed), total)


def _search_condition(store: Store, search: str) -> tuple[str, list[str]]:
    """Return an SQL condition on the table `articles` and its parameters.

    A search that holds no word ("?!") is compared as it is.
    """
    if not search.strip():
        return "TRUE", []
    prefixes = " ".join(f'"{separate_letters(word)}"*' for word in words(search))
    held, query = store.holding(prefixes or '""')
    named = "instr(lower(coalesce(title, '') || ' ' || coalesce(publisher, '')), lower(?)) > 0"
    return f"(articles.id IN (SELECT article FROM passages WHERE {held}) OR {named})", [
        query,
        " ".join(search.split()),
    ]
