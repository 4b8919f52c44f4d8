"""docs/reliability.md is made from the marks of the tests."""

import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "docs"))

import reliability


def test_the_table_is_of_the_tests() -> None:
    assert reliability.TABLE.read_text() == reliability.written(), "python docs/reliability.py"


def test_a_mark_of_no_row_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reliability, "marked_tests", lambda: iter([reliability.Held("Z9", "t", "", "")]))
    with pytest.raises(ValueError, match="Z9 is no row"):
        reliability.table()
