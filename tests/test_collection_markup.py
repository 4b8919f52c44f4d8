import re

import pytest
from conftest import article
from hostile import HOSTILE, Tags

from corpus.store.duplicates import NearDuplicates, find_near_duplicates
from corpus.store.filters import Coverage
from corpus.store.listing import ListedArticle, Listing
from embeddings.ingest_report import IngestReport
from rag.page.markup.collection_markup import (
    article_html,
    article_list_html,
    coverage_html,
    duplicates_html,
    error_html,
    progress_html,
)
from rag.serving.additions import AddProgress

ALLOWED = {
    "button": {"type", "class", "data-article", "data-sort"},
    "progress": {"value", "max", "aria-label"},
    "th": {"scope", "aria-sort"},
    "td": {"class", "colspan"},
    "tr": {"class"},
    "input": {"type", "aria-label", "data-field", "placeholder"},
    "output": set(),
    **{name: {"class"} for name in ("div", "span", "ul", "article", "section", "table")},
    "p": {"class", "role", "hidden"},
    **{name: set() for name in ("li", "h2", "details", "summary", "pre", "strong", "thead", "tbody")},
}


@pytest.mark.parametrize("text", [*HOSTILE, "{{7*7}} ${alert(1)}"])
def test_hostile_text_never_becomes_a_tag_an_attribute_or_a_link(text: str) -> None:
    known = article(
        body=f"{text} stands here.",
        title=text,
        publisher=text,
        author=text,
        url=text,
        origin=f"upload:1a2b3c4d/{text}",
    )
    other = article(body=f"{text} stands there.", title=None, publisher=None)
    reports = (
        IngestReport(f"upload:1/{text}", "refused", problem=text),
        IngestReport(text, "added", known, warnings=(text,)),
    )
    (difference,) = next(
        iter(find_near_duplicates([article(f"{'The same words. ' * 9} {n}") for n in (4, 5)]))
    ).differences
    pages = [
        coverage_html(Coverage(1, 1, (text,), None, None, 1)),
        article_list_html(Listing((ListedArticle(known, 1), ListedArticle(other, 2)), 2), text, True),
        article_list_html(Listing((), 0), text, True),
        article_html(known, text),
        progress_html(AddProgress(1, 2, 1.0, reports)),
        progress_html(AddProgress(2, 2, 1.0, reports)),
        error_html(text),
        duplicates_html([NearDuplicates(known, other, (difference, type(difference)(text, text)))], False),
    ]
    for page in pages:
        tags = Tags()
        tags.feed(page)
        for tag, attributes in tags.found:
            assert set(attributes) <= ALLOWED[tag], (tag, attributes)
            assert re.fullmatch(r"[0-9a-f]{12}", attributes.get("data-article") or "0" * 12)


def test_progress_of_an_addition_and_refused_files_first() -> None:
    known = article()
    growing = progress_html(AddProgress(2, 8, 4.0, (IngestReport("a.txt", "added", known),)))
    assert (
        "2 of 8 files · 0.5 a second · about 12 s left" in growing
        and '<progress value="2" max="8"' in growing
    )
    done = progress_html(
        AddProgress(
            2,
            2,
            90.0,
            (
                IngestReport("a.txt", "added", known, warnings=("the date was left out",)),
                IngestReport("b.pdf", "refused", problem="b.pdf: not readable"),
            ),
        )
    )
    assert "1 added, 1 refused" in done and "1 min 30 s" in done and "progress" not in done
    assert done.index("b.pdf") < done.index("a.txt") and ">not readable<" in done
    assert ">the date was left out<" in done


def test_the_head_of_a_column_sorts_by_it_and_then_the_other_way_round() -> None:
    listing = Listing((ListedArticle(article(), 1, 3),), 1)
    for sort, head in (
        ("newest", '<th scope="col" aria-sort="descending"><button type="button" data-sort="oldest">Date<'),
        ("oldest", '<th scope="col" aria-sort="ascending"><button type="button" data-sort="newest">Date<'),
        ("added", '<th scope="col"><button type="button" data-sort="newest">Date<'),
    ):
        table = article_list_html(listing, "", True, sort)
        assert head in table and table.count("aria-sort") == (sort != "added") and ">3 lines<" in table
    assert "checkbox" not in article_list_html(listing, "", False)
    assert "No article is of this kind." in article_list_html(Listing((), 0), "ferry", True, only="undated")


def test_an_empty_list_says_what_to_do() -> None:
    nothing = Listing((), 0)
    assert "Drop files" in article_list_html(nothing, "", True) and "dateline add" in article_list_html(
        nothing, "", False
    )
    assert "No article contains “ferry”" in article_list_html(
        nothing, "ferry", True
    ) and "nearly the same" in duplicates_html([], False)


def test_long_texts_are_truncated_with_a_note() -> None:
    page = article_html(article(body="word " * 30_000), "raw " * 30_000)
    assert page.count("The first 100,000 of") == 2 and len(page) < 210_000


def test_differing_figures_come_first() -> None:
    (pair,) = find_near_duplicates(
        [
            article(f"{'The ferry sailed on. ' * 9} It was {old} and cost {price} crowns.")
            for old, price in (("late", 4), ("slow", 5))
        ]
    )
    page = duplicates_html([pair], False)
    assert page.index("<strong>4</strong>") < page.index("late")
