import pytest

from rag.query.answer_type import parse_answer_type


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
        ("How many times was the ferry repaired?", "occasion"),
        ("the Arctic sea ice minimum ?", ""),
    ],
)
def test_the_unit_that_is_asked_for(question: str, unit: str) -> None:
    answer_type = parse_answer_type(question)
    assert answer_type.amount and answer_type.unit == unit


@pytest.mark.parametrize(
    "question",
    ["the launch date of the telescope ?", "the position of the regulator ?", "Who pays for the ferry?"],
)
def test_what_asks_for_no_amount(question: str) -> None:
    assert not parse_answer_type(question).amount


def test_words_of_names_are_no_units() -> None:
    for question in (
        "Where does HS2 (High Speed 2) start?",
        "What did Bill Gates say?",
        "Who runs Speed Bank?",
    ):
        assert parse_answer_type(question).unit == "" and not parse_answer_type(question).amount, question
    for question in ("HOW MUCH IS THE PRICE OF HS2?", "What Is the Price of HS2?", "Price of HS2"):
        assert parse_answer_type(question).unit == "money", question


def test_dates_are_asked_for_as_values() -> None:
    launch = parse_answer_type("the launch date of the telescope ?")
    assert launch.date and launch.admits("It flies in March 2021.")
    assert parse_answer_type("When is it now due?").unit == "date"
    assert not parse_answer_type("How long was the schedule?").date


def test_only_sentences_with_such_an_amount_may_answer() -> None:
    cost, size = parse_answer_type("the cost of the ferry ?"), parse_answer_type("the size of the mission ?")
    assert cost.admits("It came to 34 million crowns.") and cost.admits("It came to 34 million.")
    assert not cost.admits("It carries 80 cars in 2020.")
    assert size.admits("It has 500 people.") and not size.admits("It lasts two years.")


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many ships sailed?", "number"),
        ("the cost of HS2 ?", "number"),
        ("What did it cost when it rose?", "number"),
        ("When did the ferry sail?", "time"),
        ("Who is the mayor?", "name"),
        ("Why did the cost rise?", "reason"),
        ("What is a ferry?", ""),
    ],
)
def test_the_first_words_decide_what_kind_of_thing_is_asked_for(question: str, kind: str) -> None:
    assert parse_answer_type(question).kind == kind


def test_questions_for_yes_or_no() -> None:
    assert parse_answer_type("Did the ferry sail?").yes_no and not parse_answer_type("What did it do?").yes_no
