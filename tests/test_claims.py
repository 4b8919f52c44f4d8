import pytest

from rag.verification.claims import parse_claim


def test_names_dates_and_words_that_open_a_sentence() -> None:
    claim = parse_claim(
        "Later in March, the mayor of Kestrel Bay met Anna on Friday; it may rain in May 2021."
    )
    kinds = {claim.text[token.start : token.end]: token.kind for token in claim.tokens}
    assert [word for word, kind in kinds.items() if kind == "name"] == ["Kestrel", "Bay", "Anna"]
    assert [word for word, kind in kinds.items() if kind == "date"] == ["March", "Friday", "May"]
    assert (
        "Later" not in [word for word, kind in kinds.items() if kind == "opening"]
        and parse_claim("Kestrel met Anna.").tokens[0].kind == "opening"
    )


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Anna Holm said that it sank.", {"anna", "holm"}), ("It sank, Anna Holm said.", {"anna", "holm"}), ("“It sank,” said Anna Holm.", {"anna", "holm"}),
        ("According to Anna Holm, it sank.", {"anna", "holm"}), ("The yard warned that it may sink.", {"yard"}), ("It sank, she said.", set()), ("The yard is warning that it may sink.", {"yard"}),
    ],
)  # fmt: skip
def test_attributions_name_the_speaker(text: str, speaker: set[str]) -> None:
    (attribution,) = parse_claim(text).attributions
    assert (
        attribution.speaker == speaker
        and attribution.start <= text.index("sank" if "sank" in text else "sink") < attribution.end
    )


def test_nouns_are_not_verbs_of_saying() -> None:
    assert not parse_claim(
        "It was sold in the United States, and claims of 30 dollars were paid."
    ).attributions


def test_denied_hedged_and_future_words() -> None:
    claim = parse_claim("The yard will not sell the ferry but plans to build another.")
    words = [token.key for token in claim.tokens]
    assert (
        claim.denied[words.index("sell")]
        == 0
        == claim.future[words.index("sell")]
        == claim.hedged[words.index("build")]
    )
    assert words.index("build") not in claim.denied and parse_claim("It is not only cheap.").denials == 0


def test_a_noun_of_saying_has_no_speaker() -> None:
    assert parse_claim("A clamp came loose without warning, and a warning light came on.").attributions == ()
