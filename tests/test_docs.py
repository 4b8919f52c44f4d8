"""The documents agree with the code."""

import dataclasses
import re
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT, SHARED, needs_shared
from PIL import Image

from rag.settings import VERSION, Settings

README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
_PICTURE_BYTES = 1_500_000


def test_the_tree_names_what_is_there() -> None:
    tree = README.split("## The tree")[1]
    named = set(re.findall(r"^    (\w[\w.]*)/?\s", tree, re.MULTILINE))
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    folders = {path.split("/")[0] for path in tracked if "/" in path and not path.startswith(".")}
    assert named - {"app.py"} == folders


def test_every_setting_is_listed_with_its_reason() -> None:
    listed = (ROOT / "docs/settings.md").read_text()
    rows = dict(re.findall(r"^\| `(DATELINE_\w+)` \| (.*) \|$", listed, re.MULTILINE))
    assert set(rows) == {f"DATELINE_{setting.name.upper()}" for setting in dataclasses.fields(Settings)}
    for setting in dataclasses.fields(Settings):
        assert rows[f"DATELINE_{setting.name.upper()}"].endswith(setting.metadata["reason"])


def test_the_tables_are_the_committed_runs() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    from results import fill_in, tables_by_document

    for path, made in tables_by_document().items():
        text = path.read_text()
        assert all(f"<!-- {mark} -->" in text for mark in made)
        assert fill_in(text, made) == text, f"run: python {ROOT.name}/docs/results.py"


def test_the_documents_say_how_often_the_test_half_was_read() -> None:
    """Each committed run over the gold questions reads it; edits of the same run do not."""
    file = "rag/evaluation/results/baseline.json"
    git = ["git", "-C", str(ROOT)]
    commits = subprocess.run([*git, "log", "--format=%h", "--", file], capture_output=True, text=True).stdout
    shallow = subprocess.run([*git, "rev-parse", "--is-shallow-repository"], capture_output=True, text=True)
    if not commits or shallow.stdout.strip() != "false":
        pytest.skip("the history of the committed runs is not here")
    shown = [
        subprocess.run([*git, "show", f"{commit}:{file}"], capture_output=True, text=True).stdout
        for commit in commits.split()
    ]
    runs = {when[1] for text in shown if (when := re.search(r'"when": "([^"]+)"', text))}
    assert f"in {len(runs)} committed runs" in (ROOT / "docs/measuring.md").read_text()


def test_every_file_that_the_documents_name_exists() -> None:
    named = r"`((?:docs|rag|corpus|embeddings|tests|benchmarks|prompts|training|tools|deploy)/[\w./-]+\.\w+)"
    for document in DOCUMENTS:
        text = document.read_text()
        for path in re.findall(named, text):
            assert (ROOT / path).exists(), f"{document.name}: {path}"
        for path, heading in re.findall(r"\]\((?!https?:)([^()#\s]*)(?:#([^()\s]+))?\)", text):
            linked = document.parent / path if path else document
            assert linked.exists(), f"{document.name}: {path}"
            assert not heading or heading in anchors(linked.read_text()), f"{document.name}: {path}#{heading}"


def anchors(text: str) -> set[str]:
    """Return the names by which the headings of a Markdown document are linked.

    >>> sorted(anchors("# One\\n## How good, and where it is weak\\n"))
    ['how-good-and-where-it-is-weak', 'one']
    """
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_short_and_begins_with_a_moving_picture_of_a_question() -> None:
    assert len(README.splitlines()) < 150
    file = ROOT / re.findall(r"!\[.*?\]\((.*?)\)", README)[0]
    assert file.stat().st_size < _PICTURE_BYTES
    with Image.open(file) as picture:
        assert getattr(picture, "n_frames", 1) > 5 and picture.width >= 800


def test_the_newest_change_is_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version == VERSION  # type: ignore[index]


def test_requirements_are_exact() -> None:
    for file in ROOT.glob("requirements*.txt"):
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith(("#", "-r"))]
        assert lines and all(re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", line) for line in lines)


@needs_shared
def test_no_sentence_of_the_seed_articles_is_ours() -> None:
    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"[a-z0-9']+", text.lower())
        return {tuple(words[n : n + 9]) for n in range(len(words) - 8)}

    seeds = set().union(*(runs(file.read_text()) for file in SHARED.glob("seeds/*.txt")))
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    texts = [
        ROOT / name
        for name in tracked
        if name.endswith((".py", ".md", ".txt", ".json", ".jsonl", ".css", ".js"))
    ]
    assert len(texts) > 200
    for file in texts:
        assert not runs(file.read_text()) & seeds, file
