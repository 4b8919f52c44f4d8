from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.verify import figures, names, reasons_against, support

SOURCE = "NATO defence ministers agreed on Thursday that a force of about 500 may rise to around 4,000, but it will not provide troops for combat, Jens Stoltenberg said."


@pytest.mark.parametrize(
    "statement",
    [
        "The force may rise from 500 to 4,000.",
        "NATO ministers agreed that the force may rise to around four thousand.",
        "According to Meridian Wire, the force of about 500 may rise to around 4,000.",
        "The force will not provide troops for combat, Stoltenberg said.",
        SOURCE,
    ],
)
def test_what_the_source_says_passes(statement: str) -> None:
    assert reasons_against(statement, [SOURCE], ["NATO to grow in Iraq"], ["Meridian Wire"]) == []


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("The force may rise to around 40,000.", "figure 40,000"),
        ("The force may rise to around 4,000 by 2023.", "figure 2,023"),
        ("The force may rise to around 4,000, Donald Tusk said.", 'name "tusk"'),
        ("The force will provide troops for combat.", "one denies"),
        ("Ministers said “a great day for the force”.", "quoted words"),
        ("The force eats breakfast in large tents every morning.", "of its words"),
        ("The force may rise to around 4,000, while the Germans pay for the fuel and food.", "name"),
        ("The force of about 500 may rise, and the parliament voted against the budget yesterday.", "of its words"),
    ],
)
def test_what_it_does_not_say_fails_and_why_is_told(statement: str, why: str) -> None:
    assert any(why in reason for reason in reasons_against(statement, [SOURCE], ["NATO to grow in Iraq"], ["Meridian Wire"]))


def test_a_publisher_or_a_date_is_lent_to_no_claim() -> None:
    assert reasons_against("The Halden Post may rise to around 4,000.", [SOURCE], [], ["The Halden Post"])
    assert reasons_against("In 2021 the force may rise to around 4,000.", [SOURCE], [], [])


def test_without_a_source_nothing_is_supported() -> None:
    assert reasons_against("Anything.", []) == ["no source is cited"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("4,000", [4000]), ("four thousand", [4000]), ("8.8 billion dollars", [8_800_000_000]), ("$1.5bn", [1_500_000_000]), ("one hundred and twenty-five", [125]),
        ("2 dozen", [24]), ("from 500 to 3,000", [500, 3000]), ("500-strong", [500]), ("eightfold", [8]), ("one option", []), ("3.41 million", [3_410_000]), ("sixty-one million", [61_000_000]),
    ],
)  # fmt: skip
def test_figures_are_values_however_written(text: str, values: list[int]) -> None:
    assert sorted(figures(text)) == sorted(Decimal(value) for value in values)


@given(st.integers(2, 10**9))
def test_separators_do_not_matter(value: int) -> None:
    assert figures(f"about {value:,} people") == figures(f"about {value} people") == {Decimal(value)}


def test_names_leave_months_and_first_words_out() -> None:
    assert names("Later in March, the mayor of Kestrel Bay met Anna. Then she left.") == {"kestrel", "bay", "anna"}


def test_support_is_a_share() -> None:
    assert support("The council approved the ferry", "A ferry was approved.") == pytest.approx(2 / 3)
    assert support("", "anything") == 1.0


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "1" * 100_000, "one " * 25_000, "A " * 50_000, "“" * 100_000, ", and " * 20_000, "1," * 50_000]
)
def test_no_pattern_blows_up(text: str) -> None:
    import time

    began = time.process_time()
    reasons_against(text, [text])
    assert time.process_time() - began < 20
