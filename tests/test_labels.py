from test_series import OLD, evidence

from rag.answers.labels import label_statements
from rag.quantities.as_of import AsOf
from rag.query.parse import ParsedQuestion, parse_question
from rag.retrieval.evidence import Evidence
from rag.verification.citations import number_citations

SIZE = parse_question("the size of the Tallow mission ?")


def label(question: ParsedQuestion, text: str, source: Evidence, verdict: str = "quoted") -> AsOf | None:
    (statement,) = label_statements(question, number_citations([(text, [source], verdict)]), [source])
    return statement.as_of


def test_an_older_value_in_a_newer_article_has_its_own_day() -> None:
    repeated = evidence("In 2018 the Tallow mission had 20 people.", "2021-02-19")
    found = label(parse_question("How has the size of the Tallow mission changed?"), repeated.text, repeated)
    assert found and found.figure == "20 people"
    assert found.spoken == "for 2018, told on 19 February 2021, Meridian Wire"


def test_an_undated_source_is_labelled_as_such() -> None:
    source = evidence("The Tallow mission has 500 people.", None)
    found = label(SIZE, source.text, source)
    assert found and found.spoken == "undated, Meridian Wire"


def test_a_value_is_named_only_if_one_fits_and_the_cited_words_have_it() -> None:
    two = evidence("The Tallow mission has 500 people in the north and 510 people in the south.")
    ambiguous = label(SIZE, two.text, two)
    assert ambiguous and ambiguous.figure == ""
    invented = label(SIZE, "It is 20.", OLD, "supported")
    assert invented and invented.figure == ""


def test_no_label_where_no_amount_is_asked_for() -> None:
    assert label(parse_question("Who leads the Tallow mission?"), OLD.text, OLD) is None
