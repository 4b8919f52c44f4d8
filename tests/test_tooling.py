"""The commands beside the product are run by hand, months apart: they must still fit the product's code."""

import importlib.util
from pathlib import Path

import pytest

from benchmarks.answers.steps import STEPS, without_step

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(
    file for folder in ("benchmarks", "training", "docs") for file in (ROOT / folder).rglob("*.py")
)
OPTIONAL = ("peft", "gguf", "sklearn", "scipy", "transformers")  # in training/requirements.txt


@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_of_a_command_exist(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    monkeypatch.syspath_prepend(str(file.parent))  # as python does for a script
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except ModuleNotFoundError as missing:
        if missing.name not in OPTIONAL:
            raise
        pytest.skip(f"{missing.name} is not installed: pip install -r training/requirements.txt")


@pytest.mark.parametrize("step", STEPS)
def test_a_benchmark_replaces_functions_that_exist(step: str) -> None:
    with without_step(step):  # raises AttributeError for a function that was moved or renamed
        pass


@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_command_is_small(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400
