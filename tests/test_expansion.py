import pytest
from conftest import article

from embeddings.expansion import QueryExpansion
from embeddings.library import Library

BODIES = (
    "The International Security Assistance Force (ISAF) left the province. Soldiers of the coalition remained.",
    "The organisation paid two million crowns for the defence of the harbour.",
    "The Federal Harbour Administration said no. The FHA had said so before.",
    "ISIL took the town; others call it Daesh.",
)


@pytest.fixture
def wordings(library: Library) -> QueryExpansion:
    for n, body in enumerate(BODIES):
        library.add(article(body=body, title=f"News {n}"), "raw", str(n))
    return QueryExpansion(library.store)


@pytest.mark.parametrize(
    ("question", "added"),
    [
        ("Which slodiers stayed?", ["soldier"]),
        ("Who paid for the defense organization?", ["defence", "organisation"]),
        ("Was it 2 million?", ["two"]),
        ("What did ISAF leave?", ["international security assistance force"]),
        ("What did the Federal Harbour Administration say?", ["fha"]),
        ("Which town did ISIS take?", ["isil", "daesh"]),
        ("Who remained?", []),
        ("Did the otterfish remain?", []),
    ],
)
def test_other_wordings_are_those_that_articles_use(
    wordings: QueryExpansion, question: str, added: list[str]
) -> None:
    plain, others = (
        wordings.query(question, pairs=False, others=wanted).split(" OR ") for wanted in (False, True)
    )
    assert others[: len(plain)] == plain
    assert sorted(others[len(plain) :]) == sorted(f'"{word}"' for word in added)


def test_a_slip_still_finds_the_article(library: Library, wordings: QueryExpansion) -> None:
    found = library.search_by_words("Which slodiers stayed?", 3)
    assert library.passages([found[0][0]])[found[0][0]].article.body == BODIES[0]
    assert library.search_by_words("Which slodiers stayed?", 3, others=False) == []


def test_pairs_count_in_the_text_and_in_long_questions_in_headlines_too(wordings: QueryExpansion) -> None:
    assert (
        wordings.query("the Federal Harbour", others=False)
        == '"federal" OR "harbour" OR body : "federal harbour"'
    )
    assert '"federal harbour"' in wordings.query(
        "federal harbour a1 b2 c3 d4 e5 f6 g7 h8 i9", others=False
    ).split(" OR ")


def test_possessives_are_found_as_the_names_they_are(library: Library, wordings: QueryExpansion) -> None:
    assert library.search_by_words("What of ISAF's province?", 3) == library.search_by_words(
        "What of ISAF province?", 3, pairs=False
    )


def test_what_is_added_later_is_known(library: Library, wordings: QueryExpansion) -> None:
    assert library.search_by_words("otters", 3) == [] and library.idf("otter") > library.idf("harbour")
    library.add(article(body="Otters swim in the bay.", title="Otters"), "raw", "o")
    assert library.search_by_words("otters", 3) != []


def test_nothing_of_a_question_is_read_as_syntax(wordings: QueryExpansion, library: Library) -> None:
    for question in ('"', "body : x", "NEAR(a b)", "a* OR (", "ISAF) OR (", "title^2", "A" * 2000):
        library.search_by_words(question, 3)


def test_an_acronym_is_spelled_out_as_articles_that_hold_both_write_it(sample: Library) -> None:
    assert (
        sample.expand_acronyms("How has the cost of HS2 changed?")
        == "How has the cost of HS2 (High Speed 2) changed?"
    )
    assert (
        sample.expand_acronyms("What did the FAA, the Federal Aviation Administration, do?")
        == "What did the FAA, the Federal Aviation Administration, do?"
    )
    assert sample.expand_acronyms("What did the XQZ do?") == "What did the XQZ do?"
    found = [
        passage.article.headline
        for passage in sample.passages([n for n, _ in sample.search_by_words("the cost of HS2", 20)]).values()
    ]
    assert "High Speed 2 budget rises to 42.6 billion pounds" in found
