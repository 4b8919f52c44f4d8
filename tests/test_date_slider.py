import re

from conftest import article
from hostile import Tags

from corpus.store.listing import count_by_year
from embeddings.library import Library
from rag.page.markup.date_slider import date_slider_html


def test_each_year_has_a_bar_as_high_as_its_articles_and_the_handles_span_all_years() -> None:
    html = date_slider_html([(2010, 1), (2012, 4), (2020, 2)])
    heights = {year: int(height) for year, height in re.findall(r'data-year="(\d+)".*?height="(\d+)"', html)}
    assert heights["2012"] == 2 * heights["2020"] == 4 * heights["2010"]
    assert html.count('min="2010" max="2020"') == 2 and 'value="2010"' in html and 'value="2020"' in html
    tags = Tags()
    tags.feed(html)
    assert sum(tag == "rect" for tag, _ in tags.found) == 3


def test_one_year_leaves_nothing_to_choose() -> None:
    assert date_slider_html([]) == date_slider_html([(2020, 9)]) == ""


def test_years_are_counted_in_the_collection_without_undated_articles(library: Library) -> None:
    for n, day in enumerate(("2018-02-13", "2018", "2020-05", None)):
        found = article(f"Nine swans were seen on lake number {n}.", published=day)
        library.add(found, found.body, str(n))
    assert count_by_year(library.store) == [(2018, 2), (2020, 1)]
