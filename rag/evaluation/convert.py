"""Public question sets as they are published -> articles that `dateline add` reads and gold questions. Knows their files alone.

SQuAD (and its shifts), CLAPNQ, RGB, RealtimeQA and MultiHop-RAG. What a set does not state stays unknown.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.cleaning.clean import NoText, clean
from corpus.reading.files import read_articles
from corpus.reading.text import EXPORT_FORMAT
from rag.evaluation.gold import UNANSWERABLE, YES_NO, EvaluationError, is_yes_or_no

Entry = dict[str, Any]


@dataclass
class ConvertedSet:
    """Articles by their text, each once, with its id; questions with what answers them, as entries of JSON lines files; the last article of each title."""

    articles: dict[str, tuple[str, Entry]] = field(default_factory=dict)
    questions: list[Entry] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)

    def article(self, body: str, **fields: str | None) -> str:
        """Take an article in; its id as a collection will have it."""
        # As an export of ours, so that it is taken as it stands: a set's paragraph is no page to be cleaned.
        entry = {
            "format": EXPORT_FORMAT,
            **{name: value for name, value in fields.items() if value},
            "body": body.strip(),
        }
        known = self.articles.get(entry["body"])
        if known:
            return known[0]
        (raw,) = read_articles(Path("set.jsonl"), json.dumps(entry).encode())
        name = clean(raw).id
        self.articles[entry["body"]] = name, entry
        self.titles[fields.get("title") or ""] = name
        return name

    def question(
        self, name: str, question: str, answers: list[list[str]], quotes: list[tuple[str, str]]
    ) -> None:
        """Take a question in: the wordings of each thing that must be said (none: nothing answers it) and (article id, words) that carry it."""
        answers = [
            wordings
            for each in answers
            if (wordings := list(dict.fromkeys(wording for wording in each if wording)))
        ]
        kind = {"kind": YES_NO} if len(answers) == 1 and is_yes_or_no(answers[0]) else {}
        answered = {
            **kind,
            "answers": answers,
            "evidence": [{"article": article, "quote": quote} for article, quote in quotes],
        }
        self.questions.append(
            {"id": name, "question": question, **(answered if answers else {"kind": UNANSWERABLE})}
        )


def convert(form: str, paths: Sequence[Path]) -> ConvertedSet:
    """Read the files of a set of one of `SET_FORMATS`, those with articles before those with questions on them.

    Raises:
        GoldError: a file cannot be read, or is of another form.
    """
    found = ConvertedSet()
    for path in paths:
        _read(form, path, found)
    if not found.questions:
        raise EvaluationError(f"{paths[-1]}: holds no questions; give the set's file of questions too")
    return found


def _read(form: str, path: Path, found: ConvertedSet) -> None:
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as file
        ):
            text = file.read()
        for entry in _entries(text):
            SET_FORMATS[form](entry, found)
    except (
        OSError,
        UnicodeDecodeError,
        NoText,
        json.JSONDecodeError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
    ) as error:
        raise EvaluationError(
            f"{path}: not as {form} is published ({type(error).__name__}: {error}); the forms are {', '.join(sorted(SET_FORMATS))}"
        ) from error


def save_converted(found: ConvertedSet, articles: Path, gold: Path) -> None:
    """Write both as JSON lines."""
    for path, entries in (
        (articles, [entry for _, entry in found.articles.values()]),
        (gold, found.questions),
    ):
        path.write_text(
            "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries), encoding="utf-8"
        )


def _entries(text: str) -> Iterator[Entry]:
    """The entries of a JSON file (a list, SQuAD's "data", or one entry) or of JSON lines."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, dict):
        whole = whole.get("data", [whole])
    yield from whole


def _squad(entry: Entry, found: ConvertedSet) -> None:
    for paragraph in entry.get("paragraphs", [entry]):
        article = found.article(paragraph["context"], title=(entry.get("title") or "").replace("_", " "))
        for asked in paragraph["qas"]:
            texts = [answer["text"] for answer in asked["answers"]]
            found.question(
                str(asked["id"]), asked["question"].strip(), [texts], [(article, texts[0])] if texts else []
            )


def _clapnq(entry: Entry, found: ConvertedSet) -> None:
    (passage,) = entry["passages"]
    article = found.article(passage["text"], title=passage["title"])
    answer = entry["output"][0]
    used = [sentence.strip() for sentence in answer["selected_sentences"] if sentence.strip()]
    found.question(
        str(entry["id"]),
        f"{entry['input']}?",
        [[answer["answer"]]] if used else [],
        [(article, words) for words in used],
    )


def _rgb(entry: Entry, found: ConvertedSet) -> None:
    """The set's own scoring wants each member of "answer" said, a list by any of its wordings; texts may stand in a list for each member.

    The falsified texts of its "fact" part ("positive_wrong") are left out: they are nobody's articles.
    """
    texts = [text for part in entry["positive"] for text in (part if isinstance(part, list) else [part])]
    quotes = [(found.article(text), text.strip()) for text in texts]
    for text in entry["negative"]:
        found.article(text)
    given = entry["answer"] if isinstance(entry["answer"], list) else [entry["answer"]]
    answers = [part if isinstance(part, list) else [part] for part in given]
    found.question(str(entry["id"]), entry["query"], answers, list(dict.fromkeys(quotes)))


def _realtimeqa(entry: Entry, found: ConvertedSet) -> None:
    """A quiz of the week: a choice is the answer, the explanation its article, of the quiz's day and paper."""
    right = [entry["choices"][int(n)] for n in entry["answer"]]
    told = (entry.get("evidence") or "").strip()
    day = (entry.get("question_date") or "").replace("/", "-")
    paper = {"publisher": entry.get("question_source"), "date": day, "url": entry.get("question_url")}
    found.question(
        str(entry["question_id"]),
        entry["question_sentence"],
        [right],
        [(found.article(told, **paper), told)] if told else [],
    )


def _multihop(entry: Entry, found: ConvertedSet) -> None:
    """Both of the set's files: articles have a body, questions a query."""
    if "body" in entry:
        published = (entry.get("published_at") or "")[:10]
        found.article(
            entry["body"],
            title=entry["title"],
            publisher=entry.get("source"),
            date=published,
            url=entry.get("url"),
        )
        return
    null = entry.get("question_type") == "null_query"
    facts = [
        (found.titles.get(fact["title"], fact["title"]), fact["fact"]) for fact in entry["evidence_list"]
    ]
    found.question(
        str(entry.get("id", len(found.questions))), entry["query"], [] if null else [[entry["answer"]]], facts
    )


SET_FORMATS: dict[str, Callable[[Entry, ConvertedSet], None]] = {
    "squad": _squad,
    "clapnq": _clapnq,
    "rgb": _rgb,
    "realtimeqa": _realtimeqa,
    "multihop-rag": _multihop,
}
