import pytest

from rag.query.decomposition import decompose
from rag.query.parts import split_question

PAPERS = ("Northgate Ledger", "Meridian Wire", "Continental Dispatch")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "Who paid for the pier, and when did it open?",
            ("Who paid for the pier?", "when did it open? (paid for the pier)"),
        ),
        (
            "Who paid for the pier, for how much and why?",
            ("Who paid for the pier?", "for how much? (paid for the pier)", "why? (paid for the pier)"),
        ),
        (
            "How did the wardens and the owners differ over the fence?",
            ("what did the wardens say about the fence?", "what did the owners say about the fence?"),
        ),
        (
            "In 2019, what did the mayor and the bishop each give as the reason?",
            (
                "In 2019, what did the mayor give as the reason?",
                "In 2019, what did the bishop give as the reason?",
            ),
        ),
        ("In which year and by whom was it founded?", None),
        ("What do the rules say and mean?", None),
        ("Who said that the man who paid and the woman were cousins?", None),
        ("Why did the trade and industry committee resign?", None),
    ],
)
def test_a_question_for_several_things_becomes_one_for_each(
    question: str, asked: tuple[str, ...] | None
) -> None:
    found = decompose(question, split_question(question))
    assert tuple(part.text for part in found) == (asked or (question,))


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "Does the Meridian Wire say that the yard was chosen, "
            "while the Continental Dispatch reports that the airport opened late?",
            [
                ("Does say that the yard was chosen", "Meridian Wire"),
                ("that the airport opened late?", "Continental Dispatch"),
            ],
        ),
        (
            "Do the Northgate Ledger and the Meridian Wire agree on what HS2 will cost?",
            [
                ("Do and agree on what HS2 will cost?", "Northgate Ledger"),
                ("Do and agree on what HS2 will cost?", "Meridian Wire"),
            ],
        ),
        ("What did the Meridian Wire say of HS2?", None),
    ],
)
def test_each_publisher_that_is_named_is_asked_on_its_own(
    question: str, asked: list[tuple[str, str]] | None
) -> None:
    found = decompose(question, split_question(question, PAPERS))
    assert [(part.text, *part.sources.publishers) for part in found] == (asked or [(question,)])
