"""The packages that Dateline installs: python tools/supply.py lock | licences | sbom | audit

`lock` writes requirements.lock, in which every package that requirements.txt and those for optional parts
(requirements-mcp.txt and so on) bring along has its version and hashes; `licences` writes docs/licences.md;
`sbom` writes build/sbom.cdx.json, a bill of materials in CycloneDX's form; `audit` asks PyPI's advisory
service for known holes. Each tool runs apart, by `uv tool run`, so that it brings nothing into the
environment that it describes.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parent.parent
REQUIREMENTS = sorted(
    file.name for file in ROOT.glob("requirements*.txt") if file.name != "requirements-dev.txt"
)
LOCK = ROOT / "requirements.lock"
LICENCES = ROOT / "docs/licences.md"
SBOM = ROOT / "build/sbom.cdx.json"
_LICENSES, _CYCLONEDX, _AUDIT = "pip-licenses==5.5.5", "cyclonedx-bom==7.5.0", "pip-audit==2.10.1"
_PIN = re.compile(r"^([a-z0-9.-]+)==([\w.]+)", re.MULTILINE)
_ABOUT = """# Licences

Made by `make licences`: the packages of `requirements.lock`, and the licences that they state of themselves.
What is not installed where the list was made (for other systems, or GPUs) has none. [NOTICE](../NOTICE) has
those of the weights.

| package | version | licence |
|---|---|---|
"""


def locked() -> dict[str, list[str]]:
    """Return the versions of each package of the lock file; there may be one for each version of Python."""
    found: dict[str, list[str]] = {}
    for name, version in _PIN.findall(LOCK.read_text()):
        found.setdefault(name, []).append(version)
    return found


def write_lock() -> None:
    """Resolve anew for all systems, with the installed versions, which are tested."""
    with TemporaryDirectory() as folder:
        tested = Path(folder) / "tested.txt"
        pins = {f"{found.name}=={found.version.partition('+')[0]}" for found in distributions()}
        tested.write_text("\n".join(sorted(pins)))
        _uv(
            *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-header", "--no-annotate", "--constraints", str(tested), "--output-file", str(LOCK)),
            *REQUIREMENTS,
        )


def write_licences() -> None:
    """Write the table of licences, from the packages that are installed here."""
    packages = locked()
    options = ("--python", sys.executable, "--from", "mixed", "--with-system", "--format", "json")
    stated = {
        row["Name"].lower().replace("_", "-").replace(".", "-"): row["License"].strip().split("\n")[0]
        for row in json.loads(_tool(_LICENSES, "pip-licenses", *options, "--packages", *packages).stdout)
    }
    rows = [
        f"| {name} | {', '.join(versions)} | {stated.get(name.replace('.', '-'), 'not installed here')} |\n"
        for name, versions in sorted(packages.items())
    ]
    LICENCES.write_text(_ABOUT + "".join(rows))


def write_sbom() -> None:
    """Write the bill of materials of the lock file."""
    SBOM.parent.mkdir(exist_ok=True)
    _tool(_CYCLONEDX, "cyclonedx-py", "requirements", str(LOCK), "--output-file", str(SBOM))
    sys.stdout.write(f"{SBOM}\n")


def audit() -> None:
    """Exit with 1 if a locked package has a known hole; say so in a line where nobody can be asked."""
    try:
        done = _tool(_AUDIT, "pip-audit", "-r", str(LOCK), "--disable-pip", "-f", "json", check=False)
        report = json.loads(done.stdout)
    except (OSError, ValueError):
        report = {"dependencies": []}
    says, code = judge(report)
    sys.stdout.write(f"{says}\n")
    sys.exit(code)


def judge(report: dict[str, Any]) -> tuple[str, int]:
    """Return what a report of pip-audit says, and the exit code."""
    packages = report["dependencies"]
    asked = [package for package in packages if "vulns" in package]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in "
        f"{', '.join(hole['fix_versions']) or 'no version'}"
        for package in asked
        for hole in package["vulns"]
    ]
    if holes:
        return "\n".join([f"{len(holes)} known holes:", *holes]), 1
    if not asked:
        return "Not audited: the advisory service cannot be reached from here.", 0
    return f"{len(asked)} of {len(packages)} packages audited, no known hole.", 0


def _tool(
    package: str, command: str, *options: str, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    return _uv("tool", "run", "--quiet", "--from", package, command, *options, check=check)


def _uv(*options: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    uv = Path(sys.executable).with_name("uv")
    # pip-audit writes "no known vulnerabilities" also where it could ask nobody; its report tells them apart.
    stderr = None if check else subprocess.DEVNULL
    done = subprocess.run([uv, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True)
    if check and done.returncode:
        sys.exit(f"uv {' '.join(options[:3])} failed; it needs the package registry")
    return done


COMMANDS: dict[str, Callable[[], None]] = {
    "lock": write_lock,
    "licences": write_licences,
    "sbom": write_sbom,
    "audit": audit,
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"Say one of {', '.join(COMMANDS)}.")
    COMMANDS[sys.argv[1]]()
