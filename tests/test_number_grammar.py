"""Numbers written by a grammar are parsed to what was written, and no change of one passes the checks."""

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from rag.quantities.numbers import parse_numbers
from rag.verification.verify import verify_statement

EXAMPLES, SEED = 100, 15
CURRENCIES = {
    "dollar": ("${}", "US${}", "{} dollars"),
    "hong kong dollar": ("HK${}", "{} Hong Kong dollars"),
    "australian dollar": ("A${}", "AU${}", "{} Australian dollars"),
    "euro": ("€{}", "{} euros", "EUR {}"),
    "pound": ("£{}", "{} pounds"),
    "percent": ("{}%", "{} %", "{} per cent", "{} percent"),
    "point": ("{} percentage points",),
    "": ("{}",),
}
SCALES = {1: ("",), 1_000: (" thousand",), 10**6: (" million",), 10**9: (" billion", "bn")}
BOUNDS = {
    "": ("{}",),
    "about": ("about {}", "around {}", "roughly {}", "nearly {}", "almost {}", "some {}", "an estimated {}"),
    "more than": ("more than {}", "over {}", "at least {}", "no fewer than {}", "in excess of {}"),
    "up to": ("up to {}", "at most {}", "no more than {}", "a maximum of {}"),
    "fewer than": ("fewer than {}", "less than {}", "under {}", "just short of {}"),
}
FRACTIONS = {
    "0.25": ("a quarter of a{}", "quarter of a{}"),
    "0.5": ("half a{}", "half-a-{}"),
    "0.75": ("three quarters of a{}",),
    "2.5": ("two and a half{}", "2½{}"),
}


@dataclass(frozen=True)
class Expression:
    """What a number says, in one of the ways in which it is written."""

    mantissa: Decimal
    scale: int
    negative: bool
    unit: str
    bound: str
    form: int  # picks one of the ways to write each part

    @property
    def value(self) -> Decimal:
        return (-1 if self.negative else 1) * self.mantissa * self.scale

    @property
    def is_fraction(self) -> bool:
        return str(self.mantissa) in FRACTIONS and self.scale > 1000 and self.form % 2 == 0

    def __str__(self) -> str:
        def pick(forms: tuple[str, ...]) -> str:
            return forms[self.form % len(forms)]

        unit = pick(CURRENCIES[self.unit])
        if self.is_fraction:
            scale = SCALES[self.scale][0]
            digits = pick(FRACTIONS[str(self.mantissa)]).format(scale).replace("- ", "-")
            unit = CURRENCIES[self.unit][-1]  # a symbol does not stand before words
        else:
            digits = f"{self.mantissa:,}{pick(SCALES[self.scale])}"
        before, after = unit.split("{}")
        sign = "" if not self.negative else "minus " if self.form % 2 == 0 else "-"
        return pick(BOUNDS[self.bound]).format(f"{sign}{before}{digits}{after}")


expressions = st.builds(
    Expression,
    mantissa=st.one_of(
        st.decimals(min_value=Decimal("1.1"), max_value=999, places=1).map(Decimal.normalize),
        st.integers(2, 999_999).map(Decimal),
        st.sampled_from(sorted(FRACTIONS)).map(Decimal),
    ),
    scale=st.sampled_from(sorted(SCALES)),
    negative=st.booleans(),
    unit=st.sampled_from(sorted(CURRENCIES)),
    bound=st.sampled_from(sorted(BOUNDS)),
    form=st.integers(0, 41),
).filter(lambda it: it.mantissa < 1000 or it.scale == 1)
SENTENCE = (
    "The audit of the yard in Halden put the yearly result at {} after the long repair of both ferries."
)
thorough = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def plain(mantissa: Decimal) -> Decimal:
    """Return a mantissa that is written without an exponent: Decimal("1E+2") is 100."""
    return Decimal(f"{mantissa:f}")


@seed(SEED)
@thorough
@given(expressions)
def test_what_is_written_is_parsed(expression: Expression) -> None:
    expression = replace(expression, mantissa=plain(expression.mantissa))
    (number,) = parse_numbers(SENTENCE.format(expression))
    assert (number.value, number.unit, number.bound) == (
        expression.value,
        expression.unit,
        expression.bound,
    ), str(expression)


@seed(SEED)
@thorough
@given(
    expressions,
    st.integers(2, 999),
    st.sampled_from(["between {} and {}", "{} to {}", "{}-{}", "from {} to {}"]),
)
def test_the_ends_of_what_is_written_are_parsed(low: Expression, more: int, form: str) -> None:
    low = replace(low, mantissa=plain(low.mantissa), bound="", negative=False)
    assume(not low.is_fraction and low.unit in ("", "percent", "dollar", "euro", "pound"))
    high = replace(low, mantissa=low.mantissa + more)
    assume(high.mantissa < 1000)
    numbers = parse_numbers(SENTENCE.format(form.format(low, high)))
    assert [number.value for number in numbers] == [low.value, high.value], form.format(low, high)
    assert {number.unit for number in numbers} == {low.unit}


@seed(SEED)
@thorough
@given(expressions, st.sampled_from(["value", "scale", "sign", "unit", "bound"]), expressions)
def test_any_change_of_a_number_is_caught(there: Expression, what: str, other: Expression) -> None:
    there, other = (replace(it, mantissa=plain(it.mantissa)) for it in (there, other))
    here = {
        "value": replace(there, mantissa=other.mantissa),
        "scale": replace(there, scale=other.scale),
        "sign": replace(there, negative=not there.negative),
        "unit": replace(there, unit=other.unit),
        "bound": replace(there, bound=other.bound),
    }[what]
    assume(here.mantissa < 1000 or here.scale == 1)
    assert verify_statement(SENTENCE.format(there), [SENTENCE.format(there)]) == []
    meant = (there.value, there.unit, there.bound.replace("fewer than", "up to"))
    if (here.value, here.unit, here.bound.replace("fewer than", "up to")) != meant:
        assert verify_statement(SENTENCE.format(here), [SENTENCE.format(there)]), (str(here), str(there))


@seed(SEED)
@thorough
@given(expressions, st.integers(0, 41))
def test_another_way_to_write_a_number_passes(there: Expression, form: int) -> None:
    there = replace(there, mantissa=plain(there.mantissa))
    here = replace(there, form=form)
    assert verify_statement(SENTENCE.format(here), [SENTENCE.format(there)]) == [], (str(here), str(there))
