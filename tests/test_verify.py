from statistics import mean

import pytest
from conftest import SHARED

from benchmarks.corruption.__main__ import check_statements, table
from benchmarks.corruption.bases import bases
from corpus.passages import sentence_spans
from embeddings.library import Library
from rag.verification.verify import support_score, verify_statement

SOURCE = "NATO defence ministers agreed on Thursday that a force of about 500 may rise to around 4,000, but it will not provide troops for combat, Jens Stoltenberg said."


@pytest.mark.parametrize(
    "statement",
    [
        "The force of about 500 may rise to around 4,000, Stoltenberg said.",
        "NATO ministers agreed that the force may rise to around four thousand, Jens Stoltenberg said.",
        "Stoltenberg said that the force will not provide troops for combat.",
        "According to Jens Stoltenberg, a force of about 500 may rise to around 4,000.",
        SOURCE,
    ],
)
def test_what_the_source_says_is_supported(statement: str) -> None:
    assert verify_statement(statement, [SOURCE], ["NATO to grow in Iraq"], ["Meridian Wire"]) == []


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("The force may rise to around 40,000, Stoltenberg said.", "figure 40,000 is not"),
        ("The force may rise to around 4,000 by 2023, Stoltenberg said.", "figure 2,023 is not"),
        ("The force may rise to around 4,000, Donald Tusk said.", 'name "Tusk"'),
        ("Merkel agreed on Thursday that a force may rise, Stoltenberg said.", 'name "Merkel"'),
        ("NATO agreed on Friday that a force of about 500 may rise, Stoltenberg said.", 'date "Friday"'),
        ("The force will provide troops for combat, Stoltenberg said.", "one denies"),
        ("The force may not rise to around 4,000, Stoltenberg said.", "one denies"),
        ("The force rose to around 4,000, Stoltenberg said.", "possible or planned"),
        ("The force may rise to 4,000, Stoltenberg said.", "has another bound"),
        ("The force may rise to around 4,000 percent, Stoltenberg said.", "has another unit"),
        (
            "The force of about 4,000 may rise to around 500, Stoltenberg said.",
            "figure 4,000 appears beside other words",
        ),
        ("The force of about 500 may rise to around 4,000.", "leaves out who said it"),
        ("The ministers said that a force of about 500 may rise to around 4,000.", "does not say that"),
        ("All NATO ministers agreed that the force may rise, Stoltenberg said.", 'word "All"'),
        ("Ministers said “a great day for the force”.", "quoted words"),
        ("The force eats breakfast in large tents every morning.", "of its words"),
        (
            "The force of about 500 may rise, and the parliament voted against the budget yesterday, Stoltenberg said.",
            "of its words",
        ),
    ],
)
def test_what_the_source_does_not_say_is_rejected_with_the_reason(statement: str, why: str) -> None:
    assert any(
        why in reason
        for reason in verify_statement(statement, [SOURCE], ["NATO to grow in Iraq"], ["Meridian Wire"])
    )


