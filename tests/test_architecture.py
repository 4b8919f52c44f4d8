"""Which package may import which, and which module may import a heavy library; checked against every import."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGES = ("corpus", "embeddings", "rag")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
# From the lowest layer to the highest: a module imports from its own layer and from those below it.
LAYERS = (
    {
        f"corpus.{name}"
        for name in (
            "article",
            "caching",
            "characters",
            "dates",
            "environment",
            "locking",
            "passages",
            "publishers",
            "scripts",
            "signals",
            "words",
        )
    },
    {"corpus.reading"},
    {"corpus.cleaning"},
    {"corpus.store"},
    {"embeddings"},
    {"rag.limits", "rag.errors", "rag.settings", "rag.telemetry"},
    {"rag.quantities"},
    {"rag.query"},
    {"rag.retrieval"},
    {"rag.verification"},
    {"rag.generation"},
    {"rag.answers"},
    {"rag.assistant"},
    {"rag.factory"},
    {"rag.serving", "rag.evaluation.gold"},
    {"rag.evaluation.measures"},
    {"rag.evaluation.retrieval", "rag.evaluation.runs"},
    {"rag.evaluation.controls"},
    {"rag.evaluation.reports"},
    {"rag.page.markup", "rag.page.uploads"},
    {"rag.page.tabs"},
    {"rag.page.page", "rag.page.precompiled"},
    {"rag.cli"},
)
HEAVY = {
    "torch": {f"embeddings/{name}.py" for name in ("encoder", "precision", "reranker", "support")},
    "safetensors": {"embeddings/reranker.py"},
    "sentence_transformers": {"embeddings/encoder.py", "rag/evaluation/runs/judge.py"},
    "sklearn": {"rag/evaluation/runs/judge.py"},
    "faiss": {"embeddings/index.py", "embeddings/kinds.py"},
    "pymilvus": {"embeddings/milvus_index.py"},
    "grpc": {"embeddings/milvus_index.py"},
    "ray": {"embeddings/encode_job.py"},
    "llama_cpp": {"rag/generation/worker.py", "rag/generation/chat_template.py"},
    "gradio": {
        "rag/page/page.py",
        "rag/page/uploads.py",
        *(f"rag/page/tabs/{file.name}" for file in (ROOT / "rag/page/tabs").glob("*.py")),
    },
    "sqlite3": {f"corpus/store/{name}.py" for name in ("connection", "inspection", "terms")},
    "sqlalchemy": {f"corpus/store/postgres/{name}.py" for name in ("connection", "inspection", "lock")},
    "alembic": {
        f"corpus/store/postgres/{name}.py"
        for name in (
            "connection",
            "migrations/env",
            "migrations/versions/version_9",
            "migrations/versions/version_10",
        )
    },
    "mcp": {"rag/serving/mcp_server.py"},
    "prometheus_client": {"rag/telemetry.py"},
    "opentelemetry": {"rag/telemetry.py"},
    "huggingface_hub": {"rag/generation/hub.py"},
    "trafilatura": {"corpus/reading/html.py"},
    "htmldate": {"corpus/reading/html.py"},
    "lxml": {"corpus/reading/html.py"},
    "pypdf": {"corpus/reading/pdf.py"},
    "docx": {"corpus/reading/word.py"},
}
FORBIDDEN = {"pickle", "joblib", "langchain_community", "langchain_classic", "requests"}


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


MODULES = {module_name(file).removesuffix(".__init__") for file in FILES}


def imports(file: Path) -> set[str]:
    """Return the modules that a file imports: `from rag import limits` counts as `rag.limits`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: a relative import"
            submodules = {f"{node.module}.{name.name}" for name in node.names} & MODULES
            found |= submodules or {str(node.module)}
    return found


def layer(module: str) -> int:
    (found,) = [n for n, names in enumerate(LAYERS) for name in names if f"{module}.".startswith(f"{name}.")]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    name, module = str(file.relative_to(ROOT)), module_name(file)
    for imported in imports(file):
        top = imported.split(".")[0]
        assert top not in FORBIDDEN, f"{name} imports {imported}"
        assert name in HEAVY.get(top, {name}), f"{name} imports {imported}"
        if top not in PACKAGES or file.name in ("__init__.py", "__main__.py"):
            continue  # __main__ modules are started, never imported
        assert layer(imported) <= layer(module), f"{name} imports {imported}, which is above it"


def test_modules_of_a_package_do_not_import_each_other_in_a_circle() -> None:
    graph = {module_name(file).removesuffix(".__init__"): imports(file) & MODULES for file in FILES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for imported in graph[module]:
                visit(imported, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_the_page_knows_nothing_of_retrieval_or_prompts() -> None:
    for file in (ROOT / "rag/page").rglob("*.py"):
        assert not imports(file) & {
            "rag.retrieval.search",
            "rag.generation.prompts",
            "rag.generation.registry",
            "rag.generation.chat_model",
            "rag.generation.model_process",
            "embeddings.library",
            "corpus.store.database.Store",
        }, file


@pytest.mark.parametrize("file", [ROOT / "app.py", *FILES], ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_is_small_opens_with_a_sentence_and_catches_only_what_it_knows(file: Path) -> None:
    text = file.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module opens with what it is for"
    assert len(text.splitlines()) <= 400
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.id if isinstance(node.type, ast.Name) else ""
            assert (node.type is not None and caught not in ("Exception", "BaseException")) or isinstance(
                node.body[-1], ast.Raise
            ), "a broad except"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "print", "__import__")


def test_the_pages_scripts_are_short() -> None:
    scripts = (ROOT / "rag/page").glob("*.js")
    assert sum(len(script.read_text(encoding="utf-8").splitlines()) for script in scripts) < 300


@pytest.mark.threat("S2", n="4 settings that would send, in every package")
def test_the_environment_is_silent_before_anything_heavy_is_imported() -> None:
    import subprocess
    import sys

    code = "import {}, os; print(os.environ['GRADIO_ANALYTICS_ENABLED'], os.environ['HF_HUB_OFFLINE'], os.environ['LANGSMITH_TRACING'], 'LANGSMITH_API_KEY' in os.environ)"
    hostile = {
        "PATH": "",
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_API_KEY": "x",
        "HF_HUB_OFFLINE": "0",
        "GRADIO_ANALYTICS_ENABLED": "True",
    }
    for package in PACKAGES:
        done = subprocess.run(
            [sys.executable, "-c", code.format(package)],
            cwd=ROOT,
            env=hostile,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["False", "1", "false", "False"]


@pytest.mark.threat("G2", n="an audit hook")
def test_nothing_is_unpickled_while_a_question_is_answered(sample_folder: Path) -> None:
    import os
    import subprocess
    import sys

    code = (
        "import sys\nfound = []\nfrom rag.factory import open_assistant\n"
        "sys.addaudithook(lambda event, args: found.append(args) if event == 'pickle.find_class' else None)\n"
        "assistant = open_assistant()\nanswer = assistant.ask('What does HS2 cost?')\nassistant.close()\nassert answer.statements\nprint(len(found))"
    )
    environment = {**os.environ, "DATELINE_DATA": str(sample_folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "0", done.stderr
