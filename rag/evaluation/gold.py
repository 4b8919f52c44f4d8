"""Gold questions: what a right answer must say and which words of which article carry it. Knows files, no assistant."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.article import Article
from rag.answer import Turn

UNANSWERABLE = "unanswerable"
KINDS = ("fact", "why", "change-over-time", "latest", "disagreement", "follow-up", "false-premise", UNANSWERABLE)


class GoldError(ValueError):
    """A gold file that cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class Words:
    """Exact words of one article, which is named by its id or by its file's name without the ending."""

    article: str
    quote: str

    def of(self, article: Article) -> bool:
        return self.article in (article.id, Path(article.origin).stem)

    def place_in(self, article: Article) -> tuple[int, int] | None:
        """Where the words stand in an article's body, or None."""
        start = article.body.find(self.quote) if self.of(article) else -1
        return (start, start + len(self.quote)) if start >= 0 else None


@dataclass(frozen=True, slots=True)
class Gold:
    """One question. `answers` holds what must be said, each thing by any of its wordings; an unanswerable question has none."""

    id: str
    question: str
    kind: str
    answers: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[Words, ...] = ()
    history: tuple[Turn, ...] = ()
    must_not: tuple[str, ...] = ()

    @property
    def for_development(self) -> bool:
        """True for the half that may be tuned on: the last bit of the id's SHA-256 is 0."""
        return sha256(self.id.encode()).digest()[-1] % 2 == 0


def read_gold(path: Path) -> list[Gold]:
    """The questions of a JSON lines file; only "question" is required.

    Raises:
        GoldError: the file or a line cannot be used.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: cannot be read as text ({error}); give a JSON lines file of gold questions") from error
    found = [_gold(f"{path}, line {n}", n, line) for n, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise GoldError(f'{path}: no questions; each line should be {{"question": ..., "answers": [[...]]}}')
    names = [gold.id for gold in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise GoldError(f"{path}: the id {twice[0]} stands twice; give each question its own")
    return found


def _gold(where: str, number: int, line: str) -> Gold:
    try:
        entry: dict[str, Any] = json.loads(line)
        answers = tuple(tuple(wordings) if isinstance(wordings, list) else (wordings,) for wordings in entry.get("answers", ()))
        gold = Gold(
            id=str(entry.get("id", number)),
            question=entry["question"],
            kind=entry.get("kind", "fact" if answers else UNANSWERABLE),
            answers=answers,
            evidence=tuple(Words(**words) for words in entry.get("evidence", ())),
            history=tuple(Turn(**turn) for turn in entry.get("history", ())),
            must_not=tuple(entry.get("must_not", ())),
        )
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise GoldError(
            f'{where}: {error}; each line should be {{"question": ..., "answers": [[...]], "evidence": [{{"article": ..., "quote": ...}}]}}'
        ) from error
    if gold.kind not in KINDS:
        raise GoldError(f'{where}: the kind "{gold.kind}" is unknown; there are {", ".join(KINDS)}')
    return gold
