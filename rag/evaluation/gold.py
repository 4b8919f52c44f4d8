"""Gold questions: what a right answer must say and which words of which article carry it. Knows files, no assistant."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.article import Article, InvalidDate, PartialDate
from rag.query.followups import Turn

UNANSWERABLE = "unanswerable"
YES_NO = "yes-no"
_EACH_LINE = (
    'each line should be {"question": ..., "answers": [[...]], "evidence": [{"article": ..., "quote": ...}]}'
)
QUESTION_KINDS = (
    "fact",
    "why",
    "change-over-time",
    "latest",
    "disagreement",
    "follow-up",
    "false-premise",
    YES_NO,
    UNANSWERABLE,
)


class EvaluationError(ValueError):
    """A gold file that cannot be used; the message names the line."""


def is_yes_or_no(wordings: Iterable[str]) -> bool:
    """True if an answer is "yes" or "no" and nothing else."""
    return {wording.strip(" .").lower() for wording in wordings} in ({"yes"}, {"no"})


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """Exact words of one article, which is named by its id or by its file's name without the ending."""

    article: str
    quote: str

    def of(self, article: Article) -> bool:
        return self.article in (article.id, Path(article.origin).stem)

    def span_in(self, article: Article) -> tuple[int, int] | None:
        """Where the words stand in an article's body, or None."""
        start = article.body.find(self.quote) if self.of(article) else -1
        return (start, start + len(self.quote)) if start >= 0 else None


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """One question. `answers` holds what must be said, each thing by any of its wordings; an unanswerable question has none.

    `as_of` holds for each of them the days that its value may speak of, where that is to be measured; a `draft` waits for a person's review.
    """

    id: str
    question: str
    kind: str
    answers: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[GoldQuote, ...] = ()
    history: tuple[Turn, ...] = ()
    must_not: tuple[str, ...] = ()
    as_of: tuple[tuple[PartialDate, ...], ...] = ()
    draft: bool = False
    line: int = field(default=0, compare=False)

    @property
    def for_development(self) -> bool:
        """True for the half that may be tuned on: the last bit of the id's SHA-256 is 0."""
        return sha256(self.id.encode()).digest()[-1] % 2 == 0


def read_gold(path: Path) -> list[GoldQuestion]:
    """The questions of a JSON lines or CSV file, in order; only "question" is required.

    "as_of" is one day for all answers, or an entry for each of them: a day, several of which each is right, or null.
    In a CSV file "answers" and "must_not" hold wordings with "|" between them, "article" and "quote" the words that carry the answer.

    Raises:
        GoldError: the file or a line cannot be used.
    """
    found = [_gold(f"{path}, line {n}", n, entry) for n, entry in _entries(path)]
    if not found:
        raise EvaluationError(
            f'{path}: no questions; each line should be {{"question": ..., "answers": [[...]]}}'
        )
    names = [gold.id for gold in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EvaluationError(f"{path}: the id {twice[0]} stands twice; give each question its own")
    return found


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, entry) of each question."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(
            f"{path}: cannot be read as text ({error}); give a JSON lines or CSV file of gold questions"
        ) from error
    if path.suffix.lower() == ".csv":
        rows = csv.DictReader(lines)
        for row in rows:
            yield rows.line_num, _from_row({name: cell for name, cell in row.items() if name and cell})
        return
    for n, line in enumerate(lines, 1):
        try:
            if line.strip():
                yield n, json.loads(line)
        except json.JSONDecodeError as error:
            raise EvaluationError(f"{path}, line {n}: {error}; {_EACH_LINE}") from error


def _from_row(row: dict[str, str]) -> dict[str, Any]:
    """A row of a CSV file as an entry."""
    entry: dict[str, Any] = {name: row[name] for name in ("id", "question", "kind", "as_of") if name in row}
    for name in ("answers", "must_not"):
        wordings = [wording.strip() for wording in row.get(name, "").split("|") if wording.strip()]
        entry[name] = [wordings] if name == "answers" and wordings else wordings
    if "article" in row and "quote" in row:
        entry["evidence"] = [{"article": row["article"], "quote": row["quote"]}]
    return entry


def _gold(where: str, number: int, entry: dict[str, Any]) -> GoldQuestion:
    try:
        answers = tuple(
            tuple(wordings) if isinstance(wordings, list) else (wordings,)
            for wordings in entry.get("answers", ())
        )
        gold = GoldQuestion(
            id=str(entry.get("id", number)),
            question=entry["question"],
            kind=entry.get("kind", "fact" if answers else UNANSWERABLE),
            answers=answers,
            evidence=tuple(GoldQuote(**words) for words in entry.get("evidence", ())),
            history=tuple(Turn(**turn) for turn in entry.get("history", ())),
            must_not=tuple(entry.get("must_not", ())),
            as_of=_days(entry.get("as_of"), len(answers)),
            draft=bool(entry.get("draft")),
            line=number,
        )
    except (KeyError, TypeError, AttributeError, InvalidDate) as error:
        raise EvaluationError(f"{where}: {error}; {_EACH_LINE}") from error
    if gold.kind not in QUESTION_KINDS:
        raise EvaluationError(
            f'{where}: the kind "{gold.kind}" is unknown; there are {", ".join(QUESTION_KINDS)}'
        )
    return gold


def _days(
    told: str | list[str | list[str] | None] | None, answers: int
) -> tuple[tuple[PartialDate, ...], ...]:
    """The days of each answer; none where nothing is told."""
    each = [told] * answers if isinstance(told, str) else told or []
    if told and len(each) != answers:
        raise InvalidDate(
            f'"as_of" has {len(each)} entries for {answers} answers; give one day, or an entry for each answer'
        )
    return tuple(
        tuple(PartialDate.parse(day) for day in ([days] if isinstance(days, str) else days or ()))
        for days in each
    )
