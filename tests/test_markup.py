import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from conftest import article

from corpus.passages import Passage
from rag.answer import Answer
from rag.citations import number
from rag.evidence import Evidence
from rag.page.markup import answer_html
from rag.timing import AsOf

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
    "span": {"class"},
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
    statements = number([(text, [item], "supported"), (item.text, [Evidence(item.passage, 0, 5, 1, 1)], "quoted")])
    statements = (replace(statements[0], as_of=AsOf(text, None, None, text, text)), replace(statements[1], words=text[:3]))
    return Answer(text, f"{text} searched", "answered", statements=statements, evidence=(item,), warnings=(text,)).but(**changes)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "changes",
    [{}, {"status": "writing", "draft": "DRAFT", "statements": ()}, {"status": "unanswerable", "message": "MESSAGE", "statements": ()}],
)
def test_no_text_of_others_becomes_a_tag_an_attribute_or_a_link(text: str, changes: dict) -> None:
    filled = {name: text if isinstance(value, str) and value.isupper() else value for name, value in changes.items()}
    tags = Tags()
    tags.feed(answer_html(answer(text, **filled), 0))
    for tag, attributes in tags.found:
        assert tag in {*ALLOWED, "q", "cite", "ol", "ul", "h4", "summary", "strong"}, tag
        assert set(attributes) <= ALLOWED.get(tag, set()), (tag, attributes)
        assert not attributes.get("href") or str(attributes["href"]).startswith("#source-")


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
    html = answer_html(Answer("q", "q", "answered", statements=number([("Text.", [item], "supported")])), 0)
    assert ('rel="noopener noreferrer nofollow"' in html) == linked


def test_markers_point_at_their_source_and_say_what_it_is() -> None:
    html = answer_html(answer("The plan"), 3)
    targets = re.findall(r'href="#(source-[\d-]+)"', html)
    assert targets == ["source-3-1"] and all(f'id="{target}"' in html for target in targets)
    assert 'title="The plan (The plan, 13 February 2018): The plan stands here."' in html


def test_a_quoted_sentence_is_its_own_source_and_stands_there_once() -> None:
    source = article(body="Only these words.")
    item = Evidence(Passage(source, 0, 17), 0, 17, 1.0, 20.0)
    html = answer_html(Answer("q", "q", "answered", statements=number([(item.text, [item], "quoted")])), 0)
    assert html.count("Only these words.") == 1 and 'id="source-0-1"' in html and "13 February 2018" in html and "Sources" not in html


def test_unchecked_words_are_labelled_and_have_no_markers() -> None:
    html = answer_html(answer("x", status="writing", draft="It grew", statements=()), 0)
    assert "not yet checked" in html and "It grew" in html and "marker" not in html and "From the articles" in html


def test_a_figure_stands_in_bold_before_its_quote_with_its_day() -> None:
    source = article(body="The force has 4,000 people.")
    item = Evidence(Passage(source, 0, 27), 0, 27, 1.0, 20.0)
    (statement,) = number([(item.text, [item], "quoted")])
    told = replace(statement, as_of=AsOf("4,000 people", source.published, source.published, "Meridian Wire"))
    html = answer_html(Answer("q", "q", "answered", statements=(told,)), 0)
    assert "<strong>4,000 people</strong> – as of 13 February 2018, Meridian Wire</p><blockquote" in html
    assert "as-of" not in answer_html(Answer("q", "q", "answered", statements=(statement,)), 0)


def test_the_words_that_answer_stand_in_bold_in_their_quote_as_whole_words() -> None:
    source = article(body="The force has 4,000 people in 4 places.")
    item = Evidence(Passage(source, 0, len(source.body)), 0, len(source.body), 1.0, 20.0)
    (statement,) = number([(item.text, [item], "quoted")])

    def html(words: str) -> str:
        return answer_html(Answer("q", "q", "answered", statements=(replace(statement, words=words),)), 0)

    assert "has <strong>4,000 people</strong> in" in html("4,000 people")
    assert "in <strong>4</strong> places" in html("4") and "<strong>" not in html("40") + html("")
