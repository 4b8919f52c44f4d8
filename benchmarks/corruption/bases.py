"""Real sentences to make statements of, each with its neighbours and its headline."""

import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.public_sets import DATA, read_lines
from corpus.passages import sentence_spans
from corpus.reading.files import find_files

ROOT = Path(__file__).parent.parent.parent
_MIN_MAX_CHARS = (50, 300)  # shorter sentences are headings, longer ones lists


@dataclass(frozen=True, slots=True)
class Base:
    """A sentence of a text, the sentences before and after it, and the text's headline."""

    text: str
    before: str
    after: str
    headline: str
    source: str

    @property
    def for_development(self) -> bool:
        return hashlib.sha256(self.text.encode()).digest()[-1] % 2 == 0


def bases(each: int, seed: int, only: str | None = None) -> list[Base]:
    """Draw at most `each` sentences of every source with `seed`; sources that do not exist are left out."""
    texts = {"articles": _articles, "multihop": _multihop, "clapnq": _clapnq, "new_wiki": _new_wiki}
    found = []
    for name, read_texts in texts.items():
        if only in (None, name):
            pool = [base for headline, body in read_texts() for base in _sentences(headline, body, name)]
            found += random.Random(seed).sample(pool, min(each, len(pool)))
    return found


def _sentences(headline: str, body: str, source: str) -> Iterator[Base]:
    spans = [body[start:end] for start, end in sentence_spans(body)]
    for n, text in enumerate(spans):
        if (
            _MIN_MAX_CHARS[0] <= len(text) <= _MIN_MAX_CHARS[1]
            and "\n" not in text
            and text[-1] == "."
            and re.match(r"[A-Z“\"]", text)
        ):
            yield Base(
                text, spans[n - 1] if n else "", spans[n + 1] if n + 1 < len(spans) else "", headline, source
            )


def _articles() -> Iterator[tuple[str, str]]:
    for file in find_files([ROOT / "corpus/articles"]):
        text = file.read_text()
        title = re.search(r"^title: *(.+)$", text, re.MULTILINE)
        yield title[1].strip('"') if title else "", text.split("---", 2)[2]


def _multihop() -> Iterator[tuple[str, str]]:
    for row in _rows("multihop_rag/corpus.jsonl.gz"):
        yield row["title"], row["body"]


def _clapnq() -> Iterator[tuple[str, str]]:
    for row in _rows("clapnq/clapnq_dev_answerable.jsonl.gz"):
        for passage in row["passages"]:
            # The set is tokenised: "1.5 %", "Office 's", "`` season ''".
            text = re.sub(
                r" ([.,;:%)]|'s|n't)",
                r"\1",
                passage["text"].replace("`` ", "“").replace(" ''", "”").replace("( ", "("),
            )
            yield passage["title"], text


def _new_wiki() -> Iterator[tuple[str, str]]:
    for row in _rows("squadshifts/new_wiki.jsonl.gz"):
        yield row["title"].replace("_", " "), row["context"]


def _rows(name: str) -> Iterator[dict]:
    if (DATA / name).exists():
        yield from read_lines(DATA / name)
