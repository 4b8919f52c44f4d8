import pytest
from conftest import article

from embeddings.library import Library
from rag.retrieval.expansion import QueryExpansion

BODIES = (
    "The International Security Assistance Force (ISAF) left the province. "
    "Soldiers of the coalition remained.",
    "The organisation paid two million crowns for the defence of the harbour.",
    "The Federal Harbour Administration said no. The FHA had said so before.",
    "ISIL took the town; others call it Daesh.",
)


@pytest.fixture
def expansion(library: Library) -> QueryExpansion:
    for n, body in enumerate(BODIES):
        library.add(article(body=body, title=f"News {n}"), "raw", str(n))
    return QueryExpansion(library)


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
def test_variants_are_words_that_occur_in_the_articles(
    expansion: QueryExpansion, question: str, added: list[str]
) -> None:
    plain, expanded = (
        expansion.fts_query(question, bigrams=False, variants=variants).split(" OR ")
        for variants in (False, True)
    )
    assert expanded[: len(plain)] == plain
    assert sorted(expanded[len(plain) :]) == sorted(f'"{word}"' for word in added)


def test_a_typing_error_still_finds_the_article(library: Library, expansion: QueryExpansion) -> None:
    question = "Which slodiers stayed?"
    [(number, _)] = library.search_by_words(expansion.fts_query(question), 3)[:1]
    assert library.passages([number])[number].article.body == BODIES[0]
    assert library.search_by_words(expansion.fts_query(question, variants=False), 3) == []


def test_bigrams_are_searched_in_bodies_and_for_long_questions_in_headlines_too(
    expansion: QueryExpansion,
) -> None:
    short = expansion.fts_query("the Federal Harbour", variants=False)
    assert short == '"federal" OR "harbour" OR body : "federal harbour"'
    long = expansion.fts_query("federal harbour a1 b2 c3 d4 e5 f6 g7 h8 i9", variants=False)
    assert '"federal harbour"' in long.split(" OR ")


def test_possessives_match_the_names_without_them(library: Library, expansion: QueryExpansion) -> None:
    possessive = expansion.fts_query("What of ISAF's province?")
    plain = expansion.fts_query("What of ISAF province?", bigrams=False)
    assert library.search_by_words(possessive, 3) == library.search_by_words(plain, 3)


def test_long_forms_follow_the_collection(library: Library, expansion: QueryExpansion) -> None:
    assert expansion.expand_acronyms("the KBF") == "the KBF"
    library.add(article(body="The Kestrel Bay Ferry (KBF) sailed.", title="Ferry"), "raw", "f")
    assert expansion.expand_acronyms("the KBF") == "the KBF (Kestrel Bay Ferry)"


def test_words_and_idf_follow_the_collection(library: Library, expansion: QueryExpansion) -> None:
    query = expansion.fts_query("otters")
    assert library.search_by_words(query, 3) == [] and library.idf("otter") > library.idf("harbour")
    library.add(article(body="Otters swim in the bay.", title="Otters"), "raw", "o")
    assert library.search_by_words(query, 3) != []


def test_nothing_in_a_question_is_read_as_query_syntax(library: Library, expansion: QueryExpansion) -> None:
    for question in ('"', "body : x", "NEAR(a b)", "a* OR (", "ISAF) OR (", "title^2", "A" * 2000):
        library.search_by_words(expansion.fts_query(question), 3)
    assert expansion.fts_query("is the of") == ""
    assert library.search_by_words(expansion.fts_query('"); DROP TABLE'), 2) == []


def test_acronyms_are_expanded_as_the_articles_write_them(sample: Library) -> None:
    expansion = QueryExpansion(sample)
    question = "How has the cost of HS2 changed?"
    assert expansion.expand_acronyms(question) == "How has the cost of HS2 (High Speed 2) changed?"
    for unchanged in (
        "What did the FAA, the Federal Aviation Administration, do?",
        "What did the XQZ do?",
    ):
        assert expansion.expand_acronyms(unchanged) == unchanged
    hits = sample.search_by_words(expansion.fts_query("the cost of HS2"), 20)
    headlines = [passage.article.headline for passage in sample.passages([n for n, _ in hits]).values()]
    assert "High Speed 2 budget rises to 42.6 billion pounds" in headlines
