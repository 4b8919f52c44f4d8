"""Tokens a second of the packaged language model, beside a bare loop of llama_cpp on the same file."""

import time
from statistics import median
from typing import Any

import llama_cpp

from benchmarks.speed.texts import made_articles
from rag.generation.registry import packaged_file
from rag.generation.worker import LoadedModel

_CONTEXT, _TOKENS, _PROMPT_CHARS = 2048, 64, 2000


def measure(threads: int, rounds: int = 3) -> dict[str, Any]:
    """Read a prompt of the same length and write, in turn with the bare loop."""
    path = str(packaged_file())
    product = LoadedModel(path, _CONTEXT, threads)
    bare = llama_cpp.Llama(path, n_ctx=_CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False)
    taken: dict[str, list[dict[str, float]]] = {"bare llama_cpp": [], "Dateline": []}
    for n, article in enumerate(made_articles(rounds)):
        text = article.body[n : n + _PROMPT_CHARS]
        messages = [{"role": "user", "content": text}]
        tokens = product.chat.prompt(messages)[0]
        bare.reset()
        taken["bare llama_cpp"].append(_rates(bare.generate(tokens, temp=0.0), len(tokens)))
        taken["Dateline"].append(_rates(product._generate_tokens(tokens, 0, _TOKENS, 0.0), len(tokens)))
    bare.close()
    rows = {
        name: {key: round(median(one[key] for one in own), 1) for key in own[0]}
        for name, own in taken.items()
    }
    ratios = {
        key: round(
            median(a[key] / b[key] for a, b in zip(taken["Dateline"], taken["bare llama_cpp"], strict=True)),
            3,
        )
        for key in ("prompt_tokens_per_cpu_second", "answer_tokens_per_cpu_second")
    }
    return {
        "model": packaged_file().name,
        "threads": threads,
        "rounds": rounds,
        "rows": rows,
        "ratios": ratios,
    }


def _rates(tokens: Any, prompt: int) -> dict[str, float]:
    """Return the tokens a second up to the first token, and of those after it."""
    wall, cpu, written = time.perf_counter(), time.process_time(), 0
    next(tokens)
    first_wall, first_cpu = time.perf_counter(), time.process_time()
    for _ in tokens:
        written += 1
        if written == _TOKENS - 1:
            break
    return {
        "prompt_tokens_per_cpu_second": prompt / (first_cpu - cpu),
        "prompt_tokens_per_second": prompt / (first_wall - wall),
        "answer_tokens_per_cpu_second": written / (time.process_time() - first_cpu),
        "answer_tokens_per_second": written / (time.perf_counter() - first_wall),
    }
