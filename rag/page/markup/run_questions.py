"""HTML of a run's questions: a table that can be sorted, in which a click asks a question again."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rag.page.markup.text_markup import escape_line

_HEADS = ("Question", "Kind", "Outcome", "Seconds")
_RIGHT, _UNSCORED = "right", "not scored"


def run_questions_html(results: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of questions, those that failed first; a script of the tab listens to it."""
    rows = sorted(map(_cells, results), key=lambda cells: (cells[2] in (_RIGHT, _UNSCORED), cells[2]))
    failed = sum(cells[2] not in (_RIGHT, _UNSCORED) for cells in rows)
    heads = "".join(f'<th scope="col"><button type="button">{head}</button></th>' for head in _HEADS)
    body = "".join(_row(*cells) for cells in rows)
    return (
        f'<h2>Questions</h2><p class="hint">{failed} of {len(rows)} failed. A click asks a question in the '
        "chat; one that followed another is asked alone.</p>"
        f'<table class="questions"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
    )


def _cells(result: Mapping[str, Any]) -> tuple[str, str, str, float]:
    outcome = result["failure"] or (_UNSCORED if result["right"] is None else _RIGHT)
    return str(result["question"]), str(result["kind"]), str(outcome), float(result["seconds"])


def _row(question: str, kind: str, outcome: str, seconds: float) -> str:
    failed = "" if outcome in (_RIGHT, _UNSCORED) else ' class="failed"'
    ask = f'<button type="button" class="ask">{escape_line(question)}</button>'
    cells = (ask, escape(kind), escape(outcome), f"{seconds:.1f}")
    return f"<tr{failed}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
