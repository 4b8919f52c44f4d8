"""Docstrings, comments and names are plain English without the project's retired words, and lines are short."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

FILES = [
    ROOT / "app.py",
    *sorted(file for name in ("corpus", "embeddings", "rag") for file in (ROOT / name).rglob("*.py")),
]
# The project's former private terms for code; docs/design.md has the plain ones.
RETIRED = re.compile(
    r"\b(?:told|heard|rooms?|houses?|doors?|stairs?|tak(?:es?|en) in|giv(?:es?|en) back)\b"
    r"|\bknows? (?:no|nothing|neither)\b|^\W*Knows\b",
    re.IGNORECASE | re.MULTILINE,
)
# A word that is mentioned, not used: the text of an example, a quotation, a name in backquotes.
MENTIONED = re.compile(r"^ *>>>(?:.|\n)*?(?:\n *\n|\Z)|“[^”]*”|\"[^\"]*\"|`[^`]*`", re.MULTILINE)
# Files in which a word is really meant.
ALLOWED = {"rag/retrieval/deduplication.py": frozenset({"house"})}  # a newspaper's house style
MAX_COLUMNS = 110
IDS = [str(file.relative_to(ROOT)) for file in FILES]


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the text of every comment and docstring.

    >>> list(prose('x = 1  # why\\n\\n\\ndef f():\\n    \"\"\"What.\"\"\"\\n'))
    [(1, ' why'), (5, 'What.')]
    """
    starts_statement = True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#")
        elif token.type == tokenize.STRING and starts_statement:
            yield token.start[0], ast.literal_eval(token.string)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            starts_statement = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def names(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the name of everything that a module defines: functions, parameters, variables.

    >>> list(names("def f(x):\\n    y = x\\n"))
    [(1, 'f'), (1, 'x'), (2, 'y')]
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def words_of(name: str) -> str:
    """Return the words of an identifier.

    >>> words_of("_told_once"), words_of("NoRoom")
    ('told once', 'No Room')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").strip()


def offenders(source: str, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Return "line: word" for each retired word in the prose and names of a module.

    >>> offenders('def told():\\n    pass  # Knows no page; she said "told".\\n')
    ['2: Knows', '1: told']
    """
    texts = [(line, MENTIONED.sub("", text)) for line, text in prose(source)]
    texts += [(line, words_of(name)) for line, name in names(source)]
    found = [(line, match[0].strip()) for line, text in texts for match in RETIRED.finditer(text)]
    return [f"{line}: {word}" for line, word in found if word.lower() not in allowed]


def test_a_retired_word_is_found() -> None:
    assert offenders('"""A room of its own."""') == ["1: room"] and not offenders(
        '"""Parse \\"told\\" as a verb."""'
    )
    assert offenders("NoRoom = 1\n") and offenders("# Takes in a file.\n") and not offenders("x = 'told'\n")


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_prose_and_names_are_plain_english(file: Path) -> None:
    assert not offenders(
        file.read_text(encoding="utf-8"), ALLOWED.get(str(file.relative_to(ROOT)), frozenset())
    )


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_lines_are_short(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert not [n for n, line in enumerate(lines, 1) if len(line) > MAX_COLUMNS]


def test_hand_set_constants_are_listed_in_the_design() -> None:
    table = (ROOT / "docs/design.md").read_text(encoding="utf-8").split("## Constants")[1].split("\n## ")[0]
    marked = {str(file.relative_to(ROOT)) for file in FILES if "hand-set" in file.read_text(encoding="utf-8")}
    assert set(re.findall(r"^\| `([\w/.]+)` \|", table, re.MULTILINE)) == marked
