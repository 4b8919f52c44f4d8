"""HTML below an answer: how it was found, in one drawer, and the buttons that `page.js` listens to."""

from collections.abc import Iterator
from html import escape

from rag.answers.answer import Answer
from rag.answers.feedback import FEEDBACK_VERDICTS, GOOD_VERDICT
from rag.page.markup.filter_chips import filter_labels
from rag.page.markup.text_markup import escape_line, headline_html
from rag.retrieval.evidence import Evidence
from rag.serving.example_questions import next_questions
from rag.verification.citations import QUOTED

DROPPED_PREFIX = "Dropped “"  # of warnings about a written sentence that failed verification

_EXPORT_FORMATS = (
    ("markdown", "Markdown"),
    ("html", "HTML"),
    ("json", "JSON"),
    ("bibtex", "BibTeX"),
    ("csl", "CSL-JSON"),
)
_RANK_LABELS = {
    "words": "words: rank {place}",
    "meaning": "meaning: rank {place}",
    "preference": "named in the question: +{score:.2f}",
    "sentence": "best sentence: +{score:.2f}",
    "newness": "newer than others: +{score:.2f}",
    "earlier": "in the previous answer: +{score:.2f}",
}


def search_details_html(answer: Answer) -> str:
    """Return how a finished answer was found, folded away: search, times, evidence, what was dropped."""
    if not answer.finished:
        return ""
    facts = "".join(
        f'<p class="fact"><span class="name">{name}</span> {text}</p>' for name, text in _facts(answer)
    )
    passages = "".join(_ranked_passage(item) for item in _one_per_passage(answer))
    evidence = f'<p class="fact"><span class="name">Evidence, best first</span></p><ol>{passages}</ol>'
    dropped = dropped_sentences(answer)
    count = "1 sentence" if len(dropped) == 1 else f"{len(dropped)} sentences"
    note = f'<span class="count"> · {count} dropped, since no source supports it</span>' if dropped else ""
    return (
        f'<details class="found"><summary>How it was found{note}</summary>{facts}'
        f"{evidence if passages else ''}{_dropped_html(dropped)}</details>"
    )


def tools_html(answer: Answer, turn: int, feedback: str | None) -> str:
    """Return the buttons of a finished answer, and how long it took; see `answer_html` for `feedback`."""
    if not answer.finished:
        return ""
    actions = (("copy", "Copy"), ("retry", "Ask again"), ("edit", "Edit"), ("share", "Share"))
    buttons = "".join(f"{button_html(name, turn, label)} " for name, label in actions)
    rest = _export_menu(turn) + _feedback(turn, feedback) + _duration(answer)
    return f'<div class="tools">{buttons}{rest}</div>'


def next_questions_html(answer: Answer, turn: int) -> str:
    """Return questions that could be asked next, as buttons that ask them."""
    questions = next_questions(answer) if answer.finished else ()
    buttons = "".join(
        button_html("follow", turn, escape_line(question), str(n)) for n, question in enumerate(questions, 1)
    )
    return f'<div class="next"><p class="label">Ask next</p>{buttons}</div>' if buttons else ""


def dropped_sentences(answer: Answer) -> list[tuple[str, str]]:
    """Return the written sentences that failed verification, each with the reason."""
    warnings = [warning for warning in answer.warnings if warning.startswith(DROPPED_PREFIX)]
    parts = [warning.removeprefix(DROPPED_PREFIX).rpartition("”: ") for warning in warnings]
    return [(text, reason) for text, _, reason in parts]


def button_html(action: str, turn: int, label: str, detail: str = "") -> str:
    """Return a button whose id says what it does: "copy-0", "export-0-markdown"."""
    suffix = f"-{detail}" if detail else ""
    return f'<button type="button" class="act" id="{action}-{turn}{suffix}">{label}</button>'


def _facts(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield the facts of a search as (name, HTML)."""
    yield "Searched for", escape_line(answer.searched)
    labels = [label for _, label in filter_labels(answer.filters)]
    yield "Among", escape_line("; ".join(labels)) or "all articles"
    times = answer.timings
    steps = [
        ("evidence after", times.evidence),
        ("first word after", times.first_word),
        ("all in", times.total),
    ]
    if spoken := ", ".join(f"{name} {seconds:.1f} s" for name, seconds in steps if seconds is not None):
        yield "Time", spoken
    if answer.model:
        yield "Model", escape_line(answer.model)


def _ranked_passage(evidence: Evidence) -> str:
    article = evidence.article
    ranks = "; ".join(
        _RANK_LABELS[rank.by].format(place=rank.place, score=rank.score) for rank in evidence.ranks
    )
    dateline = f"<span class='dateline'>{escape(article.credit)}</span>"
    scores = f"<span class='ranks'>score {evidence.score:.2f}{escape(f' ({ranks})' if ranks else '')}</span>"
    return f"<li>{headline_html(article)}{dateline} {scores}</li>"


def _one_per_passage(answer: Answer) -> list[Evidence]:
    keys = [(item.article.id, item.ranks) for item in answer.evidence]
    return [item for n, item in enumerate(answer.evidence) if keys[n] not in keys[:n]]


def _dropped_html(dropped: list[tuple[str, str]]) -> str:
    """Return the dropped sentences, struck out, each with the reason."""
    if not dropped:
        return ""
    items = "".join(
        f"<li><del>{escape_line(text)}</del> <span class='why'>{escape_line(reason)}</span></li>"
        for text, reason in dropped
    )
    return f'<p class="fact"><span class="name">Dropped</span></p><ul class="dropped">{items}</ul>'


def _export_menu(turn: int) -> str:
    """Return the formats that an answer, or the whole conversation, can be saved in."""

    def row(label: str, scope: str) -> str:
        buttons = (button_html("export", turn, name, f"{scope}{form}") for form, name in _EXPORT_FORMATS)
        return f"<p>{label}: {' '.join(buttons)}</p>"

    rows = row("This answer", "") + row("The whole conversation", "all-")
    return f'<details class="save"><summary>Save as</summary><div class="menu">{rows}</div></details>'


def _duration(answer: Answer) -> str:
    if answer.timings.total is None:
        return ""
    written = any(item.verdict != QUOTED for item in answer.statements)
    checked = "each sentence checked against its source, " if written else ""
    return f'<p class="foot">{checked}{answer.timings.total:.1f} s</p>'


def _feedback(turn: int, feedback: str | None) -> str:
    """Return a thumb up and a thumb down, which opens the reasons; or the verdict if there is one."""
    if feedback is None:
        return ""
    if feedback:
        label = escape_line(FEEDBACK_VERDICTS.get(feedback, feedback))
        return f'<p class="feedback given" role="status">✓ Noted for review: {label}</p>'
    good = button_html("feedback", turn, FEEDBACK_VERDICTS[GOOD_VERDICT], GOOD_VERDICT)
    reasons = " ".join(
        button_html("feedback", turn, label, verdict)
        for verdict, label in FEEDBACK_VERDICTS.items()
        if verdict != GOOD_VERDICT
    )
    return (
        f'<span class="feedback">{good} <details class="reasons"><summary>Not good</summary>'
        f'<div class="menu"><p>What is wrong? {reasons}</p></div></details></span>'
    )
