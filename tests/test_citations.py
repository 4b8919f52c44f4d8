import pytest
from conftest import article
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.passages import Passage
from rag.retrieval.evidence import Evidence
from rag.verification.citations import (
    Draft,
    find_support,
    number_citations,
    parse_drafts,
    parse_extractive_answer,
    visible_text,
)


def evidence(body: str, **fields: object) -> Evidence:
    return Evidence(Passage(article(body=body, **fields), 0, len(body)), 0, len(body), 1.0, 20.0)


FERRY = evidence("The ferry will cost 34 million crowns.")
QUAY = evidence("The quay was built in 1961 by Corvane.", title="Quay")


@pytest.mark.parametrize(
    "marker", ["[1]", " [1]", "【1】", "［1］", "(1)", "[source 1]", "(source 1)", "[Sources 1]", " [ 1 ]"]
)
def test_markers_in_all_their_forms(marker: str) -> None:
    assert parse_drafts(f"It costs 34 million{marker}.") == [Draft("It costs 34 million.", (1,))]
    assert parse_drafts(f"It costs 34 million.{marker} It sails.") == [
        Draft("It costs 34 million.", (1,)),
        Draft("It sails.", ()),
    ]


@pytest.mark.parametrize(
    ("marker", "numbers"),
    [
        ("[1, 2]", (1, 2)),
        ("[1][3]", (1, 3)),
        ("[1-3]", (1, 2, 3)),
        ("[2 and 1]", (2, 1)),
        ("(1, 2)", (1, 2)),
        ("[1,1]", (1,)),
        ("[1, 3-5]", (1, 3, 4, 5)),
        ("[1-2, 4–5; 7]", (1, 2, 4, 5, 7)),
        ("[3-1]", (3, 1)),
        ("(2) (1)", (2, 1)),
        ("(2)[1]", (2, 1)),
    ],
)
def test_markers_with_several_numbers(marker: str, numbers: tuple[int, ...]) -> None:
    assert parse_drafts(f"It costs 34 million {marker}.") == [Draft("It costs 34 million.", numbers)]


def test_years_and_lists_are_not_markers() -> None:
    assert parse_drafts("It opened (2012) with 3 [sic] gates.") == [
        Draft("It opened (2012) with 3 [sic] gates.", ())
    ]
    assert (
        parse_drafts("Answer: It sails.") == [Draft("It sails.", ())]
        and parse_drafts(" [1] ") == []
        and parse_drafts("") == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "Bellingham (21) scored.",
        "Kane (31) and Saka (22, on loan) scored (2-1).",
        "Rule (4) bans it.",
        "The winner was Bellingham (21).",
    ],
)
def test_numbers_of_the_text_in_round_brackets_are_not_markers(text: str) -> None:
    assert parse_drafts(f"{text} It rained [2].", sources=8) == [Draft(text, ()), Draft("It rained.", (2,))]
    assert parse_drafts(f"{text[:-1]} [1].", sources=8) == [Draft(text, (1,))]


@example("[【1】")
@example("[1[2]]")
@given(st.text("ab [(1,2)]【】. ", max_size=60))
def test_visible_text_never_has_a_marker(text: str) -> None:
    for end in range(len(text) + 1):
        shown = visible_text(text[:end])
        assert "[1]" not in shown and "【1】" not in shown and not shown.endswith(("[1", "[", "【2"))


def test_a_right_marker_is_kept_and_a_wrong_or_missing_one_is_corrected() -> None:
    both = [QUAY, FERRY]
    for numbers in ((2,), (1,), (), (9,)):
        assert find_support(Draft("The ferry will cost 34 million crowns.", numbers), both) == ([FERRY], [])


def test_a_wrong_statement_is_not_corrected() -> None:
    cited, reasons = find_support(Draft("The ferry will cost 43 million crowns.", (2,)), [QUAY, FERRY])
    assert cited == [] and reasons == ["the figure 43,000,000 is not in the source"]


def test_two_sentences_may_support_one_statement_together() -> None:
    draft = Draft("The ferry will cost 34 million crowns, and the quay was built in 1961.", (1, 2))
    assert find_support(draft, [FERRY, QUAY]) == ([FERRY, QUAY], [])
    assert find_support(Draft(draft.text, (1,)), [FERRY, QUAY])[0] == []


def test_numbers_follow_first_use_and_one_sentence_keeps_one_number() -> None:
    first, second, third = number_citations(
        [("a", [QUAY], "supported"), ("b", [FERRY, QUAY], "supported"), ("c", [FERRY], "quoted")]
    )
    assert [[citation.number for citation in item.citations] for item in (first, second, third)] == [
        [1],
        [2, 1],
        [2],
    ]
    assert all(citation.verified and citation.quote == citation.article.body for citation in second.citations)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("[1] 34 million crowns", [(FERRY, "34 million crowns")]),
        ("[2] 34 million crowns", [(FERRY, "34 million crowns")]),  # the words correct a wrong number
        ("[7] 34 million crowns.", [(FERRY, "34 million crowns")]),
        ("[1] 43 million crowns", [(FERRY, "")]),  # wrong words are not shown, whatever they say
        ("[1] 4 million crowns", [(FERRY, "")]),
        ("[1]", [(FERRY, "")]),
        ("[2] 1961\n[1] 34 million", [(QUAY, "1961"), (FERRY, "34 million")]),
        ("[2] 1961\n[2] Corvane", [(QUAY, "1961")]),
        ("[7] 43 million crowns", []),
        ("34 million crowns", []),
        ("[0]", []),
        ("", []),
    ],
)
def test_extractive_answers(written: str, found: list[tuple[Evidence, str]]) -> None:
    assert parse_extractive_answer(written, [FERRY, QUAY]) == found


@given(st.text(alphabet="1 34million[]\n.,(*+", max_size=30))
def test_extracted_words_are_in_their_sentence(written: str) -> None:
    for item, words in parse_extractive_answer(written, [FERRY, QUAY]):
        assert item in (FERRY, QUAY) and words in item.text
