import itertools

from conftest import article
from hypothesis import given
from hypothesis import strategies as st

from corpus.passages import sentence_spans, split_passages

WORDS = st.lists(
    st.sampled_from(
        ["The", "ferry", "sailed.", "U.S.", "No", "“Yes,”", "he", "said.", "\n\n", "5.2", "x" * 300]
    ),
    min_size=1,
    max_size=80,
).map(" ".join)


def count_words(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@given(WORDS)
def test_sentences_cover_every_word_once(text: str) -> None:
    spans = sentence_spans(text)
    assert " ".join(text[a:b] for a, b in spans).split() == text.split()
    assert all(a < b <= c for (a, b), (c, _) in itertools.pairwise(spans))


def test_sentences_of_a_long_text_have_the_right_offsets() -> None:
    lines = [f"The ferry number {n} sailed at noon." for n in range(700)]
    text = "\n\n".join(lines)
    assert [text[a:b] for a, b in sentence_spans(text)] == lines


@given(WORDS, st.integers(1, 20))
def test_passages_cover_the_body_within_the_budget(body: str, budget: int) -> None:
    passages = split_passages(article(body=body), budget, count_words)
    assert "".join("".join(passage.text.split()) for passage in passages) == "".join(body.split())
    assert all(passage.text == passage.article.body[passage.start : passage.end] for passage in passages)
    if all(size <= budget for size in count_words([body[a:b] for a, b in sentence_spans(body)])):
        assert all(size <= budget for size in count_words([passage.text for passage in passages]))


def test_abbreviations_and_initials_end_no_sentence() -> None:
    text = "Gen. J. R. Smith of the U.S. Army met Mr. Trump at 5 p.m. on Friday. It cost $1.5 million. No. 10 declined."
    assert [text[a:b] for a, b in sentence_spans(text)] == [
        "Gen. J. R. Smith of the U.S. Army met Mr. Trump at 5 p.m. on Friday.",
        "It cost $1.5 million.",
        "No. 10 declined.",
    ]
