"""Gold questions: what a right answer must say, and which words of which article support it."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.article import Article, InvalidDate, PartialDate
from rag.answers.schema import InvalidValue, JsonModel, TurnJson, parse
from rag.query.followups import Turn

UNANSWERABLE = "unanswerable"
UNSCORED = "not scored"  # the kind of a question without gold: it is asked and shown
YES_NO = "yes-no"
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
_EXPECTED_LINE = (
    'each line should be {"question": ..., "answers": [[...]], "evidence": [{"article": ..., "quote": ...}]}'
)


class EvaluationError(ValueError):
    """A gold file, run or option of the evaluation that cannot be used; the message holds the remedy."""


class _QuoteEntry(JsonModel):
    article: str
    quote: str


class _GoldEntry(JsonModel):
    """A line of a gold file; keys that are not here are ignored."""

    question: str
    id: str | int | None = None
    kind: str = ""
    answers: Sequence[str | list[str]] = ()
    evidence: Sequence[_QuoteEntry] = ()
    history: Sequence[TurnJson] = ()
    must_not: Sequence[str] = ()
    as_of: str | list[str | list[str] | None] | None = None
    okay: Sequence[str | list[str]] = ()
    draft: bool = False


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """Exact words of one article, which is named by its id or by its file's name without the ending."""

    article: str
    quote: str

    def belongs_to(self, article: Article) -> bool:
        """Return True if the words are said to be this article's."""
        return self.article in (article.id, Path(article.origin).stem)

    def span_in(self, article: Article) -> tuple[int, int] | None:
        """Return the (start, end) offsets of the words in an article's body, or None if it lacks them."""
        start = article.body.find(self.quote) if self.belongs_to(article) else -1
        return (start, start + len(self.quote)) if start >= 0 else None


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """One question with its expected answers and the quotes that support them.

    `answers` holds everything that must be said, each as a tuple of accepted wordings; an unanswerable
    question has none. `okay` holds what may be said beside it, in the same form. `as_of` holds, for each
    answer, the days for which its value is right, where that is to
    be measured. A `draft` still waits for a person's review.
    """

    id: str
    question: str
    kind: str
    answers: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[GoldQuote, ...] = ()
    history: tuple[Turn, ...] = ()
    must_not: tuple[str, ...] = ()
    as_of: tuple[tuple[PartialDate, ...], ...] = ()
    okay: tuple[tuple[str, ...], ...] = ()
    draft: bool = False
    line: int = field(default=0, compare=False)

    @property
    def scored(self) -> bool:
        """True if something says what a right answer is: wanted answers, or that there is none."""
        return bool(self.answers) or self.kind == UNANSWERABLE

    @property
    def for_development(self) -> bool:
        """True for the half that may be tuned on: the last bit of the id's SHA-256 is 0."""
        return sha256(self.id.encode()).digest()[-1] % 2 == 0


def read_gold(path: Path) -> list[GoldQuestion]:
    """Read the questions of a JSON lines or CSV file, in order; only "question" is required.

    A question without "answers" is asked and not scored, unless its "kind" is "unanswerable".
    "as_of" is one day for all answers, or an entry for each of them: a day, a list of days that are all
    right, or null. In a CSV file "answers" and "must_not" hold wordings separated by "|", "article" and
    "quote" one quote that supports the answer.

    Raises:
        EvaluationError: the file or a line cannot be used.
    """
    questions = [_parse_question(f"{path}, line {n}", n, entry) for n, entry in _entries(path)]
    if not questions:
        raise EvaluationError(
            f'{path}: no questions; each line should be {{"question": ..., "answers": [[...]]}}'
        )
    lines: dict[str, int] = {}
    for question in questions:
        first = lines.setdefault(question.id, question.line)
        if first != question.line:
            raise EvaluationError(
                f"{path}, line {question.line}: the id {question.id} is used twice, first on line {first}; "
                "give each question its own"
            )
    return questions


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, entry) for each question."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(
            f"{path}: cannot be read as text ({error}); give a JSON lines or CSV file of gold questions"
        ) from error
    if path.suffix.lower() == ".csv":
        rows = csv.DictReader(lines)
        for row in rows:
            yield rows.line_num, _entry_from_row({name: cell for name, cell in row.items() if name and cell})
        return
    for n, line in enumerate(lines, 1):
        try:
            if line.strip():
                yield n, json.loads(line)
        except json.JSONDecodeError as error:
            raise EvaluationError(f"{path}, line {n}: {error}; {_EXPECTED_LINE}") from error


def _entry_from_row(row: dict[str, str]) -> dict[str, Any]:
    """Return a CSV row in the form of a JSON lines entry."""
    entry: dict[str, Any] = {name: row[name] for name in ("id", "question", "kind", "as_of") if name in row}
    for name in ("answers", "must_not"):
        wordings = [wording.strip() for wording in row.get(name, "").split("|") if wording.strip()]
        entry[name] = [wordings] if name == "answers" and wordings else wordings
    if "article" in row and "quote" in row:
        entry["evidence"] = [{"article": row["article"], "quote": row["quote"]}]
    return entry


def _parse_question(where: str, number: int, entry: object) -> GoldQuestion:
    """Return the question of an entry; `where` opens the message of an error."""
    try:
        given = parse(_GoldEntry, entry)
        gold = GoldQuestion(
            id=str(number if given.id is None else given.id),
            question=given.question,
            kind=given.kind or ("fact" if given.answers else UNSCORED),
            answers=_nuggets(given.answers),
            evidence=tuple(GoldQuote(quote.article, quote.quote) for quote in given.evidence),
            history=tuple(Turn(turn.role, turn.text) for turn in given.history),
            must_not=tuple(given.must_not),
            as_of=_parse_days(given.as_of, len(given.answers)),
            okay=_nuggets(given.okay),
            draft=given.draft,
            line=number,
        )
    except (InvalidValue, InvalidDate) as error:
        raise EvaluationError(f"{where}: {error}; {_EXPECTED_LINE}") from error
    if given.kind and gold.kind not in QUESTION_KINDS:
        raise EvaluationError(
            f'{where}: the kind "{gold.kind}" is unknown; there are {", ".join(QUESTION_KINDS)}'
        )
    return gold


def _nuggets(answers: Sequence[str | list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple((wordings,) if isinstance(wordings, str) else tuple(wordings) for wordings in answers)


def _parse_days(
    as_of: str | list[str | list[str] | None] | None, answers: int
) -> tuple[tuple[PartialDate, ...], ...]:
    """Return the days of each answer, empty where none are given."""
    each = [as_of] * answers if isinstance(as_of, str) else as_of or []
    if as_of and len(each) != answers:
        raise InvalidDate(
            f'"as_of" has {len(each)} entries for {answers} answers; '
            "give one day, or an entry for each answer"
        )
    return tuple(
        tuple(PartialDate.parse(day) for day in ([days] if isinstance(days, str) else days or ()))
        for days in each
    )
