import pytest

from rag.query.answer_type import amount_filter, asks_amount, asks_date, requested_unit


@pytest.mark.parametrize(
    ("question", "unit"),
    [
        ("How many helicopters will Canada send?", "helicopt"),
        ("the number of American troops in Iraq ?", "people"),
        ("What is the current price of a ticket?", "money"),
        ("the share of the dam that is built ?", "percent"),
        ("How much of the dam is complete now?", "percent"),
        ("for how many years will there be fuel?", "time"),
        ("the capacity of the dam in megawatts ?", "power"),
        ("the Arctic sea ice minimum ?", ""),
    ],
)
def test_the_unit_that_is_asked_for(question: str, unit: str) -> None:
    assert asks_amount(question) and requested_unit(question) == unit


@pytest.mark.parametrize(
    "question",
    ["the launch date of the telescope ?", "the position of the regulator ?", "Who pays for the ferry?"],
)
def test_what_asks_for_no_amount(question: str) -> None:
    assert not asks_amount(question)


def test_dates_are_asked_for_as_values() -> None:
    assert asks_date("the launch date of the telescope ?") and requested_unit("When is it now due?") == "date"
    assert not asks_date("How long was the schedule?") and amount_filter("the launch date ?")(
        "It flies in March 2021."
    )


def test_only_sentences_with_such_an_amount_may_answer() -> None:
    cost, size = amount_filter("the cost of the ferry ?"), amount_filter("the size of the mission ?")
    assert (
        cost("It came to 34 million crowns.")
        and cost("It came to 34 million.")
        and not cost("It carries 80 cars in 2020.")
    )
    assert size("It has 500 people.") and not size("It lasts two years.")
