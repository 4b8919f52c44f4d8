import os
from pathlib import Path

import pytest

from corpus.reading.decoding import BinaryData, decode_text
from corpus.reading.files import MAX_FILE_BYTES, find_files, load_bytes, read_articles
from corpus.reading.raw import UnreadableFile


def test_front_matter_is_parsed_and_not_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(
        "---\ntitle: A: title\npublisher: Meridian Wire\ndate: 2018-02-13\n---\nBody.\n".replace(
            "A: title", '"A: title"'
        )
    )
    (raw,) = read_articles(file, load_bytes(file))
    assert raw.text == "Body."
    assert raw.stated == {"title": "A: title", "publisher": "Meridian Wire", "date": "2018-02-13"}


def test_json_lines_accept_aliases_of_fields(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '{"headline": "T", "text": "Body.", "source": "P", "published_at": "2020-01-01T00:00:00"}\n\n{"body": "Other."}\n'
    )
    first, second = read_articles(file, load_bytes(file))
    assert first.stated == {"title": "T", "publisher": "P", "date": "2020-01-01"}
    assert (second.text, second.origin) == ("Other.", f"{file}#3")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "line 1: not JSON"),
        ('{"title": "x"}', 'no text under "body"'),
        ("[" * 5000, "not JSON"),
        ("3", "no text"),
    ],
)
@pytest.mark.threat("I8", n="4 bad lines alone")
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(line)
    with pytest.raises(UnreadableFile, match=why):
        list(read_articles(file, load_bytes(file)))


@pytest.mark.threat("I8", n="3 bad lines among 3 good ones")
def test_the_good_lines_of_a_file_are_read_and_the_bad_ones_named(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [
        '{"body": "One."}',
        "{",
        '{"body": "Two\u2028and a half."}',
        "3",
        "[]",
        '{"body": "\\ud800 three"}',
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    reading = read_articles(file, load_bytes(file))
    assert [next(reading).text for _ in range(3)] == ["One.", "Two\u2028and a half.", "? three"]
    with pytest.raises(UnreadableFile, match=r"line 2: not JSON .* \(2 more lines were refused: 4, 5\)"):
        next(reading)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("é".encode(), "é"),
        ("é".encode("cp1252"), "é"),
        ("\ufeffé".encode(), "é"),
        ("é".encode("utf-16"), "é"),
    ],
)
def test_decoding(data: bytes, text: str) -> None:
    assert decode_text(data) == text


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(256)) * 4])
@pytest.mark.threat("I9", n="3 kinds of binary data under the name of a text")
def test_binary_files_are_refused(data: bytes) -> None:
    with pytest.raises(BinaryData, match="binary"):
        decode_text(data)
    with pytest.raises(UnreadableFile, match=r"a\.txt: a binary file, not text; save"):
        list(read_articles(Path("a.txt"), data))


def test_bad_files_are_refused_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "large.txt").write_bytes(b"a" * (MAX_FILE_BYTES + 1))
    os.mkfifo(tmp_path / "pipe.txt")
    for name, why in (
        ("empty.txt", "empty"),
        ("large.txt", "larger than 20 MB"),
        ("pipe.txt", "not a regular file"),
        ("none.txt", "No such file"),
    ):
        with pytest.raises(UnreadableFile, match=why) as caught:
            load_bytes(tmp_path / name)
        assert "\n" not in str(caught.value) and name in str(caught.value)


def test_find_files_searches_folders_and_follows_no_links(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside.txt"
    (inside / "deep").mkdir(parents=True)
    outside.write_text("secret")
    (inside / "deep" / "a.txt").write_text("a")
    (inside / "b.md").write_text("b")
    (inside / "c.bin").write_text("c")
    (inside / "link.txt").symlink_to(outside)
    assert [file.name for file in find_files([inside, inside / "b.md"])] == ["b.md", "a.txt"]


def test_find_files_names_a_missing_folder_and_one_without_articles(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no articles in this folder"):
        find_files([tmp_path])
    with pytest.raises(UnreadableFile, match="no such file or folder"):
        find_files([tmp_path / "nowhere"])
