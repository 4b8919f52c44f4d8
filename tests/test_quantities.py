from decimal import Decimal

import pytest

from corpus.article import PartialDate
from rag.quantities.quantities import date_quantities, parse_quantities
from rag.quantities.units import unit_of

FEBRUARY_2021 = PartialDate(2021, 2, 19)


def read(sentence: str) -> list[tuple[str, str]]:
    return [(quantity.text, quantity.unit) for quantity in parse_quantities(sentence, FEBRUARY_2021)]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        (
            "The Pentagon had 5,200 troops there; by January it had 2,500.",
            [("5,200 troops", "people"), ("2,500", "people")],
        ),
        (
            "It adopted the scheme at 34 million crowns and now puts it at 63 million.",
            [("34 million crowns", "money"), ("63 million", "money")],
        ),
        ("The bill is $8.8 billion, or €7.5bn.", [("$8.8 billion", "money"), ("€7.5bn", "money")]),
        (
            "A 500-strong mission with four Griffon helicopters.",
            [("500-strong", "people"), ("four Griffon helicopters", "helicopt")],
        ),
        ("It covered 3.41 million square kilometres.", [("3.41 million square kilometres", "area")]),
        (
            "The lake holds 74 billion cubic metres behind a wall 170 metres high.",
            [("74 billion cubic metres", "volume"), ("170 metres", "length")],
        ),
        (
            "The station is rated at 5,150 megawatts and is 84 per cent complete.",
            [("5,150 megawatts", "power"), ("84 per cent", "percent")],
        ),
        ("Twenty-one ships took twelve hours.", [("Twenty-one ships", "ship"), ("twelve hours", "time")]),
        ("The river is 6 m deep.", [("6 m", "length")]),
    ],
)
def test_amounts_with_their_units(sentence: str, found: list[tuple[str, str]]) -> None:
    assert read(sentence) == found


@pytest.mark.parametrize(
    "sentence",
    [
        "It was signed on 12 July 2018, and again on February 3.",
        "In 2018 troops left; by 2020 others came.",
        "The 1990s and 2019-20 were quiet.",
        "Flight 302 of the Boeing 737 MAX 8 left at 8.38 a.m. or at 9:15.",
        "Phase 2 ends at Terminal 5, on page 84.",
        "The date moved from the 18th to the 22nd.",
        "They set off at twenty to seven in the morning.",
        "The two said that no one of them knew.",
    ],
)
def test_dates_times_and_names_are_no_amounts(sentence: str) -> None:
    assert read(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "bound", "low", "high"),
    [
        ("Fewer than 20 people came.", "fewer than", 20, 20),
        ("It may cost as much as 45 billion pounds.", "up to", 45 * 10**9, 45 * 10**9),
        ("More than 2.5 billion dollars were paid.", "more than", 2_500_000_000, 2_500_000_000),
        ("Roughly 5,200 troops stay.", "about", 5_200, 5_200),
        ("It needs 35 to 45 billion pounds.", "range", 35 * 10**9, 45 * 10**9),
        ("It needs between 72 and 78 billion pounds.", "range", 72 * 10**9, 78 * 10**9),
        ("It takes ten to 15 years.", "range", 10, 15),
        ("Pledges passed 700 million euros.", "more than", 700_000_000, 700_000_000),
        ("A ticket costs 3.60 crowns.", "", Decimal("3.60"), Decimal("3.60")),
    ],
)
def test_bounds_and_ranges(sentence: str, bound: str, low: int, high: int) -> None:
    (found,) = parse_quantities(sentence)
    assert (found.bound, found.low, found.high) == (bound, low, high)
    assert sentence[found.start : found.end] == found.text


def test_a_change_is_two_amounts_not_a_range() -> None:
    assert [
        quantity.high for quantity in parse_quantities("It grew eightfold, from 500 soldiers to 4,000.")
    ] == [
        500,
        4_000,
    ]
    assert [quantity.high for quantity in parse_quantities("It climbed from 2 to 6 billion euros.")][
        -1
    ] == 6 * 10**9


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("In 2018 the mission had 20 people.", "2018"),
        ("The mission had 20 people in September 2018.", "2018-09"),
        ("It had 20 people in May.", "2020-05"),
        ("Washington had 5,200 troops there a year ago.", "2020"),
        ("The mission has 500 people.", None),
        ("It should fly on 30 March 2021 and will cost 9.66 billion dollars.", None),
        ("A report puts it at 107 billion pounds in 2019 prices.", None),
        ("In 2016 it was planned, and the council now pays 63 million crowns.", None),
    ],
)
def test_the_day_that_an_amount_refers_to(sentence: str, day: str | None) -> None:
    found = parse_quantities(sentence, FEBRUARY_2021)[-1].day
    assert (str(found) if found else None) == day


