"""Who may import whom, and which rooms may import what is heavy; held against every import in the code."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT

HOUSE = ("corpus", "embeddings", "rag")
FILES = sorted(file for package in HOUSE for file in (ROOT / package).rglob("*.py"))
# Doors are started by people; they may use the wiring of the rooms above them.
DOORS = {"corpus/__main__.py", "corpus/verbs.py", "rag/__main__.py", "rag/evaluation/__main__.py"}
# Inside `rag`, from the lowest stair to the highest; a room imports only from stairs below its own.
STAIRS = (
    {"limits", "doors", "logins", "pointing", "units", "schema"},
    {"settings", "figures", "question"},
    {"claims"},
    {"alignment"},
    {"timing", "verify", "llm_process", "syndicated"},
    {"sources", "quantities"},
    {"retriever", "llm", "collection", "amounts"},
    {"evidence", "models", "examples"},
    {"citations", "prompts", "refusal", "subquestions"},
    {"series"},
    {"answer"},
    {"followups", "reopened", "timeline"},
    {"finding", "conversation", "export", "feedback"},
    {"assistant"},
    {"wiring", "api", "evaluation"},
    {"doctor", "runnable", "tools"},
    {"page"},
)
HEAVY = {
    "torch": {"embeddings/encoder.py", "embeddings/ranker.py"},
    "safetensors": {"embeddings/ranker.py"},
    "sentence_transformers": {"embeddings/encoder.py", "rag/evaluation/judge.py"},
    "sklearn": {"rag/evaluation/judge.py"},
    "faiss": {"embeddings/faiss_store.py"},
    "llama_cpp": {"rag/llm_process.py"},
    "gradio": {f"rag/page/{name}.py" for name in ("chat", "measuring", "reading", "shelf", "talks", "page", "told")},
    "sqlite3": {"corpus/store.py", "corpus/glance.py"},
    "mcp": {"rag/tools.py"},
    "huggingface_hub": {"rag/models.py"},
    **{
        library: {"corpus/formats.py", "corpus/pages.py", "corpus/papers.py"}
        for library in ("trafilatura", "htmldate", "pypdf", "docx", "lxml")
    },
}
FORBIDDEN = {"pickle", "joblib", "langchain_community", "langchain_classic", "requests"}


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: a relative import"
            found |= {f"{node.module}.{name.name}" if node.module in ("rag", "rag.evaluation") else str(node.module) for name in node.names}
    return found


def stair(module: str) -> int:
    name = module.split(".")[1]
    (found,) = [n for n, rooms in enumerate(STAIRS) if name in rooms]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    name = str(file.relative_to(ROOT))
    package = name.split("/")[0]
    for module in imports(file):
        top = module.split(".")[0]
        assert top not in FORBIDDEN, f"{name} imports {module}"
        assert name in HEAVY.get(top, {name}), f"{name} imports {module}"
        if top not in HOUSE or name in DOORS or file.name == "__init__.py":
            continue
        assert HOUSE.index(top) <= HOUSE.index(package), f"{name} imports {module}, which is above it"
        if top == package == "rag":
            own = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            assert stair(module) < stair(own) or own.split(".")[1] == module.split(".")[1], f"{name} imports {module}, which is above it"


def test_the_page_knows_nothing_of_retrieval_or_prompts() -> None:
    for file in (ROOT / "rag/page").glob("*.py"):
        assert not imports(file) & {"rag.retriever", "rag.prompts", "rag.models", "rag.llm", "embeddings.library", "corpus.store.Store"}, (
            file
        )


@pytest.mark.parametrize("file", [ROOT / "app.py", *FILES], ids=lambda file: str(file.relative_to(ROOT)))
def test_a_room_is_small_opens_with_a_sentence_and_catches_only_what_it_knows(file: Path) -> None:
    text = file.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a room opens with what it knows"
    assert len(text.splitlines()) <= 330
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.id if isinstance(node.type, ast.Name) else ""
            assert (node.type is not None and caught not in ("Exception", "BaseException")) or isinstance(node.body[-1], ast.Raise), (
                "a broad except"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "print", "__import__")


def test_the_environment_is_silent_before_anything_heavy_is_imported() -> None:
    import subprocess
    import sys

    code = "import {}, os; print(os.environ['GRADIO_ANALYTICS_ENABLED'], os.environ['HF_HUB_OFFLINE'], os.environ['LANGSMITH_TRACING'], 'LANGSMITH_API_KEY' in os.environ)"
    hostile = {"PATH": "", "LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "HF_HUB_OFFLINE": "0", "GRADIO_ANALYTICS_ENABLED": "True"}
    for package in HOUSE:
        done = subprocess.run(
            [sys.executable, "-c", code.format(package)], cwd=ROOT, env=hostile, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["False", "1", "false", "False"]


def test_nothing_is_unpickled_while_a_question_is_answered(sample_folder: Path) -> None:
    import os
    import subprocess
    import sys

    code = (
        "import sys\nfound = []\nfrom rag.wiring import open_assistant\n"
        "sys.addaudithook(lambda event, args: found.append(args) if event == 'pickle.find_class' else None)\n"
        "assistant = open_assistant()\nanswer = assistant.ask('What does HS2 cost?')\nassistant.close()\nassert answer.statements\nprint(len(found))"
    )
    environment = {**os.environ, "DATELINE_DATA": str(sample_folder)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "0", done.stderr
