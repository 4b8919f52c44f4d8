from collections.abc import Iterator
from decimal import Decimal

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from corpus.passages import sentence_spans
from rag.quantities.numbers import parse_numbers
from rag.quantities.quantities import parse_quantities
from rag.verification.claims import parse_claim


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("4,000", [4000]), ("four thousand", [4000]), ("8.8 billion dollars", [8_800_000_000]), ("$1.5bn", [1_500_000_000]), ("one hundred and twenty-five", [125]),
        ("2 dozen", [24]), ("from 500 to 3,000", [500, 3000]), ("500-strong", [500]), ("eightfold", [8]), ("one option", []), ("3.41 million", [3_410_000]),
        ("sixty-one million", [61_000_000]), ("seasons seven and eight", [7, 8]), ("two nine-player teams", [2, 9]), ("304 m deep", [304]), ("£4m", [4_000_000]),
        ("a dozen eggs", [12]), ("two thousand and five men", [2005]), ("forty-two point six billion", [42_600_000_000]), ("the 20-second rule", [20]),
        ("the twenty-first century", [21]), ("5½ hours", ["5.5"]), ("two and a half hours", ["2.5"]), ("two-and-a-half-year", ["2.5"]),
    ],
)  # fmt: skip
def test_numbers_have_one_value_however_written(text: str, values: list[int | str]) -> None:
    assert [number.value for number in parse_numbers(text)] == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Half a million people fled.", [500_000]), ("half-a-million", [500_000]), ("a quarter of a million people", [250_000]),
        ("three quarters of a million", [750_000]), ("half a dozen", [6]), ("two and a half million", [2_500_000]), ("3 and a half million", [3_500_000]),
        ("a million and a half", [1_500_000]), ("minus 5 degrees", [-5]), ("at -5 degrees", [-5]), ("(-3.5)", ["-3.5"]), ("-$5 million", [-5_000_000]),
        ("between 5 and 7 million", [5_000_000, 7_000_000]), ("from $2 to $3 billion", [2 * 10**9, 3 * 10**9]), ("one to two million", [10**6, 2 * 10**6]),
        ("$100,000 to $10 million", [100_000, 10_000_000]), ("5 -7 %", [5, 7]), ("2019-20", [2019, 20]), ("on-5", [5]),
        ("a 5m wall", [5]), ("the 100m sprint", [100]), ("a 2.5m charging cable", ["2.5"]), ("5m high walls", [5]), ("(2m) light strip", [2]),
        ("5m people", [5_000_000]), ("5m euros", [5_000_000]), ("$5m", [5_000_000]), ("110M installs", [110_000_000]),
    ],
)  # fmt: skip
def test_fractions_signs_shared_scales_and_metres(text: str, values: list[int | str]) -> None:
    assert [number.value for number in parse_numbers(text)] == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "unit", "bound"),
    [
        ("$300", "dollar", ""), ("300 dollars", "dollar", ""), ("US$300", "dollar", ""), ("€300", "euro", ""), ("300%", "percent", ""), ("300 per cent", "percent", ""),
        ("300 percentage points", "point", ""), ("the 3rd", "ordinal", ""), ("the third", "ordinal", ""), ("more than 300", "", "more than"), ("at least $300", "dollar", "more than"),
        ("300 or more", "", "more than"), ("300+", "", "more than"), ("up to 300", "", "up to"), ("no more than 300", "", "up to"), ("as many as 300", "", "up to"),
        ("nearly 300", "", "about"), ("an estimated 300", "", "about"), ("300 or so", "", "about"), ("300 people", "", ""), ("fewer than 300", "", "fewer than"),
        ("HK$300", "hong kong dollar", ""), ("300 Hong Kong dollars", "hong kong dollar", ""), ("A$300", "australian dollar", ""), ("R$300", "", ""),
        ("Amazon$300", "dollar", ""), ("$300 plus tax", "dollar", ""), ("300 + tax", "", ""), ("300-plus people", "", "more than"), ("over 25 years", "", ""), ("over 25 ships", "", "more than"),
        ("just over 25 years", "", "more than"), ("passed 300", "", "more than"), ("capped at 300", "", "up to"), ("below minus 300", "", "fewer than"),
        ("it spans over 180 minutes", "", "more than"), ("it grew over 25 years", "", ""), ("over 10 times longer", "", "more than"), ("not quite 300", "", "fewer than"),
        ("barely 300", "", "about"),
    ],
)  # fmt: skip
def test_units_and_bounds(text: str, unit: str, bound: str) -> None:
    (number,) = parse_numbers(text)
    assert (number.unit, number.bound) == (unit, bound)


@pytest.mark.parametrize(
    ("text", "bound", "is_range"),
    [
        ("between 5 and 7", "", True),
        ("between about 5 and 7", "about", True),
        ("5-7 %", "", True),
        ("about 5 to 7", "about", True),
        ("$5-7", "", True),
        ("from 5 to 7", "", False),
        ("from $5 to $7", "", False),
        ("5 and 7", "", False),
        ("5 - $7", "", False),
        ("5% to $7", "", False),
    ],
)
def test_ranges_and_changes(text: str, bound: str, is_range: bool) -> None:
    numbers = parse_numbers(text)
    assert [number.bound for number in numbers] == [bound] * 2
    assert [number.range_part for number in numbers] == (["low", "high"] if is_range else ["", ""])
    assert len({number.unit for number in numbers}) == 1 or not is_range


