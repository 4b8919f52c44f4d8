"""The lock file and the list of licences agree with the requirements; reports of known holes are judged."""

import re
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from supply import LICENCES, LOCK, REQUIREMENTS, judge, locked


def entries() -> list[str]:
    return re.split(r"\n(?=[a-z0-9])", LOCK.read_text().strip())


def test_the_lock_holds_every_requirement_in_its_version() -> None:
    packages = locked()
    pins = [
        re.sub(r"\[.*\]", "", line).split("==")
        for name in REQUIREMENTS
        for line in (ROOT / name).read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert len(pins) > 25 and len(packages) > 2 * len(pins)
    for name, version in pins:
        assert packages[name.lower().replace("_", "-")] == [version], f"{name}: make lock"


@pytest.mark.threat("S5", n="make audit asks for known holes where it can")
def test_everything_in_the_lock_has_hashes() -> None:
    for entry in entries():
        assert re.match(r"[a-z0-9.-]+==\S+", entry) and re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert len(entries()) == sum(map(len, locked().values()))


def licences() -> list[list[str]]:
    """Return package, versions and licence of each row."""
    rows = [line[2:-2].split(" | ") for line in LICENCES.read_text().splitlines() if line.startswith("| ")]
    return rows[1:]


def test_the_licences_are_of_what_is_locked() -> None:
    assert {name: versions.split(", ") for name, versions, _ in licences()} == locked(), "make licences"
    assert sum(licence == "not installed here" for _, _, licence in licences()) < len(licences()) / 4


@pytest.mark.threat("S6", n="every package of the lock")
def test_no_licence_asks_for_more_than_its_own_files() -> None:
    """Copyleft beyond a package's own files is accepted only where another licence may be chosen."""
    for name, _, licence in licences():
        assert "AGPL" not in licence and "Affero" not in licence, name
        assert not re.search(r"\bL?GPL|General Public", licence) or " OR " in licence, (name, licence)


HOLE = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}


@pytest.mark.parametrize(
    ("packages", "says", "code"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], "1 of 1 packages audited, no known hole.", 0),
        ([{"name": "a", "skip_reason": "not found"}], "Not audited: the advisory service", 0),
        ([], "Not audited: the advisory service", 0),
        (
            [{"name": "a", "version": "1", "vulns": [HOLE]}, {"name": "b", "skip_reason": "not found"}],
            "1 known holes:\na 1: PYSEC-2026-1, mended in 1.1",
            1,
        ),
    ],
)
def test_what_an_audit_says(packages: list[dict[str, object]], says: str, code: int) -> None:
    said, exits = judge({"dependencies": packages})
    assert said.startswith(says) and exits == code
