"""Convert public question sets to articles that `dateline add` reads, and to gold questions.

SQuAD (and its shifts), CLAPNQ, RGB, RealtimeQA, MultiHop-RAG and EvoTemp. What a set does not state stays
unknown.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.cleaning.clean import NoText, clean
from corpus.reading.files import read_articles
from corpus.reading.raw import UnreadableFile
from corpus.reading.text import EXPORT_FORMAT
from rag.evaluation.gold.questions import UNANSWERABLE, YES_NO, EvaluationError
from rag.evaluation.gold.wording import is_yes_or_no

Entry = dict[str, Any]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class ConvertedSet:
    """The articles and questions of a set, as entries of JSON lines files.

    `articles` maps a text to (article id, entry), so that each text is kept once; `titles` maps a title to
    the id of the last article with it.
    """

    articles: dict[str, tuple[str, Entry]] = field(default_factory=dict)
    questions: list[Entry] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)

    def add_article(self, body: str, **fields: str | None) -> str:
        """Add an article and return the id that it will have in a collection."""
        # Written in the product's own export format, which is not cleaned: a set's paragraph is no web page.
        stated = {name: value for name, value in fields.items() if value}
        entry = {"format": EXPORT_FORMAT, **stated, "body": body.strip()}
        known = self.articles.get(entry["body"])
        if known:
            return known[0]
        (raw,) = read_articles(Path("set.jsonl"), json.dumps(entry).encode())
        name = clean(raw).id
        self.articles[entry["body"]] = name, entry
        self.titles[fields.get("title") or ""] = name
        return name

    def add_question(
        self, name: str, question: str, answers: list[list[str]], quotes: list[tuple[str, str]]
    ) -> None:
        """Add a question with the wordings of each answer and the (article id, words) that support it.

        Without any answer it is unanswerable.
        """
        distinct = [list(dict.fromkeys(wording for wording in wordings if wording)) for wordings in answers]
        answers = [wordings for wordings in distinct if wordings]
        entry: Entry = {"id": name, "question": question}
        if not answers:
            entry["kind"] = UNANSWERABLE
        else:
            if len(answers) == 1 and is_yes_or_no(answers[0]):
                entry["kind"] = YES_NO
            entry["answers"] = answers
            entry["evidence"] = [{"article": article, "quote": quote} for article, quote in quotes]
        self.questions.append(entry)


def convert(form: str, paths: Sequence[Path]) -> ConvertedSet:
    """Read the files of a set in one of `SET_FORMATS`, articles before the questions on them.

    Raises:
        EvaluationError: a file cannot be read, or has another format.
    """
    converted = ConvertedSet()
    for path in paths:
        _read_file(form, path, converted)
    if not converted.questions:
        raise EvaluationError(f"{paths[-1]}: holds no questions; give the set's file of questions too")
    return converted


def _read_file(form: str, path: Path, converted: ConvertedSet) -> None:
    try:
        zipped = path.suffix == ".gz"
        with gzip.open(path, "rt", encoding="utf-8") if zipped else path.open(encoding="utf-8") as file:
            text = file.read()
        for entry in _entries(text):
            SET_FORMATS[form](entry, converted)
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
            f"{path}: not as {form} is published ({type(error).__name__}: {error}); "
            f"the forms are {', '.join(sorted(SET_FORMATS))}"
        ) from error


def save_converted(converted: ConvertedSet, articles: Path, gold: Path) -> None:
    """Write the articles and the questions as JSON lines."""
    article_entries = [entry for _, entry in converted.articles.values()]
    for path, entries in ((articles, article_entries), (gold, converted.questions)):
        lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries]
        path.write_text("".join(lines), encoding="utf-8")


def _entries(text: str) -> Iterator[Entry]:
    """Yield the entries of a JSON file (a list, SQuAD's "data", or one entry) or of JSON lines."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(whole, dict):
        whole = whole.get("data", [whole])
    yield from whole


def _convert_squad(entry: Entry, converted: ConvertedSet) -> None:
    title = (entry.get("title") or "").replace("_", " ")
    for paragraph in entry.get("paragraphs", [entry]):
        article = converted.add_article(paragraph["context"], title=title)
        for qa in paragraph["qas"]:
            texts = [answer["text"] for answer in qa["answers"]]
            quotes = [(article, texts[0])] if texts else []
            converted.add_question(str(qa["id"]), qa["question"].strip(), [texts], quotes)


def _convert_clapnq(entry: Entry, converted: ConvertedSet) -> None:
    (passage,) = entry["passages"]
    article = converted.add_article(passage["text"], title=passage["title"])
    answer = entry["output"][0]
    selected = [sentence.strip() for sentence in answer["selected_sentences"] if sentence.strip()]
    converted.add_question(
        str(entry["id"]),
        f"{entry['input']}?",
        [[answer["answer"]]] if selected else [],
        [(article, words) for words in selected],
    )


def _convert_rgb(entry: Entry, converted: ConvertedSet) -> None:
    """Convert an entry as the set's own scoring reads it.

    Each member of "answer" must be said; a member that is a list, by any of its wordings. Texts may be in a
    list for each member. The falsified texts of the "fact" part ("positive_wrong") are left out: nobody
    published them.
    """
    texts = [text for part in entry["positive"] for text in (part if isinstance(part, list) else [part])]
    quotes = [(converted.add_article(text), text.strip()) for text in texts]
    for text in entry["negative"]:
        converted.add_article(text)
    given = entry["answer"] if isinstance(entry["answer"], list) else [entry["answer"]]
    answers = [part if isinstance(part, list) else [part] for part in given]
    converted.add_question(str(entry["id"]), entry["query"], answers, list(dict.fromkeys(quotes)))


def _convert_realtimeqa(entry: Entry, converted: ConvertedSet) -> None:
    """Convert a question of a weekly quiz: a choice is the answer, the explanation its article."""
    answers = [entry["choices"][int(n)] for n in entry["answer"]]
    explanation = (entry.get("evidence") or "").strip()
    source = {
        "publisher": entry.get("question_source"),
        "date": (entry.get("question_date") or "").replace("/", "-"),
        "url": entry.get("question_url"),
    }
    quotes = [(converted.add_article(explanation, **source), explanation)] if explanation else []
    converted.add_question(str(entry["question_id"]), entry["question_sentence"], [answers], quotes)


def _convert_evotemp(entry: Entry, converted: ConvertedSet) -> None:
    """Convert a question with the texts that a web search found; any of its answers is right.

    Their dates are often stated as "3 days ago", and so unknown.
    """
    for text in entry["docs"]:
        day = str(text["date"]).replace("/", "-")
        with suppress(NoText, UnreadableFile):  # some are empty
            converted.add_article(
                text["text"] or "", title=text["title"], date=day if _DAY.fullmatch(day) else None
            )
    wordings = [
        wording
        for answer in entry["answers"]
        for wording in (answer if isinstance(answer, list) else [answer])
    ]
    name = str(len(converted.questions) + 1)  # its own are not all different
    converted.add_question(name, entry["question"], [wordings], [])


def _convert_multihop(entry: Entry, converted: ConvertedSet) -> None:
    """Convert an entry of either of the set's files: articles have a body, questions a query."""
    if "body" in entry:
        converted.add_article(
            entry["body"],
            title=entry["title"],
            publisher=entry.get("source"),
            date=(entry.get("published_at") or "")[:10],
            url=entry.get("url"),
        )
        return
    null = entry.get("question_type") == "null_query"
    quotes = [
        (converted.titles.get(fact["title"], fact["title"]), fact["fact"]) for fact in entry["evidence_list"]
    ]
    name = str(entry.get("id", len(converted.questions)))
    converted.add_question(name, entry["query"], [] if null else [[entry["answer"]]], quotes)


SET_FORMATS: dict[str, Callable[[Entry, ConvertedSet], None]] = {
    "squad": _convert_squad,
    "clapnq": _convert_clapnq,
    "rgb": _convert_rgb,
    "realtimeqa": _convert_realtimeqa,
    "multihop-rag": _convert_multihop,
    "evotemp": _convert_evotemp,
}