def test_the_ends_of_ranges_come_in_pairs() -> None:
    assert [number.range_part for number in parse_numbers("2018-02-13, then 5-7 and 8")] == [
        "low",
        "high",
        "",
        "low",
        "high",
        "",
    ]


def test_a_phrase_covers_the_words_of_its_bound() -> None:
    def phrases(text: str) -> list[str]:
        return [text[number.phrase_start : number.phrase_end] for number in parse_numbers(text)]

    assert phrases("It sent more than 300 and then 40 or more; it exceeds 500.") == [
        "more than 300",
        "40 or more",
        "500",
    ]
    assert phrases("It takes between 5 and 7 days.") == ["between 5", "7"]


@given(st.integers(2, 10**9))
def test_separators_do_not_matter(value: int) -> None:
    assert (
        [number.value for number in parse_numbers(f"about {value:,} people")]
        == [value]
        == [number.value for number in parse_numbers(f"about {value} people")]
    )


SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def spelled(value: int) -> str:
    """Write a whole number below 10**12 in English words; independent of the parser."""
    for scale, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if value >= scale:
            rest = value % scale
            joint = "" if not rest else " and " if rest < 100 else " "
            return f"{spelled(value // scale)} {name}{joint}{spelled(rest) if rest else ''}"
    if value >= 100:
        rest = value % 100
        return f"{SMALL[value // 100]} hundred" + (f" and {spelled(rest)}" if rest else "")
    if value >= 20:
        return TENS[value // 10 - 2] + (f"-{SMALL[value % 10]}" if value % 10 else "")
    return SMALL[value]


@given(st.integers(2, 10**12 - 1))
def test_numbers_in_words_and_in_digits_are_the_same(value: int) -> None:
    assert [number.value for number in parse_numbers(f"They counted {spelled(value)}.")] == [value]


expressions = st.tuples(
    st.sampled_from(["", "minus ", "-"]),
    st.sampled_from(["", "$", "HK$", "€", "£"]),
    st.decimals(min_value=Decimal("0.1"), max_value=999, places=1),
    st.sampled_from([("", 1), (" thousand", 1000), (" million", 10**6), ("bn", 10**9)]),
    st.sampled_from(
        [
            ("", ""),
            ("about ", "about"),
            ("more than ", "more than"),
            ("up to ", "up to"),
            ("fewer than ", "fewer than"),
        ]
    ),
)
UNITS = {"": "", "$": "dollar", "HK$": "hong kong dollar", "€": "euro", "£": "pound"}


@given(expressions)
def test_what_is_written_is_parsed(
    expression: tuple[str, str, Decimal, tuple[str, int], tuple[str, str]],
) -> None:
    sign, symbol, mantissa, (scale, factor), (words, bound) = expression
    (number,) = parse_numbers(f"It came to {words}{sign}{symbol}{mantissa}{scale}.")
    assert number.value == (-1 if sign else 1) * mantissa * factor
    assert (number.unit, number.bound) == (UNITS[symbol], bound)


@given(expressions, expressions)
def test_a_range_has_two_ends(first: tuple, second: tuple) -> None:  # type: ignore[type-arg]
    low, high = sorted((first[2], second[2]))
    scale, factor = second[3]
    numbers = parse_numbers(f"It took between {low} and {high}{scale}.")
    assert [number.value for number in numbers] == [low * factor, high * factor]
    assert [number.range_part for number in numbers] == ["low", "high"]


def sample_sentences() -> Iterator[str]:
    for file in sorted((ROOT / "corpus/articles").iterdir()):
        text = file.read_text(encoding="utf-8")
        yield from (text[start:end] for start, end in sentence_spans(text))


def test_quantities_and_claims_read_every_number_of_the_sample_alike() -> None:
    """All readers of numbers are built on one parse: none has a value, a bound or a place of its own."""
    for sentence in sample_sentences():
        numbers = {(number.start, number.end): number for number in parse_numbers(sentence)}
        tokens = [token.number for token in parse_claim(sentence).tokens if token.number]
        assert tokens == list(numbers.values()), sentence
        for quantity in parse_quantities(sentence):
            inside = [n for n in numbers.values() if quantity.start <= n.start and n.end <= quantity.end]
            assert inside and {quantity.low, quantity.high} == {n.value for n in inside}, (sentence, quantity)
            assert quantity.bound == inside[0].bound or (
                quantity.bound == "range" and inside[0].range_part
            ), sentence


HOSTILE = [
    "one " * 25_000,
    "1," * 50_000,
    "a quarter of " * 8_000,
    "and a half " * 9_000,
    "from 1 to " * 10_000,
    "minus " * 20_000,
    "$" * 100_000,
    "5m " * 30_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].strip())
def test_hostile_text_is_parsed(text: str) -> None:
    """Where a pattern blows up, this takes hours; `test_linear_time.py` compares the work at two lengths."""
    assert all(0 <= number.start < number.end <= len(text) for number in parse_numbers(text))