@pytest.mark.parametrize(
    ("sentence", "stage"),
    [
        ("They agreed that the force may rise to 4,000 people.", "announced"),
        ("The reservoir is to hold 74 billion cubic metres.", "planned"),
        ("The line, due to open in May, is due to have 40 stations.", "planned"),
        ("Six deaths have been reported due to the rain.", "actual"),
        ("The bill could reach 106 billion pounds.", "estimated"),
        ("The mission has 500 people.", "actual"),
        ("The ferry was to be ready by then, but the work has cost 63 million crowns.", "actual"),
    ],
)
def test_stages_of_amounts(sentence: str, stage: str) -> None:
    assert parse_quantities(sentence)[-1].stage == stage


def test_amounts_that_can_both_be_true_are_compatible() -> None:
    one, about, most, other, share = (
        parse_quantities(text)[0]
        for text in (
            "500 people",
            "about 510 people",
            "up to 600 people",
            "750 people",
            "at least 300 people",
        )
    )
    assert (
        one.compatible_with(about)
        and one.compatible_with(most)
        and one.compatible_with(share)
        and share.compatible_with(other)
    )
    assert not one.compatible_with(other) and not most.compatible_with(other)


def test_units_of_nouns() -> None:
    assert [unit_of(noun) for noun in ("years", "per cent", "Dutch soldiers", "ferries")] == [
        "time",
        "percent",
        "people",
        "ferri",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 50_000,
        "from " * 20_000,
        "a, " * 33_000,
        "9" * 100_000,
        "one hundred and " * 7_000,
        "In 2018 " * 12_000,
    ],
)
def test_an_endless_sentence_is_parsed(text: str) -> None:
    """Where a pattern blows up, this takes hours; `test_linear_time.py` compares the work at two lengths."""
    parse_quantities(text, FEBRUARY_2021)


def test_dates_as_quantities() -> None:
    found = date_quantities(
        "Due in March 2021, it is now to fly on 31 October 2021 or in the spring of 2022, not in 2018-19."
    )
    assert [quantity.text for quantity in found] == ["March 2021", "31 October 2021", "spring of 2022"] and {
        q.unit for q in found
    } == {"date"}


@pytest.mark.parametrize(
    ("sentence", "stage"),
    [
        ("The idea is for the wardens, who run a 300-strong patrol, to look after the pier too.", "actual"),
        ("It will cost less than the pier has at the moment with 1,200 visitors.", "actual"),
        ("The first phase may now cost as much as 45 billion pounds.", "estimated"),
        ("The council plans a school, which will cost 4 million pounds.", "planned"),
    ],
)
def test_a_relative_clause_has_a_stage_of_its_own(sentence: str, stage: str) -> None:
    assert [quantity.stage for quantity in parse_quantities(sentence)] == [stage]


def test_a_day_without_a_year_is_the_nearest_to_the_publication() -> None:
    def day(sentence: str, published: PartialDate) -> str:
        return str(parse_quantities(sentence, published)[0].day)

    assert (
        day("On September 15 the ice covered 3.74 million square kilometres.", PartialDate(2020, 9, 22))
        == "2020-09-15"
    )
    assert day("On 28 December it had 12 ships.", PartialDate(2020, 1, 3)) == "2019-12-28"
    assert day("It will have 12 ships by January 5.", PartialDate(2019, 12, 28)) == "2020-01-05"
    assert (
        day("By 31 June it had 12 ships.", PartialDate(2020, 6, 3))
        == day("It had 12 ships.", PartialDate(2020))
        == "None"
    )


def test_a_decimal_in_words_is_one_quantity() -> None:
    (quantity,) = parse_quantities("Forty-two point six billion pounds is the new price.")
    assert (quantity.text, quantity.high, quantity.unit) == (
        "Forty-two point six billion pounds",
        42_600_000_000,
        "money",
    )
    assert [q.text for q in parse_quantities("At this point six people left.")] == ["six people"]
