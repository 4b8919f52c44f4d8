import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from conftest import article

from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.assistant import SOURCES_DISAGREE
from rag.page.answer_markup import answer_html
from rag.query.timing import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import number_citations

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "![x](http://evil.example/?q)",
    "</div><form action=http://evil.example>",
    "javascript:alert(1)",
    "'-alert(1)-'",
]
ALLOWED = {
    "div": {"class"},
    "p": {"class"},
    "span": {"class", "title"},
    "button": {"type", "class", "id"},
    "section": {"class"},
    "blockquote": {"id"},
    "details": {"class"},
    "a": {"class", "href", "title", "target", "rel"},
    "li": {"id", "value"},
}


class Tags(HTMLParser):
    """Collects the tags and attributes of a page as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


def answer(text: str, **changes: object) -> Answer:
    source = article(body=f"{text} stands here.", title=text, publisher=text, author=text, url=text)
    item = Evidence(Passage(source, 0, len(source.body)), 0, len(source.body), 1.0, 20.0)
    statements = number_citations(
        [(text, [item], "supported"), (item.text, [Evidence(item.passage, 0, 5, 1, 1)], "quoted")]
    )
    statements = (
        replace(statements[0], as_of=AsOf(text, None, None, text, text)),
        replace(statements[1], words=text[:3]),
    )
    return Answer(
        text, f"{text} searched", "answered", statements=statements, evidence=(item,), warnings=(text,)
    ).replace(**changes)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": "writing", "draft": "DRAFT", "statements": ()},
        {"status": "unanswerable", "message": "MESSAGE", "statements": ()},
    ],
)
def test_no_text_of_others_becomes_a_tag_an_attribute_or_a_link(text: str, changes: dict) -> None:
    filled = {
        name: text if isinstance(value, str) and value.isupper() else value for name, value in changes.items()
    }
    tags = Tags()
    tags.feed(answer_html(answer(text, **filled), 0))
    for tag, attributes in tags.found:
        assert tag in {*ALLOWED, "q", "cite", "ol", "ul", "h4", "summary", "strong", "del"}, tag
        assert set(attributes) <= ALLOWED.get(tag, set()), (tag, attributes)
        assert not attributes.get("href") or str(attributes["href"]).startswith(("#source-", "#near-"))


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/x?y=1&z=2", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("//a.example", False),
        ("data:text/html,x", False),
        ("https://[", False),
        ("https://a.example/" + "x" * 3000, False),
        (" https://a.example", True),
    ],
)
def test_only_absolute_web_addresses_of_the_metadata_are_links(url: str, linked: bool) -> None:
    source = article(url=url)
    item = Evidence(Passage(source, 0, 10), 0, 10, 1.0, 20.0)
    html = answer_html(
        Answer("q", "q", "answered", statements=number_citations([("Text.", [item], "supported")])), 0
    )
    assert ('rel="noopener noreferrer nofollow"' in html) == linked


def test_markers_point_at_their_source_and_say_what_it_is() -> None:
    html = answer_html(answer("The plan"), 3)
    targets = re.findall(r'href="#(source-[\d-]+)"', html)
    assert targets == ["source-3-1", "source-3-2"] and all(f'id="{target}"' in html for target in targets)
    assert 'title="The plan (The plan, 13 February 2018): The plan stands here."' in html


def test_a_quoted_sentence_is_its_own_source_and_stands_there_once() -> None:
    source = article(body="Only these words.")
    item = Evidence(Passage(source, 0, 17), 0, 17, 1.0, 20.0)
    html = answer_html(
        Answer("q", "q", "answered", statements=number_citations([(item.text, [item], "quoted")])), 0
    )
    assert (
        html.count("Only these words.") == 1
        and 'id="source-0-1"' in html
        and "13 February 2018" in html
        and "Sources" not in html
    )


def test_unchecked_words_are_labelled_and_have_no_markers() -> None:
    html = answer_html(answer("x", status="writing", draft="It grew", statements=()), 0)
    assert (
        "not yet checked" in html
        and "It grew" in html
        and "source-" not in html
        and "From the articles" in html
    )


def test_what_backs_a_statement_is_told_in_words() -> None:
    html = answer_html(
        answer(
            "The plan",
            warnings=("Dropped “It cost 9 pounds.”: 9 is not in the source.", "The sources disagree."),
        ),
        0,
    )
    assert 'class="verdict supported"' in html and "✓ checked" in html and "“ ” quoted" in html
    assert (
        "<del>It cost 9 pounds.</del> <span class='why'>9 is not in the source.</span>" in html
        and "1 sentence dropped" in html
    )
    assert "1 remark on" in html and "<li>The sources disagree.</li>" in html


def test_quotes_that_stand_in_for_what_did_not_hold_say_so() -> None:
    quoted = answer("The plan", warnings=("Dropped “It grew.”: no source.",))
    quoted = quoted.replace(statements=quoted.statements[1:])
    assert "instead of what was written and did not hold" in answer_html(quoted, 0)
    assert "instead" not in answer_html(quoted.replace(warnings=()), 0)


def test_an_answer_is_judged_once_and_only_where_that_may_be() -> None:
    assert "judge" not in answer_html(answer("x"), 0) and "judge" not in answer_html(
        answer("x", status="writing", statements=()), 0, ""
    )
    html = answer_html(answer("x"), 5, "")
    assert all(f'id="judge-5-{verdict}"' in html for verdict in ("good", "wrong-figure", "should-refuse"))
    html = answer_html(answer("x"), 5, "outdated")
    assert "✓ Noted for review: Outdated" in html and "judge-5" not in html


def told(text: str, day: int, publisher: str) -> Evidence:
    source = article(body=text, publisher=publisher, published=f"2018-02-{day:02}")
    return Evidence(Passage(source, 0, len(text)), 0, len(text), 1.0, 20.0)


def test_values_over_time_are_drawn_and_sources_that_disagree_stand_side_by_side() -> None:
    items = [
        told("The bill is 61 million crowns.", 17, "A"),
        told("The bill is 67 million crowns.", 17, "B"),
        told("It was 34 million crowns.", 3, "A"),
    ]
    figures = ("61 million crowns", "67 million crowns", "34 million crowns")
    statements = tuple(
        replace(
            statement,
            as_of=AsOf(figure, item.article.published, item.article.published, item.article.publisher),
        )
        for statement, item, figure in zip(
            number_citations([(item.text, [item], "quoted") for item in items]), items, figures, strict=True
        )
    )
    html = answer_html(Answer("q", "q", "answered", statements=statements, warnings=(SOURCES_DISAGREE,)), 2)
    assert html.count('class="side"') == 2 and html.index('class="sides"') < html.index(
        "67 million crowns</strong>"
    )
    assert (
        html.count('class="point fact" href="#source-2-') == 3
        and "<title>34 million crowns, as of 3 February 2018, A." in html
    )
    assert 'class="sides"' not in answer_html(Answer("q", "q", "answered", statements=statements), 2)


def test_only_a_finished_answer_can_be_asked_again_and_its_search_edited() -> None:
    html = answer_html(answer("x"), 4)
    assert all(f'id="{name}-4"' in html for name in ("copy", "retry", "edit", "search"))
    assert "<button" not in answer_html(answer("x", status="writing", statements=()), 4)


def test_a_figure_stands_in_bold_before_its_quote_with_its_day() -> None:
    source = article(body="The force has 4,000 people.")
    item = Evidence(Passage(source, 0, 27), 0, 27, 1.0, 20.0)
    (statement,) = number_citations([(item.text, [item], "quoted")])
    told = replace(statement, as_of=AsOf("4,000 people", source.published, source.published, "Meridian Wire"))
    html = answer_html(Answer("q", "q", "answered", statements=(told,)), 0)
    assert "<strong>4,000 people</strong> – as of 13 February 2018, Meridian Wire</p><blockquote" in html
    assert "as-of" not in answer_html(Answer("q", "q", "answered", statements=(statement,)), 0)


def test_the_words_that_answer_stand_in_bold_in_their_quote_as_whole_words() -> None:
    source = article(body="The force has 4,000 people in 4 places.")
    item = Evidence(Passage(source, 0, len(source.body)), 0, len(source.body), 1.0, 20.0)
    (statement,) = number_citations([(item.text, [item], "quoted")])

    def html(words: str) -> str:
        return answer_html(Answer("q", "q", "answered", statements=(replace(statement, words=words),)), 0)

    assert "has <strong>4,000 people</strong> in" in html("4,000 people")
    assert "in <strong>4</strong> places" in html("4") and "<strong>" not in html("40") + html("")
