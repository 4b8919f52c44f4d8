import json
import re

import pytest
from conftest import article
from hostile import HOSTILE, Tags
from markdown_it import MarkdownIt
from test_answer_markup import answer

from corpus.passages import Passage
from rag.answers.answer import Answer
from rag.answers.export import FORMATS, UnknownFormat, export_answers
from rag.assistant import Assistant
from rag.retrieval.evidence import Evidence
from rag.verification.citations import number_citations

HS2 = "How has the cost of HS2 changed?"


@pytest.fixture(scope="module")
def real(quoting: Assistant) -> Answer:
    return quoting.ask(HS2)


def test_markdown_has_statements_quotes_dates_and_verdicts(real: Answer) -> None:
    document = export_answers([real], "markdown")
    assert document.name == "how-has-the-cost-of-hs2-changed.md"
    for statement in real.statements:
        assert f"{statement.text}” [{statement.citations[0].number}] *(quoted)*" in document.text
    for citation in real.citations:
        assert (
            f"{citation.number}. “{citation.quote}”" in document.text
            and citation.article.dateline in document.text
        )
        assert f"characters {citation.start}–{citation.end}, found there word for word" in document.text


def test_a_removed_source_is_marked() -> None:
    source = article("It costs 9 crowns.")
    (statement,) = number_citations(
        [("It costs 9 crowns.", [Evidence(Passage(source, 0, 18), 0, 18, 1, 1)], "quoted")]
    )
    from dataclasses import replace

    gone = replace(
        statement, verdict="unverified", citations=(replace(statement.citations[0], article=article("")),)
    )
    text = export_answers([Answer("q", "q", "answered", statements=(gone,))], "markdown").text
    assert "can no longer be checked" in text and "no longer in the collection" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_escaped_in_every_format(text: str) -> None:
    for form in ("html", "markdown"):
        made = export_answers([answer(text)], form, title=text).text
        tags = Tags()
        tags.feed(MarkdownIt("commonmark").render(made) if form == "markdown" else made)
        known = "html head meta title style body h1 h2 h3 section p small ol ul li q em".split()
        assert {tag for tag, _ in tags.found} <= set(known), form
    made = export_answers([answer(text)], "bibtex").text
    assert made.count("@misc") == 1 and len(re.findall(r"(?<!\\)[{]", made)) == len(
        re.findall(r"(?<!\\)[}]", made)
    )


def test_json_is_the_answer_or_the_title_and_answers_of_a_conversation(real: Answer) -> None:
    assert json.loads(export_answers([real], "json").text) == json.loads(json.dumps(real.to_json()))
    conversation = json.loads(export_answers([real, real], "json", "On HS2").text)
    assert (
        conversation["title"] == "On HS2"
        and len(conversation["answers"]) == 2
        and export_answers([real], "json", "On HS2").name == "on-hs2.json"
    )


def test_sources_are_entries_for_reference_managers(real: Answer) -> None:
    items = json.loads(export_answers([real, real], "csl").text)
    assert len(items) == len({citation.article.id for citation in real.citations})
    first = next(item for item in items if item["container-title"] == "Continental Dispatch")
    assert (
        first["type"] == "article-newspaper"
        and first["issued"] == {"date-parts": [[2023, 10, 4]]}
        and first["URL"].startswith("https://")
    )
    bibtex = export_answers([real], "bibtex").text
    keys = re.findall(r"@misc\{(.*?),", bibtex)
    assert set(keys) == {item["id"] for item in items} and len(keys) == len(set(keys))
    assert "year = {{2023}}" in bibtex and "month = {{October}}" in bibtex
    odd = article("x y z", "50% & more_$", published=None, publisher=None, url="javascript:x")
    cited = number_citations([("x", [Evidence(Passage(odd, 0, 1), 0, 1, 1, 1)], "quoted")])
    entry = export_answers([Answer("q", "q", "answered", statements=cited)], "bibtex").text
    assert r"title = {{50\% \& more\_\$}}" in entry and "year" not in entry and "url" not in entry


def test_every_format_exports_a_refusal_and_unknown_formats_are_refused(quoting: Assistant) -> None:
    refused = quoting.ask("Who won the football World Cup of 1998?")
    assert refused.status == "unanswerable" and refused.message in export_answers([refused], "html").text
    for form in FORMATS:
        assert export_answers([refused], form).text.strip() or form == "bibtex"
    with pytest.raises(UnknownFormat, match="choose one of markdown, html, json, bibtex, csl"):
        export_answers([refused], "docx")
