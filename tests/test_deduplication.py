"""One agency report by three publishers, one with another figure: the copy is "also in", the other is shown."""

import json

import pytest
from conftest import article

from corpus.article import Article
from corpus.passages import Passage
from embeddings.library import Library
from rag.assistant import Assistant
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.page.markup.answer_markup import answer_html
from rag.retrieval.deduplication import comparison_text, deduplicate_passages, find_copies
from rag.retrieval.search import Retriever

LINES = (
    "The council of Kestrel Bay said on Thursday that its new ferry will cost 61 million crowns "
    "by the time it sails.",
    "Anna Holm, the mayor, told reporters that the yard had asked for more money twice since the spring.",
    "The harbour office had no comment on the date of the first crossing, which the plan put in May 2021.",
    "Islanders have waited for the ship since the Grey Linnet was taken out of service "
    "after a fire in her engine room.",
)
BODY = " ".join(LINES)
QUESTION = "What will the new ferry of Kestrel Bay cost?"


def wire(body: str = BODY, publisher: str = "Meridian Wire", published: str | None = "2020-03-05") -> Article:
    return article(
        body=body,
        title="Ferry costs more",
        publisher=publisher,
        published=published,
        origin=f"{publisher}-{published}",
    )


ORIGINAL = wire()
# House style and a line of its own in front, so that its passages and offsets are other ones.
COPY = wire(
    "This report came from an agency. "
    + BODY.replace("said on Thursday that", "said Thursday").replace("Grey Linnet", "Grey  Linnet"),
    "Coast Gazette",
    "2020-03-06",
)
OTHER_FIGURE = wire(BODY.replace("61 million", "67 million"), "Kestrel Bay Times", "2020-03-06")


@pytest.fixture
def assistant(library: Library) -> Assistant:
    for n, found in enumerate((ORIGINAL, COPY, OTHER_FIGURE)):
        library.add(found, "raw", str(n))
    for n in range(4):
        library.add(
            article(
                body=f"Otters swim in the bay and eat {n + 3} fish a day, the keepers say.", origin=f"{n}"
            ),
            "raw",
            f"o{n}",
        )
    return Assistant(Retriever(library=library), AnswerModel("none", None), Prompts())


def test_a_copy_is_also_in_and_another_figure_is_shown_beside(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION)
    by_figure = {
        figure: [item for item in answer.citations if figure in item.quote]
        for figure in ("61 million", "67 million")
    }
    (same,), (other,) = by_figure["61 million"], by_figure["67 million"]
    assert {same.article.publisher, *(copy.publisher for copy in same.also_in)} == {
        "Meridian Wire",
        "Coast Gazette",
    }
    assert other.article.publisher == "Kestrel Bay Times" and other.also_in == ()
    assert any("disagree" in warning for warning in answer.warnings)
    texts = [comparison_text(item.text) for item in answer.evidence]
    assert len(texts) == len(set(texts))
    (entry,) = [
        entry for entry in json.loads(json.dumps(answer.to_json()))["citations"] if "61" in entry["quote"]
    ]
    assert [copy["publisher"] for copy in entry["also_in"]] == [copy.publisher for copy in same.also_in]
    assert all({"also_in"} <= set(entry) for entry in answer.to_json()["evidence"])
    html = answer_html(answer, 0)
    assert html.count("also in") == sum(bool(item.also_in) for item in answer.citations)
    assert f"also in {same.also_in[0].dateline}" in html


def test_an_equal_sentence_of_a_report_with_another_figure_is_also_in_it(
    assistant: Assistant,
) -> None:
    answer = assistant.ask("Why was the Grey Linnet taken out of service?")
    (first, *_) = answer.citations
    assert "fire" in first.quote and len(first.also_in) == 2 and len(answer.citations) == 1


@pytest.mark.threat(
    "I6", n="4 copies", open="floods of near-copies that differ in a word, which are kept apart"
)
def test_copies_do_not_fill_the_list_of_hits(library: Library) -> None:
    papers = ("Meridian Wire", "Coast Gazette", "Northgate Ledger", "Civic Observer")
    for n, paper in enumerate(papers):
        library.add(
            wire(BODY + " " * n, paper), "raw", str(n)
        )  # one more blank makes it an article of its own
    library.add(article(body="The ferry of another town costs nothing at all."), "raw", "9")
    first, second = Retriever(library=library).search_text(QUESTION, 2)
    assert {first.passage.article.publisher, *(copy.article.publisher for copy in first.also_in)} == set(
        papers
    )
    assert "another town" in second.passage.text and second.also_in == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("61 million", "67 million"),
        ("May 2021", "June 2021"),
        ("Thursday", "Friday"),
        ("Anna Holm", "Eva Holm"),
        ("will cost", "will not cost"),
        ("will cost", "may cost"),
        ("asked for more", "asked for less"),
        ("twice", "three times"),
    ],
)
def test_any_material_difference_keeps_both(old: str, new: str) -> None:
    changed = wire(BODY.replace(old, new), "Coast Gazette")
    passages = [Passage(found, 0, len(found.body)) for found in (ORIGINAL, changed)]
    assert list(deduplicate_passages(passages, 5)) == [(0, ()), (1, ())]
    (line,) = [line for line in LINES if old in line]
    assert find_copies(ORIGINAL, line, [ORIGINAL, changed]) == ()
    rest = next(other for other in LINES if old not in other)
    assert find_copies(ORIGINAL, rest, [ORIGINAL, changed]) == (changed,)


def test_copies_are_of_another_paper_and_of_the_same_week() -> None:
    def shared(publisher: str, published: str | None) -> bool:
        other = wire(BODY + " ", publisher, published)
        passages = [Passage(found, 0, len(BODY)) for found in (ORIGINAL, other)]
        deduplicated = len(list(deduplicate_passages(passages, 5))) == 1
        assert deduplicated == bool(find_copies(ORIGINAL, LINES[0], [other]))
        return deduplicated

    assert (
        shared("Coast Gazette", "2020-03-12")
        and shared("Coast Gazette", "2020-02-27")
        and shared("Coast Gazette", None)
    )
    assert shared("Coast Gazette", "2020-03")
    assert (
        not shared("Coast Gazette", "2020-03-13")
        and not shared("Coast Gazette", "2019")
        and not shared("Meridian Wire", "2020-03-05")
    )


def test_a_sentence_that_is_the_same_by_chance_is_no_copy() -> None:
    short = "No one was hurt."
    first = wire(f"{short} {BODY}")
    second = wire(
        f"A lorry fell into the harbour of a far town on Sunday night. {short} Divers found it.",
        "Coast Gazette",
    )
    assert find_copies(first, short, [second]) == ()
    assert (
        len(
            list(
                deduplicate_passages([Passage(first, 0, len(short)), Passage(second, 61, 61 + len(short))], 5)
            )
        )
        == 2
    )


def test_a_longer_sentence_is_another_one() -> None:
    qualified = wire(BODY.replace("it sails.", "it sails if the council finds nobody else."), "Coast Gazette")
    assert find_copies(ORIGINAL, LINES[0], [qualified]) == ()


def test_long_articles_are_compared() -> None:
    long = " ".join(
        f"Sentence number {n} of this report speaks of {n * 7} boats and of the weather."
        for n in range(1_500)
    )
    articles = [wire(long + " " * n, f"Paper {n}") for n in range(8)]
    quote = "Sentence number 9 of this report speaks of 63 boats and of the weather."
    assert len(find_copies(articles[0], quote, articles)) == 7
