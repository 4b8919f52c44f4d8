import re

import pytest
from conftest import article
from test_markup import HOSTILE, Tags

from corpus.copies import Copies, near_copies
from corpus.filters import Coverage
from corpus.listing import Listed, Listing
from corpus.report import Report
from rag.collection import Addition
from rag.page.article_markup import addition_html, article_html, copies_html, coverage_html, list_html, problem_html

ALLOWED = {
    "button": {"type", "class", "data-article"},
    "progress": {"value", "max", "aria-label"},
    "th": {"scope"},
    "td": {"class", "colspan"},
    "tr": {"class"},
    **{name: {"class"} for name in ("div", "span", "ul", "article", "section", "table")},
    "p": {"class", "role"},
    **{name: set() for name in ("li", "h2", "details", "summary", "pre", "strong", "thead", "tbody")},
}


@pytest.mark.parametrize("text", [*HOSTILE, "{{7*7}} ${alert(1)}"])
def test_nothing_of_an_article_becomes_a_tag_an_attribute_or_a_link(text: str) -> None:
    known = article(body=f"{text} stands here.", title=text, publisher=text, author=text, url=text, origin=f"upload:1a2b3c4d/{text}")
    other = article(body=f"{text} stands there.", title=None, publisher=None)
    reports = (Report(f"upload:1/{text}", "refused", problem=text), Report(text, "added", known))
    (difference,) = next(iter(near_copies([article(f"{'The same words. ' * 9} {n}") for n in (4, 5)]))).differences
    pages = [
        coverage_html(Coverage(1, 1, (text,), None, None, 1)),
        list_html(Listing((Listed(known, 1), Listed(other, 2)), 2), text, True),
        list_html(Listing((), 0), text, True),
        article_html(known, text),
        addition_html(Addition(1, 2, 1.0, reports)),
        addition_html(Addition(2, 2, 1.0, reports)),
        problem_html(text),
        copies_html([Copies(known, other, (difference, type(difference)(text, text)))], False),
    ]
    for page in pages:
        tags = Tags()
        tags.feed(page)
        for tag, attributes in tags.found:
            assert set(attributes) <= ALLOWED[tag], (tag, attributes)
            assert re.fullmatch(r"[0-9a-f]{12}", attributes.get("data-article") or "0" * 12)


def test_an_addition_tells_how_far_it_is_and_what_was_refused_first() -> None:
    known = article()
    growing = addition_html(Addition(2, 8, 4.0, (Report("a.txt", "added", known),)))
    assert "2 of 8 files · 0.5 a second · about 12 s left" in growing and '<progress value="2" max="8"' in growing
    done = addition_html(Addition(2, 2, 90.0, (Report("a.txt", "added", known), Report("b.pdf", "refused", problem="b.pdf: not readable"))))
    assert "1 added, 1 refused" in done and "1 min 30 s" in done and "progress" not in done
    assert done.index("b.pdf") < done.index("a.txt") and ">not readable<" in done


def test_an_empty_list_says_what_to_do() -> None:
    nothing = Listing((), 0)
    assert "Drop files" in list_html(nothing, "", True) and "python -m corpus add" in list_html(nothing, "", False)
    assert "No article holds “ferry”" in list_html(nothing, "ferry", True) and "nearly the same" in copies_html([], False)


def test_long_texts_are_cut_and_said_so() -> None:
    page = article_html(article(body="word " * 30_000), "raw " * 30_000)
    assert page.count("The first 100,000 of") == 2 and len(page) < 210_000


def test_figures_that_differ_stand_first() -> None:
    (pair,) = near_copies(
        [article(f"{'The ferry sailed on. ' * 9} It was {old} and cost {price} crowns.") for old, price in (("late", 4), ("slow", 5))]
    )
    page = copies_html([pair], False)
    assert page.index("<strong>4</strong>") < page.index("late")
