from test_series import evidence, texts

from rag.query.parts import QuestionPart
from rag.retrieval.values import rank_values

OWN = evidence("The mission has 500 people.")
OTHERS = evidence("Germany, whose part is the Tallow mission's largest, has 900 people there.", score=21)


def test_a_value_of_somebody_else_comes_last() -> None:
    size = QuestionPart.parse("the size of the Tallow mission ?")
    assert texts(rank_values(size, [OWN, OTHERS])) == ["500 people", "900 people"]
    part = QuestionPart.parse("the size of Germany's part in the Tallow mission ?")
    assert texts(rank_values(part, [OWN, OTHERS]))[0] == "900 people"
