"""Provenance of a run: commit, models, prompts, every constant that decides, gold file and collection."""

import ast
import platform
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from embeddings import reranker, support
from rag.assistant import Assistant
from rag.evaluation.measures.strict import SCORING_VERSION
from rag.generation.chat_model import LocalChatModel
from rag.generation.prompts import PROMPTS_FOLDER
from rag.generation.registry import AnswerModel
from rag.settings import ROOT

# The code that answers, and what it reads. What the evaluation keeps is no part of it.
_CODE = ("corpus", "embeddings", "prompts", "rag", ":(exclude)rag/evaluation/results")
# The packages whose constants decide an answer.
_DECIDING = (
    "corpus/passages.py",
    "corpus/scripts.py",
    "corpus/store",
    "embeddings",
    "rag/limits.py",
    "rag/quantities",
    "rag/query",
    "rag/retrieval",
    "rag/verification",
    "rag/generation",
    "rag/answers",
)
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")


def run_conditions(assistant: Assistant, gold: Path) -> dict[str, Any]:
    """Return what decides a run's answers and scores; two runs under the same ones agree."""
    library, model = assistant.library, assistant.model
    coverage = library.store.coverage()
    return {
        "commit": current_commit(),
        "dirty": has_changes(),
        "model": model.name,
        "files": {
            **_model_files(model),
            "encoder": library.encoder.fingerprint.weights or library.encoder.fingerprint.name,
            "reranker": reranker.WEIGHTS_SHA256,
            "support": support.WEIGHTS_SHA256,
        },
        "settings": {"hits": assistant.retriever.k, "evidence": model.evidence, "budget": model.budget},
        "search": asdict(assistant.retriever.scoring),
        "scoring": SCORING_VERSION,
        "thresholds": deciding_constants(),
        "gold": {"file": gold.name, "sha256": sha256(gold.read_bytes()).hexdigest()},
        "collection": {
            "articles": coverage.articles,
            "sha256": library.store.content_hash(),  # of texts, titles, publishers and dates
            "publishers": list(coverage.publishers),
            "earliest": str(coverage.earliest) if coverage.earliest else None,
            "latest": str(coverage.latest) if coverage.latest else None,
            "undated": coverage.undated,
        },
        "prompts": prompts_hash(),
    }


def different_conditions(before: dict[str, Any], now: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield the names of the conditions in which two runs differ, inner ones behind the outer.

    >>> list(different_conditions({"gold": {"file": "a"}, "k": 8}, {"gold": {"file": "b"}, "k": 8}))
    ['gold: file']
    """
    for name in dict.fromkeys((*before, *now)):
        one, two = before.get(name), now.get(name)
        if isinstance(one, dict) and isinstance(two, dict):
            yield from different_conditions(one, two, f"{path}{name}: ")
        elif one != two:
            yield f"{path}{name}"


def machine_info() -> dict[str, str]:
    """Return when and on which machine something is measured."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    }


def current_commit() -> str:
    """Return the whole name of the commit that is checked out, "unknown" outside of a repository."""
    return _git("rev-parse", "HEAD") or "unknown"


def has_changes() -> bool | None:
    """Return True if the code that answers is not that of the commit; None outside of a repository."""
    changed = _git("status", "--porcelain", "--", *_CODE)
    return None if changed is None else bool(changed)


def prompts_hash() -> str:
    """Return the SHA-256 of all prompts, in their folders, by name and content."""
    files = sorted(file for file in PROMPTS_FOLDER.rglob("*") if file.suffix in (".txt", ".jsonl"))
    digest = sha256()
    for file in files:
        digest.update(f"{file.relative_to(PROMPTS_FOLDER)}\n{file.read_text(encoding='utf-8')}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def deciding_constants() -> dict[str, Any]:
    """Return every number, and list of numbers, that a module of the answering packages has as a constant.

    They are read from the source, so that none has to be listed: "rag.limits.SIGNIFICANCE_LEVEL".
    """
    files = [
        file
        for name in _DECIDING
        for file in (sorted((ROOT / name).rglob("*.py")) if (ROOT / name).is_dir() else [ROOT / name])
    ]
    return {
        f"{'.'.join(file.relative_to(ROOT).with_suffix('').parts)}.{name}": value
        for file in files
        for name, value in _constants(ast.parse(file.read_text(encoding="utf-8")))
    }


def _constants(module: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            pairs = (
                zip(target.elts, value.elts, strict=False)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
                else [(target, value)]
            )
            for name, held in pairs:
                if isinstance(name, ast.Name) and _CONSTANT.fullmatch(name.id):
                    number = _number(held)
                    if number is not None:
                        yield name.id, number


def _number(node: ast.AST | None) -> Any:
    """Return a literal of numbers alone as a JSON value, also inside of `np.array(...)`; else None."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.array":
        node = node.args[0]
    try:
        value = ast.literal_eval(node) if isinstance(node, ast.expr) else None
    except ValueError:
        return None
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple | list) and value and all(isinstance(item, int | float) for item in value):
        return list(value)
    return None


def _model_files(model: AnswerModel) -> dict[str, str | None]:
    """Return the SHA-256 of the model's own files; None for the model of a server and for no adapter."""
    process = model.chat.process if isinstance(model.chat, LocalChatModel) else None
    files = {"model": process.path, "adapter": process.adapter} if process else {}
    return {name: _file_hash(files[name]) if files.get(name) else None for name in ("model", "adapter")}


@lru_cache(maxsize=8)
def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