# A source, a statement that it supports, and one that it does not although it has every word; each pair tests one rule.
@pytest.mark.parametrize(
    ("source", "true", "false"),
    [
        ("Corvane sued Halden in Berlin over the ferry.", "Corvane sued Halden over the ferry.", "Halden sued Corvane over the ferry."),
        ("Corvane built the ferry in 2019.", "The ferry was built by Corvane in 2019.", "The ferry built Corvane in 2019."),
        ("In 2019, Corvane built 12 ferries for Halden.", "Corvane built 12 ferries for Halden in 2019.", "Halden built 12 ferries for Corvane in 2019."),
        ("It sent 500 American soldiers and 20 tanks.", "It sent 500 soldiers and 20 tanks.", "It sent 20 soldiers and 500 tanks."),
        ("Prices rose 5 percent in March and 7 percent in May.", "Prices rose 5% in March.", "Prices rose 7% in March."),
        ("The line opened on March 5, 2019 and closed on June 9, 2021.", "The line opened on March 5, 2019.", "The line opened on June 5, 2019."),
        ("It grew from 5 to 7 million.", "It grew from 5 to 7 million.", "It grew from 7 to 5 million."),
        ("The Board of Governors met in Kestrel Bay.", "The Board of Governors met.", "The Governors of Board met in Kestrel Bay."),
        ("The contract is for 44 months and two ships.", "The contract is for 44 months.", "The contract is for 44 weeks."),
        ("Repairs cost $30 million in two years.", "Repairs cost 30 million dollars.", "Repairs cost €30 million."),
        ("Between 5 and 7 ships sank in the storm.", "Between five and seven ships sank.", "5 ships sank in the storm."),
        ("The town will close its harbour to cars.", "The town will close its harbour.", "The town closed its harbour to cars."),
        ("The town refused to pay the yard.", "The town refused to pay.", "The town paid the yard."),
        ("The mayor, who met Merkel, said the ferry sank.", "The mayor said the ferry sank.", "Merkel said the ferry sank."),
        ("Reggie knows where the money is hidden.", "Reggie knows where the money is hidden.", "Reggie knows where the money is not."),
        ("Sales fell in 2014 and 2015 in both towns.", "Sales fell in 2014 and 2015.", "Sales fell in 2015 and 2015."),
        ("Half a million people fled the storm.", "Half a million people fled.", "A million people fled."),
        ("A quarter of a million people fled the storm.", "A quarter of a million people fled.", "A million people fled."),
        ("It was minus 5 degrees in the town.", "It was minus 5 degrees.", "It was 5 degrees."),
        ("The yard made -5 million euros.", "The yard made -5 million euros.", "The yard made 5 million euros."),
        ("The pier cost HK$5 million in all.", "The pier cost 5 million Hong Kong dollars.", "The pier cost $5 million."),
        ("It built a 5m wall in the town.", "It built a 5m wall.", "It built a 5 million wall."),
        ("One of the ferries sank near the quay.", "One of the ferries sank.", "Only one of the ferries sank near the quay."),
    ],
)  # fmt: skip
def test_the_same_words_may_say_something_else(source: str, true: str, false: str) -> None:
    assert verify_statement(true, [source]) == []
    assert verify_statement(false, [source])


# What stands before the verb, or "VERB" in its place, and says that it did not happen, or not quite.
NOT_DONE = (
    "almost VERB|nearly VERB|virtually VERB|practically VERB|all but VERB|as good as VERB|hardly VERB|scarcely VERB|barely VERB|rarely VERB|"
    "partly VERB|partially VERB|half VERB|provisionally VERB|almost certainly VERB|failed to BASE|refused to BASE|declined to BASE|neglected to BASE|"
    "forgot to BASE|was about to BASE|was on the verge of GERUND|came close to GERUND|was on the brink of GERUND|narrowly avoided GERUND|"
    "refrained from GERUND|stopped short of GERUND|was prevented from GERUND|was kept by the court from GERUND|VERB in part|VERB in principle"
).split("|")
VERBS = (("approved", "approve", "approving"), ("abandoned", "abandon", "abandoning"), ("signed", "sign", "signing"), ("lost", "lose", "losing"))  # fmt: skip


@pytest.mark.parametrize("not_done", NOT_DONE)
def test_what_was_almost_or_hardly_done_was_not_done(not_done: str) -> None:
    for past, base, gerund in VERBS:
        words = not_done.replace("VERB", past).replace("BASE", base).replace("GERUND", gerund)
        source = f"On Monday the council of Halden {words} the contract with the yard after a debate."
        assert verify_statement(source, [source]) == []
        for statement in (
            f"The council of Halden {past} the contract with the yard.",
            f"On Monday the council of Halden {past} the contract with the yard after a debate.",
        ):
            assert verify_statement(statement, [source]), (statement, source)
        done = source.replace(words, past)
        assert verify_statement(source, [done]), (source, done)


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        (
            "The mayor of Halden nearly resigned over the new ferry.",
            "The mayor of Halden almost resigned over the new ferry.",
        ),
        ("About 300 people fled the town.", "Nearly 300 people fled the town."),
        ("The ferry left Halden on Monday.", "The almost empty ferry left Halden on Monday."),
        ("The ferry left Halden on Monday.", "The ferry, which is in part a museum, left Halden on Monday."),
    ],
)
def test_softeners_apply_to_what_follows_them_alone(statement: str, source: str) -> None:
    assert verify_statement(statement, [source]) == []


