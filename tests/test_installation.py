"""`pip install .`: what the wheel holds, and `dateline` as it is installed, started from another folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import ROOT

from rag.settings import VERSION

NEEDED = (
    "corpus/gold.jsonl",
    "embeddings/reranker.safetensors",
    "prompts/system.txt",
    "prompts/trained/question.txt",
    "prompts/judge/question.txt",
    "rag/adapters/reader.gguf",
    "rag/evaluation/reports/report.html",
    "rag/page/page.js",
    "rag/page/style.css",
)


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, since setuptools writes a folder `build` beside what it builds."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (
            not name.startswith(("tests/", "benchmarks/", "docs/", "training/", "."))
            and (ROOT / name).is_file()
        ):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(source))
    (built,) = out.glob("dateline-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    pip("install", "--no-deps", "--target", str(target), str(wheel))
    return target


def run(installed: Path, folder: Path, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run the installed `dateline` in a folder of its own; its dependencies are those of this environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
    environment |= {"PYTHONPATH": str(installed), "PYTHONWARNINGS": "ignore", **settings}
    return subprocess.run(
        [sys.executable, str(installed / "bin/dateline"), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_the_wheel_holds_the_code_and_every_file_that_it_reads(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    assert set(NEEDED) <= names
    for package in ("corpus", "embeddings", "rag"):
        code = {str(file.relative_to(ROOT)) for file in (ROOT / package).rglob("*.py")}
        assert code <= names
    articles = {f"corpus/articles/{file.name}" for file in (ROOT / "corpus/articles").iterdir()}
    assert articles <= names
    top = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert top == {"corpus", "embeddings", "prompts", "rag"}


def test_the_wheel_requires_what_requirements_txt_pins(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        lines = archive.read(metadata).decode().splitlines()
    required = {line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")}

    def pinned(name: str) -> set[str]:
        return {line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")}

    files = (file for file in ROOT.glob("requirements-*.txt") if file.stem != "requirements-dev")
    extras = {
        f'{line}; extra == "{file.stem.removeprefix("requirements-")}"'
        for file in files
        for line in pinned(file.name)
    }
    assert required == pinned("requirements.txt") | extras


def test_the_installed_command_works_in_another_folder(installed: Path, tmp_path: Path) -> None:
    shown = run(installed, tmp_path, "--help")
    assert shown.returncode == 0 and "evaluate" in shown.stdout, shown.stderr
    assert run(installed, tmp_path, "--version").stdout == f"dateline {VERSION}\n"
    settings = {"DATELINE_MODEL": "none", "DATELINE_THREADS": "1", "XDG_DATA_HOME": str(tmp_path / "share")}
    articles = sorted(str(file) for file in (installed / "corpus/articles").glob("hs2-*.md"))
    added = run(installed, tmp_path, "add", *articles, **settings)
    assert added.returncode == 0 and (tmp_path / "share/dateline").is_dir(), added.stderr
    answer = json.loads(run(installed, tmp_path, "ask", "What does HS2 cost?", "--json", **settings).stdout)
    assert answer["citations"]
    packages = [
        finding
        for line in run(installed, tmp_path, "doctor", "--json", **settings).stdout.splitlines()
        if (finding := json.loads(line))["about"] == "packages"
    ]
    assert packages[-1]["state"] == "ok"
