from dataclasses import replace

import pytest
from conftest import article

from corpus.article import Removal
from corpus.store.listing import SORTS, UnknownSort, list_articles
from embeddings.library import Library

pytestmark = pytest.mark.both_databases

ARTICLES = (
    article(
        "The ferry to Kestrel Bay sailed at noon with forty passengers.",
        "Ferry sails",
        publisher="Kestrel Bay Times",
        published="2020-05",
    ),
    article(
        "Élodie Martin opened the new bridge over the river Arde.",
        "bridge opened",
        publisher="Arde Courier",
        published="2021-02-03",
    ),
    article(
        "Nobody knows when the lighthouse of Corrin was first lit.", None, publisher=None, published=None
    ),
)


@pytest.fixture
def filled_library(library: Library) -> Library:
    for known in ARTICLES:
        library.add(known, known.body, "")
    return library


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", {0, 1, 2}),
        ("  ", {0, 1, 2}),
        ("ferry", {0}),
        ("sailing", {0}),  # a word's other forms
        ("light", {2}),  # a word's beginning
        ("elodie bridge", {1}),  # headline and body, without accents
        ("kestrel bay times", {0}),
        ("rde cour", {1}),  # part of a publisher's name
        ("February 2021", {1}),
        ("ferry bridge", set()),
        ("?!", set()),
        ('" OR 1=1 --', set()),
        ("NEAR(a b", set()),
    ],
)
def test_search_covers_headline_publisher_date_and_text(
    filled_library: Library, search: str, found: set[int]
) -> None:
    shown = list_articles(filled_library.store, search)
    assert {line.article.id for line in shown.lines} == {
        ARTICLES[n].id for n in found
    } and shown.total == len(found)


@pytest.mark.parametrize(
    ("sort", "order"),
    [("newest", [1, 0, 2]), ("oldest", [0, 1, 2]), ("headline", [1, 0, 2]), ("publisher", [1, 0, 2])],
)
def test_sort_orders_with_unknown_values_last(filled_library: Library, sort: str, order: list[int]) -> None:
    assert [line.article.id for line in list_articles(filled_library.store, sort=sort).lines] == [
        ARTICLES[n].id for n in order
    ]
    assert set(SORTS) == {"newest", "oldest", "headline", "publisher", "added", "left-out"}


@pytest.mark.parametrize(
    ("only", "found"),
    [("all", {0, 1, 2}), ("dated", {0, 1}), ("undated", {2}), ("unattributed", {2}), ("cut", {3})],
)
def test_filters_and_what_was_left_out(filled_library: Library, only: str, found: set[int]) -> None:
    cut = replace(
        ARTICLES[0], body="The pier of Corrin burned.", removed=(Removal(1, 0, "Read more", "teaser"),)
    )
    if only == "cut":
        filled_library.add(cut, f"Read more\n{cut.body}", "")
    shown = list_articles(filled_library.store, sort="left-out", only=only)
    assert {line.article.id for line in shown.lines} == {[*ARTICLES, cut][n].id for n in found}
    assert [line.left_out for line in shown.lines] == ([1] if only == "cut" else [0] * len(found))
    with pytest.raises(UnknownSort, match="no filter; choose one of all, dated"):
        list_articles(filled_library.store, only="1 OR 1")


def test_a_page_of_the_list_holds_the_total(filled_library: Library) -> None:
    shown = list_articles(filled_library.store, limit=2)
    assert len(shown.lines) == 2 and shown.total == 3 and all(line.passages == 1 for line in shown.lines)
    with pytest.raises(UnknownSort, match="newest, oldest"):
        list_articles(filled_library.store, sort="id; DROP TABLE articles")