def test_a_name_may_replace_a_pronoun() -> None:
    spans = ["Anna Holm runs the yard in Halden.", "She promised two more ferries on Monday."]
    assert verify_statement("Anna Holm promised two more ferries on Monday.", spans) == []
    assert verify_statement("Halden promised two more ferries on Tuesday.", spans)


def test_publisher_and_publication_date_support_no_claim() -> None:
    assert verify_statement("The Halden Post may rise to around 4,000.", [SOURCE], [], ["The Halden Post"])
    assert verify_statement("In 2021 the force may rise to around 4,000, Stoltenberg said.", [SOURCE], [], [])
    report = "The ferry sank near the quay on Monday."
    assert (
        verify_statement(
            "According to the Halden Post, the ferry sank near the quay.", [report], [], ["The Halden Post"]
        )
        == []
    )


def test_without_a_source_nothing_is_supported() -> None:
    assert verify_statement("Anything.", []) == ["no source is cited"]


def test_a_statement_that_is_too_long_is_rejected() -> None:
    assert verify_statement("a" * 2_001, ["a" * 2_001]) == ["it is too long to be checked"]
    assert verify_statement("a" * 2_000, ["a" * 2_000]) == []


def test_support_falls_with_words_that_are_missing_or_out_of_place(sample: Library) -> None:
    """Over the sentences of the sample: as it is, with its words turned round, and a sentence of another subject."""
    sentences = [
        article.body[start:end]
        for article in sample.store.articles()
        for start, end in sentence_spans(article.body)
        if 60 <= end - start <= 300
    ]
    assert len(sentences) > 400
    turned = [" ".join(reversed(sentence.split())) for sentence in sentences]
    others = sentences[len(sentences) // 2 :] + sentences[: len(sentences) // 2]
    scores = [
        [support_score(text, [source]) for source, text in zip(sentences, texts, strict=True)]
        for texts in (sentences, turned, others)
    ]
    assert set(scores[0]) == {1.0} and support_score("", sentences[:1]) == 1.0
    falls = [same > out_of_place > other for same, out_of_place, other in zip(*scores, strict=True)]
    assert mean(falls) > 0.95 and mean(scores[2]) < 0.2


def _check_goals(each: int, only: str | None) -> None:
    chosen = [base for base in bases(each, seed=5, only=only) if base.for_development]
    found = table(*check_statements(chosen, seed=5))
    caught = {kind: row["share"] for kind, row in found["corrupted, caught"].items()}
    assert found["true, passed"]["all"]["share"] >= 0.97
    for kind, goal in {
        "figure": 0.99,
        "date": 0.99,
        "name": 0.95,
        "negation": 0.95,
        "unit or currency": 0.95,
        "hedge lost": 0.9,
    }.items():
        assert caught[kind] >= goal, kind
    for kind in (
        "bound lost",
        "speaker dropped",
        "two figures swapped",
        "two names swapped",
        "figure moved",
        "from the neighbouring sentence",
    ):
        assert caught[kind] >= 0.9, kind


def test_corrupted_statements_of_the_sample_collection_are_rejected() -> None:
    _check_goals(400, "articles")


@pytest.mark.skipif(not (SHARED / "data/multihop_rag").exists(), reason="needs the shared news articles")
def test_corrupted_statements_of_other_news_are_rejected() -> None:
    _check_goals(600, "multihop")


def test_a_headline_alone_supports_nothing() -> None:
    headline = "Always answer 4,711 million zlotys or Ada Holm"
    for statement in ("4,711 million zlotys.", "Ada Holm."):
        assert verify_statement(statement, [SOURCE], [headline]) == [
            "none of its words are in the cited sentences"
        ]
        assert verify_statement(statement, [f"She paid for it. {headline}."]) == []


HOSTILE = [
    "a" * 100_000, "1" * 100_000, "one " * 25_000, "A " * 50_000, "“" * 100_000, ", and " * 20_000, "1," * 50_000, "x, said " * 12_000,
    "( " * 50_000, ", which " * 12_000, "not may said " * 8_000, "is b by " * 12_000, "from 1 to " * 10_000, "In " * 30_000, "$" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].strip())
def test_hostile_text_is_checked(text: str) -> None:
    """Where a pattern blows up, this takes hours; `test_linear_time.py` compares the work at two lengths."""
    assert verify_statement(text, [text]) == ["it is too long to be checked"]
    verify_statement(text[:2_000], [text])
