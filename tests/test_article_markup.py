import pytest
from conftest import article
from hostile import HOSTILE, Tags

from corpus.article import Article
from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.page.markup.article_markup import article_pane_html, openable_citations
from rag.retrieval.evidence import Evidence
from rag.verification.citations import number_citations

BODY = "The council met on Monday.\n\nIt approved the plan, which costs 34 million crowns. Nobody voted against it.\n"


def evidence(source: Article, words: str) -> Evidence:
    start = source.body.index(words)
    return Evidence(Passage(source, 0, len(source.body)), start, start + len(words), 1.0, 1.0)


def answer(source: Article, *cited: str) -> Answer:
    return Answer(
        "q",
        "q",
        "answered",
        statements=number_citations([(words, [evidence(source, words)], "quoted") for words in cited]),
    )


PLAN, VOTE = "It approved the plan, which costs 34 million crowns.", "Nobody voted against it."


def test_current_citation_is_marked_and_the_others_are_links() -> None:
    html = article_pane_html(answer(article(BODY), PLAN, VOTE), 5, 2, BODY)
    assert f'<mark class="current" tabindex="-1"><span class="sr">Cited words 2: </span>{VOTE}</mark>' in html
    assert f'<mark>{PLAN}</mark> <button type="button" class="marker" data-turn="5" data-citation="1"' in html
    assert "Source 2 of 2" in html and 'data-step="previous"' in html and 'data-step="next"' not in html


def test_cited_words_are_marked_in_the_raw_text() -> None:
    raw = f"Menu\nHome | News\n{BODY.replace('plan, which', 'plan,' + chr(10) + 'which')}Subscribe"
    html = article_pane_html(answer(article(BODY), PLAN), 0, 1, raw)
    assert (
        "Menu\nHome | News" in html
        and "<mark>It approved the plan,\nwhich costs 34 million crowns.</mark>" in html
    )
    assert "The only source" in html


def test_overlapping_citations_are_marked_once() -> None:
    html = article_pane_html(answer(article(BODY), "approved the plan", PLAN), 0, 2, BODY)
    body = html.split("<details>")[0]
    assert body.count("<mark") == 1 and body.count("approved the plan") == 1


def test_nearest_sentences_can_be_opened_if_nothing_is_cited() -> None:
    source = article(BODY)
    refused = Answer(
        "q", "q", "unanswerable", message="No.", evidence=(evidence(source, VOTE), evidence(source, PLAN))
    )
    assert [citation.quote for citation in openable_citations(refused)] == [VOTE, PLAN]
    assert VOTE in article_pane_html(refused, 0, 1, BODY).split("<mark class")[1]


def test_removed_article_and_unknown_citation_show_a_message() -> None:
    gone = answer(article(BODY), PLAN)
    (statement,) = gone.statements
    from dataclasses import replace

    lost = replace(statement, citations=(replace(statement.citations[0], article=article("")),))
    assert "no longer in the collection" in article_pane_html(gone.replace(statements=(lost,)), 0, 1, "")
    assert "no longer part of the answer" in article_pane_html(gone, 0, 9, "")


def test_a_very_long_article_is_shown_around_the_citation() -> None:
    source = article(f"{'Filler words stand here. ' * 8_000}\n\n{PLAN}\n\n{'More of it. ' * 10_000}")
    html = article_pane_html(answer(source, PLAN), 0, 1, source.body)
    assert PLAN in html and len(html) < 450_000 and "A part of the article" in html


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_becomes_a_tag_or_an_attribute(text: str) -> None:
    source = article(f"{text} before. {text} here. {text} after.", text, publisher=text, url=text)
    tags = Tags()
    tags.feed(
        article_pane_html(answer(source, f"{text} here.", f"{text} after."), 0, 1, f"{text}\n{source.body}")
    )
    known = {"nav", "button", "span", "article", "h2", "p", "div", "mark", "details", "summary", "pre"}
    names = {
        "class",
        "tabindex",
        "type",
        "data-turn",
        "data-citation",
        "data-step",
        "data-close",
        "title",
        "aria-label",
        "disabled",
        "role",
    }
    assert {tag for tag, _ in tags.found} <= known and {
        name for _, attributes in tags.found for name in attributes
    } <= names
