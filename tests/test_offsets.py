"""Map offsets in bodies to offsets in the raw texts."""

import pytest
from conftest import ROOT, SHARED, needs_shared
from hypothesis import given
from hypothesis import strategies as st

from corpus.characters import normalise_text
from corpus.cleaning.clean import clean
from corpus.cleaning.offsets import aligned_spans, raw_span
from corpus.reading.files import find_files, load_bytes, read_articles


def coverage(raw: str, body: str) -> float:
    """Check each span, and return the share of a body's characters other than white space that have one."""
    letters = 0
    end = raw_end = 0
    for span in aligned_spans(raw, body):
        words = body[span.start : span.start + span.length]
        assert words and words == raw[span.raw_start : span.raw_start + span.length]
        assert span.start >= end and span.raw_start >= raw_end
        end, raw_end = span.start + span.length, span.raw_start + span.length
        letters += len("".join(words.split()))
    return letters / max(1, len("".join(body.split())))


@given(st.text(), st.text())
def test_spans_are_verbatim_and_ascending_whatever_the_texts(raw: str, body: str) -> None:
    coverage(raw, body)


@given(st.text(st.characters(max_codepoint=0x17F), min_size=1))
def test_cleaned_text_is_covered(raw: str) -> None:
    body = normalise_text(raw)
    if len(set(raw)) > 1 and not any(char * 100 in raw for char in set(raw)):
        assert coverage(raw, body) == 1 or not body.strip()


def test_sample_articles_are_mapped() -> None:
    for file in find_files([ROOT / "corpus" / "articles"]):
        for raw in read_articles(file, load_bytes(file)):
            assert coverage(raw.text, clean(raw).body) >= 0.99, file.name
    text = "Menu  here\r\nA headline of words\r\n\r\nThe cafe\u0301’s ferry\u00a0sailed\u200b at  noon on the\r\nfirst of May.\r\n"
    body = "The café’s ferry sailed at noon on the first of May."
    assert coverage(text, body) >= 0.97  # the letter that was composed has no place of its own
    place = raw_span(text, body, body.index("sailed"), body.index("noon") + 4)
    assert place and text[slice(*place)] == "sailed\u200b at  noon"


def test_a_paragraph_is_found_where_it_ends_a_line_not_within_a_longer_one() -> None:
    raw = "Nobody left it. More on this story and all that led to it\n\nNobody left it.\n"
    assert raw_span(raw, "Nobody left it.", 0, 6) == (raw.rindex("Nobody"), raw.rindex("Nobody") + 6)
    assert raw_span(raw, "Other words.", 0, 5) is None


@needs_shared
def test_the_seed_articles_are_mapped() -> None:
    files = sorted((SHARED / "seeds").glob("*.txt"))
    assert files
    for file in files:
        (raw,) = read_articles(file, load_bytes(file))
        body = clean(raw).body
        assert coverage(raw.text, body) >= 0.99, file.name
        assert raw_span(raw.text, body, 0, len(body))


@pytest.mark.parametrize("run", ["a." * 100_000, "\n" * 200_000, "e\u0301" * 100_000, "a.\n" * 60_000])
def test_endless_runs_are_mapped(run: str) -> None:
    """Where the search blows up, this takes hours."""
    coverage(run, normalise_text(run))
    coverage(run, "a.\n\n" * 1000)
