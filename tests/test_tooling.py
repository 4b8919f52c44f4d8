"""The commands beside the product are run by hand, months apart: at least they must still find what they import."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(
    file for folder in ("benchmarks", "training", "docs") for file in (ROOT / folder).rglob("*.py")
)
OTHERS = ("peft", "gguf", "sklearn", "scipy", "transformers")  # of training/requirements.txt


@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_command_finds_what_it_imports(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    monkeypatch.syspath_prepend(str(file.parent))  # as python does for a script
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except ModuleNotFoundError as missing:
        if missing.name not in OTHERS:
            raise
        pytest.skip(f"{missing.name} is not installed: pip install -r training/requirements.txt")
