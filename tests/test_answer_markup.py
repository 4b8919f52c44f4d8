import re
from dataclasses import replace

import pytest
from conftest import article
from hostile import HOSTILE, Tags

from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.answers.compose import SOURCES_DISAGREE
from rag.page.markup.answer_markup import answer_html
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import number_citations

ALLOWED = {
    "div": {"class"},
    "p": {"class"},
    "span": {"class", "title"},
    "button": {"type", "class", "id"},
    "section": {"class"},
    "q": {"class"},
    "ul": {"class"},
    "details": {"class"},
    "a": {"class", "href", "title", "target", "rel"},
    "li": {"id", "value"},
}


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
@pytest.mark.threat("W1", "P4")
def test_hostile_text_never_becomes_a_tag_an_attribute_or_a_link(text: str, changes: dict) -> None:
    filled = {
        name: text if isinstance(value, str) and value.isupper() else value for name, value in changes.items()
    }
    tags = Tags()
    tags.feed(answer_html(answer(text, **filled), 0))
    for tag, attributes in tags.found:
        assert tag in {*ALLOWED, "cite", "ol", "h3", "summary", "strong", "b", "del"}, tag
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
@pytest.mark.threat("W2", n="8 addresses; javascript: and others in the long run of W1")
def test_only_absolute_web_addresses_become_links(url: str, linked: bool) -> None:
    source = article(url=url)
    item = Evidence(Passage(source, 0, 10), 0, 10, 1.0, 20.0)
    html = answer_html(
        Answer("q", "q", "answered", statements=number_citations([("Text.", [item], "supported")])), 0
    )
    assert ('rel="noopener noreferrer nofollow"' in html) == linked


def test_markers_link_to_their_source_and_name_it() -> None:
    html = answer_html(answer("The plan"), 3)
    targets = re.findall(r'href="#(source-[\d-]+)"', html)
    assert targets == ["source-3-1", "source-3-2"] and all(f'id="{target}"' in html for target in targets)
    assert 'title="The plan (The plan, 13 February 2018): The plan stands here."' in html


def test_a_quoted_sentence_is_the_answer_and_its_card_keeps_it_for_the_marker() -> None:
    source = article(body="It rained. Only these words. Nobody minded. It rained again.")
    item = Evidence(Passage(source, 0, 60), 11, 28, 1.0, 20.0)
    html = answer_html(
        Answer("q", "q", "answered", statements=number_citations([(item.text, [item], "quoted")])), 0
    )
    said, card = html.split('id="source-0-1"')
    assert "<q>Only these words.</q>" in said and "Meridian Wire" in card
    before, after = '<span class="near">It rained. </span>', '<span class="near"> Nobody minded.</span>'
    assert f'<q class="above">{before}<b>Only these words.</b>{after}</q>' in card


def test_the_answer_comes_first_and_its_sources_in_the_order_of_their_days() -> None:
    items = [sentence(f"The bill is {n} crowns.", day, "A") for n, day in ((7, 5), (8, 3), (9, 9))]
    undated = article(body="The bill is 4 crowns.", published=None)
    items.insert(0, Evidence(Passage(undated, 0, 21), 0, 21, 1.0, 20.0))

    def cards(order: list[Evidence]) -> list[str]:
        written = number_citations([("It is a bill.", order, "supported")])
        html = answer_html(Answer("q", "q", "answered", statements=written, warnings=("Look here.",)), 0)
        order_of_parts = [
            html.index(part) for part in ("It is a bill.", "Look here.", "<h3>Sources", "How it was", "Copy")
        ]
        assert order_of_parts == sorted(order_of_parts)
        return re.findall(r"<b>The bill is (\d) crowns", html)

    assert cards(items) == ["8", "7", "9", "4"]
    assert cards([items[3], items[1], items[2], items[0]]) == [
        "9",
        "7",
        "8",
        "4",
    ]  # an answer that begins today


def test_unchecked_draft_is_labelled_and_has_no_markers() -> None:
    html = answer_html(answer("x", status="writing", draft="It grew", statements=()), 0)
    assert (
        "not yet checked" in html
        and "It grew" in html
        and "source-" not in html
        and "From the articles" in html
    )


