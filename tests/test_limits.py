"""Each limit on what is taken in, at one less, the limit itself, and one more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.cleaning.clean import MAX_ARTICLE_CHARS, NoText, clean
from corpus.reading.files import MAX_FILE_BYTES, load_bytes
from corpus.reading.formats import MAX_TEXT_CHARS, extract
from corpus.reading.raw import RawArticle, UnreadableFile
from corpus.reading.text import MAX_LINE_CHARS, parse_text_file
from embeddings.ingest import MAX_BODY_CHARS, MAX_RAW_CHARS, ArticleTooLong, _check_length
from rag import limits
from rag.answers.schema import FiltersRequest, InvalidValue, parse
from rag.query.validation import QuestionTooLong, validate_question
from rag.serving.additions import UploadTooLarge, check_count, valid_text
from rag.serving.collection import _cut

SENTENCE = "The ferry sailed at noon with eighty cars. "


def text(length: int) -> str:
    return (SENTENCE * (length // len(SENTENCE) + 1))[:length].strip().ljust(length, ".")


def json_line(length: int) -> bytes:
    return b'{"body": "%s"}' % text(length - len(b'{"body": ""}')).encode()


@pytest.mark.parametrize(
    ("most", "take", "error"),
    [
        (limits.MAX_QUESTION_CHARS, lambda n: validate_question(text(n)), QuestionTooLong),
        (limits.MAX_UPLOADS, check_count, UploadTooLarge),
        (MAX_ARTICLE_CHARS, lambda n: valid_text(text(n)), UploadTooLarge),
        (MAX_ARTICLE_CHARS, lambda n: clean(RawArticle(text(n), "a.txt")), NoText),
        (MAX_RAW_CHARS, lambda n: _check_length("a.txt", text(n), MAX_RAW_CHARS), ArticleTooLong),
        (MAX_BODY_CHARS, lambda n: _check_length("a.txt", text(n), MAX_BODY_CHARS), ArticleTooLong),
        (MAX_LINE_CHARS, lambda n: list(parse_text_file(Path("a.jsonl"), json_line(n))), UnreadableFile),
        (
            limits.MAX_FILTER_VALUES,
            lambda n: parse(FiltersRequest, {"publishers": ["Gull"] * n}),
            InvalidValue,
        ),
    ],
)
@pytest.mark.threat("Q7", n="limit - 1, limit and limit + 1 of each limit")
def test_what_is_longer_than_a_limit_is_refused(
    most: int, take: Callable[[int], object], error: type[Exception]
) -> None:
    take(most - 1)
    take(most)
    with pytest.raises(error):
        take(most + 1)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_file_larger_than_the_limit_is_refused(tmp_path: Path, more: int) -> None:
    with (tmp_path / "a.txt").open("wb") as file:
        file.write(b"a")
        file.truncate(MAX_FILE_BYTES + more)
    if more == 1:
        with pytest.raises(UnreadableFile, match="larger than 20 MB"):
            load_bytes(tmp_path / "a.txt")
    else:
        assert len(load_bytes(tmp_path / "a.txt")) == MAX_FILE_BYTES + more


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_what_is_cut_at_a_limit_keeps_all_up_to_it(more: int) -> None:
    entered = _cut({"title": "x" * (limits.MAX_FIELD_CHARS + more)})["title"]
    assert len(entered) == limits.MAX_FIELD_CHARS + min(more, 0)
    (found,) = extract(".csv", b"body\n" + b"x" * (MAX_TEXT_CHARS + more))
    assert len(found.text) == MAX_TEXT_CHARS + min(more, 0)
