from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.quantities.numbers import parse_numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("4,000", [4000]), ("four thousand", [4000]), ("8.8 billion dollars", [8_800_000_000]), ("$1.5bn", [1_500_000_000]), ("one hundred and twenty-five", [125]),
        ("2 dozen", [24]), ("from 500 to 3,000", [500, 3000]), ("500-strong", [500]), ("eightfold", [8]), ("one option", []), ("3.41 million", [3_410_000]),
        ("sixty-one million", [61_000_000]), ("seasons seven and eight", [7, 8]), ("two nine-player teams", [2, 9]), ("304 m deep", [304]), ("£4m", [4_000_000]),
    ],
)  # fmt: skip
def test_figures_are_values_however_written(text: str, values: list[int]) -> None:
    assert [figure.value for figure in parse_numbers(text)] == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "unit", "bound"),
    [
        ("$300", "dollar", ""), ("300 dollars", "dollar", ""), ("US$300", "dollar", ""), ("€300", "euro", ""), ("300%", "percent", ""), ("300 per cent", "percent", ""),
        ("300 percentage points", "point", ""), ("the 3rd", "th", ""), ("the third", "th", ""), ("more than 300", "", "more"), ("at least $300", "dollar", "more"),
        ("300 or more", "", "more"), ("300+", "", "more"), ("up to 300", "", "less"), ("no more than 300", "", "less"), ("as many as 300", "", "less"),
        ("nearly 300", "", "about"), ("an estimated 300", "", "about"), ("300 or so", "", "about"), ("300 people", "", ""),
    ],
)  # fmt: skip
def test_units_and_bounds(text: str, unit: str, bound: str) -> None:
    (figure,) = parse_numbers(text)
    assert (figure.unit, figure.bound) == (unit, bound)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("between 5 and 7", ["range"] * 2),
        ("5-7 %", ["range"] * 2),
        ("about 5 to 7", ["about range"] * 2),
        ("from 5 to 7", ["", ""]),
        ("5 and 7", ["", ""]),
    ],
)
def test_ranges(text: str, bounds: list[str]) -> None:
    figures = parse_numbers(text)
    assert [figure.bound.split()[-1] if figure.bound else "" for figure in figures] == [
        bound.split()[-1] if bound else "" for bound in bounds
    ]
    assert len({figure.unit for figure in figures}) == 1


@given(st.integers(2, 10**9))
def test_separators_do_not_matter(value: int) -> None:
    assert (
        [figure.value for figure in parse_numbers(f"about {value:,} people")]
        == [value]
        == [f.value for f in parse_numbers(f"about {value} people")]
    )