def test_verdicts_are_shown_in_words() -> None:
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
    assert html.index("<li>The sources disagree.</li>") < html.index("<h3>Sources") < html.index("<del>")


def test_quotes_that_replace_a_failed_answer_say_so() -> None:
    quoted = answer("The plan", warnings=("Dropped “It grew.”: no source.",))
    quoted = quoted.replace(statements=quoted.statements[1:])
    assert "since what was written failed the checks" in answer_html(quoted, 0)
    assert "failed the checks" not in answer_html(quoted.replace(warnings=()), 0)


def test_feedback_buttons_are_shown_only_where_allowed_and_only_once() -> None:
    assert "judge" not in answer_html(answer("x"), 0) and "judge" not in answer_html(
        answer("x", status="writing", statements=()), 0, ""
    )
    html = answer_html(answer("x"), 5, "")
    assert all(f'id="feedback-5-{verdict}"' in html for verdict in ("good", "wrong-figure", "should-refuse"))
    assert html.index('id="feedback-5-good"') < html.index('class="reasons"') < html.index("feedback-5-wrong")
    html = answer_html(answer("x"), 5, "outdated")
    assert "✓ Noted for review: Outdated" in html and "feedback-5" not in html


def sentence(text: str, day: int, publisher: str) -> Evidence:
    source = article(body=text, publisher=publisher, published=f"2018-02-{day:02}")
    return Evidence(Passage(source, 0, len(text)), 0, len(text), 1.0, 20.0)


def test_values_over_time_are_charted_and_conflicting_statements_are_side_by_side() -> None:
    items = [
        sentence("The bill is 61 million crowns.", 17, "A"),
        sentence("The bill is 67 million crowns.", 17, "B"),
        sentence("It was 34 million crowns.", 3, "A"),
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


def test_only_a_finished_answer_has_buttons() -> None:
    html = answer_html(answer("x"), 4)
    assert all(f'id="{name}-4"' in html for name in ("copy", "retry", "edit", "share", "search"))
    assert "<button" not in answer_html(answer("x", status="writing", statements=()), 4)


def test_a_value_is_its_figure_and_day_and_its_words_stand_in_its_card() -> None:
    source = article(body="The force has 4,000 people.")
    item = Evidence(Passage(source, 0, 27), 0, 27, 1.0, 20.0)
    (statement,) = number_citations([(item.text, [item], "quoted")])
    dated = replace(
        statement, as_of=AsOf("4,000 people", source.published, source.published, "Meridian Wire")
    )
    html = answer_html(Answer("q", "q", "answered", statements=(dated,)), 0)
    said, card = html.split('id="source-0-1"')
    assert '<strong>4,000 people</strong> – <span class="as-of">as of 13 February 2018, Meridian Wire' in said
    assert "The force has" not in said.split("<a ")[0] and '<q class="here"><b>The force has' in card
    assert "as-of" not in answer_html(Answer("q", "q", "answered", statements=(statement,)), 0)


def test_a_written_sentence_has_the_answering_words_of_its_source_in_bold() -> None:
    source = article(body="The force has 4,000 people in 4 places.")
    item = Evidence(
        Passage(source, 0, len(source.body)), 0, len(source.body), 1.0, 20.0, words="4,000 people"
    )
    for text, shown in (
        ("It has 4,000 people now.", "It has <strong>4,000 people</strong> now."),
        ("It has four thousand people.", "It has four thousand people."),
    ):
        written = number_citations([(text, [item], "supported")])
        html = answer_html(Answer("q", "q", "answered", statements=written, evidence=(item,)), 0)
        assert f'<p class="statement supported">{shown} <a' in html


def test_answering_words_are_bold_in_their_quote_as_whole_words() -> None:
    source = article(body="The force has 4,000 people in 4 places.")
    item = Evidence(Passage(source, 0, len(source.body)), 0, len(source.body), 1.0, 20.0)
    (statement,) = number_citations([(item.text, [item], "quoted")])

    def html(words: str) -> str:
        return answer_html(Answer("q", "q", "answered", statements=(replace(statement, words=words),)), 0)

    assert "has <strong>4,000 people</strong> in" in html("4,000 people")
    assert "in <strong>4</strong> places" in html("4") and "<strong>" not in html("40") + html("")
