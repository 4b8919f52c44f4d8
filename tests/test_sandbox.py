"""The limits of the process that parses files, on systems that enforce all of them and on others."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from test_diagnostics import examine
from test_formats import PAGE, bomb

from corpus.reading import sandbox
from corpus.reading.sandbox import Bounds, ParsingError, SandboxedParser

# What `resource` does on macOS, where the shared libraries alone map more than any limit on memory.
RAISES = """
import resource
real = resource.setrlimit
def setrlimit(kind, limits):
    if kind in {refused}:
        raise ValueError("current limit exceeds maximum limit")
    if kind not in {ignored}:
        real(kind, limits)
resource.setrlimit = setrlimit
"""
START = "import sys; sys.path.insert(0, {root!r}); from corpus.reading.sandbox import main; main()"


def command(refused: str = "()", ignored: str = "()") -> tuple[str, ...]:
    """Return the command of a child on a system that refuses or ignores some limits."""
    code = RAISES.format(refused=refused, ignored=ignored) + START.format(root=str(ROOT))
    return (sys.executable, "-c", code)


@pytest.fixture
def parser() -> Iterator[SandboxedParser]:
    parser = SandboxedParser(seconds=20)
    yield parser
    parser.close()


@pytest.mark.parametrize(
    ("refused", "ignored", "bounds"),
    [
        ("()", "()", Bounds("limited", True, True)),
        ("(resource.RLIMIT_AS,)", "()", Bounds("watched", True, True)),
        ("()", "(resource.RLIMIT_AS,)", Bounds("watched", True, True)),
        ("range(20)", "()", Bounds("watched", False, False)),
    ],
)
def test_the_child_is_bounded_by_what_the_system_enforces(
    parser: SandboxedParser, monkeypatch: pytest.MonkeyPatch, refused: str, ignored: str, bounds: Bounds
) -> None:
    monkeypatch.setattr(sandbox, "_COMMAND", command(refused, ignored))
    assert parser.bounds() == bounds
    assert parser.extract(".html", PAGE.encode())
    with pytest.raises(ParsingError):
        parser.extract(".pdf", bomb())
    assert parser.extract(".html", PAGE.encode())


@pytest.mark.threat("I1")
def test_a_child_that_is_watched_ends_when_it_has_too_much_memory(
    parser: SandboxedParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow = "import corpus.reading.formats as formats, time; formats.PARSERS['.html'] = lambda data: [bytearray(b'x') * (400 << 20), time.sleep(15)]\n"
    start = START.format(root=str(ROOT)).replace(
        "from corpus.reading.sandbox", grow + "from corpus.reading.sandbox"
    )
    monkeypatch.setattr(
        sandbox,
        "_COMMAND",
        (sys.executable, "-c", RAISES.format(refused="(resource.RLIMIT_AS,)", ignored="()") + start),
    )
    with pytest.raises(ParsingError, match="too much memory"):
        parser.extract(".html", b"x")


@pytest.mark.threat("I1")
@pytest.mark.parametrize("answer", ["noise", "[1]", "[" * 100_000, "\\xff\\xfe"])
def test_a_child_that_writes_rubbish_is_replaced(
    parser: SandboxedParser, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    right = sandbox._COMMAND
    rubbish = f'import sys, time; print(\'{{"bounds": {{"memory": "limited", "writing": true, "processor": true}}}}\', flush=True); sys.stdin.readline(); print({answer!r}, flush=True); time.sleep(60)'
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-c", rubbish))
    with pytest.raises(ParsingError, match="crashed the parser"):
        parser.extract(".html", PAGE.encode())
    monkeypatch.setattr(sandbox, "_COMMAND", right)
    assert parser.extract(".html", PAGE.encode())


def test_what_a_parser_prints_is_not_taken_for_its_answer(
    parser: SandboxedParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = "import corpus.reading.formats as formats; whole = formats.PARSERS['.html']; formats.PARSERS['.html'] = lambda data: print('{}') or whole(data)\n"
    start = START.format(root=str(ROOT)).replace(
        "from corpus.reading.sandbox", noisy + "from corpus.reading.sandbox"
    )
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-c", start))
    assert parser.extract(".html", PAGE.encode())


def test_the_doctor_says_what_is_bounded(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    _, found = examine(folder, DATELINE_MODEL="none")
    ((state, what, _),) = found["parser"]
    assert state == "ok" and "300 MB of memory (limited)" in what and "cannot write files" in what
    code = f"import corpus.reading.sandbox as s; s._COMMAND = {command('range(20)')!r}"
    _, found = examine(folder, code=code, DATELINE_MODEL="none")
    ((state, what, remedy),) = found["parser"]
    assert state == "warning" and "watched, since" in what and "writing files" in what and "trust" in remedy
