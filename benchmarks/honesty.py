"""A stress of honesty: right answers with one thing made wrong are shown to the scores; each must cost points.

    python -m benchmarks.honesty [--number 200] [--seed 16] [--out rag/evaluation/results/honesty.json]

A right answer is written from the gold words: each wanted thing in the words of the sentence that says it, with
that sentence cited and the day of its value, checked against the answer's schema, and strictly right. Then one
thing is made wrong, of the kinds below in turn. No model and no search takes part.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.article import Article
from corpus.cleaning.clean import clean
from corpus.passages import Passage, sentence_spans
from corpus.reading.files import find_files, read_articles
from rag.answers.answer import Answer
from rag.answers.schema import AnswerJson, parse
from rag.evaluation.gold.questions import UNANSWERABLE, GoldQuestion, read_gold
from rag.evaluation.gold.wording import contains_wording
from rag.evaluation.measures import answers, strict
from rag.quantities.as_of import AsOf
from rag.retrieval.evidence import Evidence
from rag.verification.citations import QUOTED, SUPPORTED, Statement, number_citations

ROOT = Path(__file__).parent.parent
_DIGITS = re.compile(r"\d[\d,.]*\d|\d")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_HEDGE = re.compile(
    r"\b(?:up to|about|around|roughly|more than|at least|fewer than|less than|nearly|almost|some|probably|may|might|could)\s",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(r"\b(?:is|was|are|were|will|would|has|had|have|can|could)\b(?! not)")
_SCALES = {
    "million": "billion",
    "billion": "million",
    "per cent": "tonnes",
    "dollars": "euros",
    "pounds": "euros",
    "euros": "dollars",
}
_ASKING = re.compile(
    r"^(?:why|how|when|where|which|what|who)\b\W*(?:did|was|were|is|are|does|do|has|had)?\s*", re.IGNORECASE
)


@dataclass(frozen=True)
class Case:
    """A question, its right answer, and what the corruptions draw from."""

    gold: GoldQuestion
    right: Answer
    articles: dict[str, Article]
    others: Sequence[GoldQuestion]
    rng: random.Random


def load_articles() -> dict[str, Article]:
    """Return the sample's articles by the names that gold questions give them."""
    files = find_files([ROOT / "corpus/articles"])
    read = (clean(raw) for file in files for raw in read_articles(file, file.read_bytes()))
    return {Path(article.origin).stem: article for article in read}


def sentences(article: Article) -> list[Evidence]:
    """Return an article's sentences."""
    return [_evidence(article, start, end) for start, end in sentence_spans(article.body)]


def right_answer(gold: GoldQuestion, articles: dict[str, Article]) -> Answer | None:
    """Return an answer in the gold words that is strictly right, or None where none could be written.

    A question that the articles do not answer has the refusal. Else whole sentences are tried first, then
    the gold quotes, then the gold wordings alone.
    """
    if gold.kind == UNANSWERABLE:
        return Answer(gold.question, gold.question, "unanswerable")
    for form in (0, 1, 2):
        said: dict[str, tuple[str, Evidence]] = {}
        labels: dict[str, AsOf] = {}
        for n, wordings in enumerate(gold.answers):
            new = strict.new_wordings(gold, wordings)
            found = [(q, w) for q in gold.evidence for w in new if contains_wording(q.quote, w)]
            if not found:
                return None
            quote, wording = found[0]
            article = articles[quote.article]
            source = next(item for item in sentences(article) if _holds(item, quote.quote))
            text = (source.text, f"{quote.quote[0].upper()}{quote.quote[1:].rstrip('.')}.", f"{wording}.")[
                form
            ]
            said[text] = (text, source)
            days = gold.as_of[n] if gold.as_of else ()
            if days and article.published and text not in labels:
                labels[text] = AsOf(wording, days[0], article.published, article.publisher or "")
        answer = written(gold, list(said.values()))
        labelled = tuple(replace(item, as_of=labels.get(item.text)) for item in answer.statements)
        for candidate in (answer.replace(statements=labelled), answer):
            if strict.strict(gold, candidate) and answers.right(gold, candidate):
                return candidate
    return None


def written(gold: GoldQuestion, said: Sequence[tuple[str, Evidence]], verdict: str = SUPPORTED) -> Answer:
    """Return an answer with these sentences and sources."""
    statements = number_citations([(text, (source,), verdict) for text, source in said])
    return Answer(gold.question, gold.question, "answered", statements=statements)


def wrong_figure(case: Case) -> Answer | None:
    def change(text: str, wording: str) -> str:
        match = _DIGITS.search(wording)
        if not match:
            return text
        at = case.rng.choice([n for n, letter in enumerate(match[0]) if letter.isdigit()])
        digit = str((int(match[0][at]) + case.rng.randint(1, 8)) % 9 + 1)
        other = match[0][:at] + digit + match[0][at + 1 :]
        return _swap(text, match[0], other)

    return _reword(case, change)


def wrong_name(case: Case) -> Answer | None:
    names = {
        w for gold in case.others for ws in gold.answers for w in ws if re.fullmatch(r"(?:[A-Z][a-z]+ ?)+", w)
    }
    own = {word for ws in case.gold.answers for w in ws for word in w.split()}
    others = sorted(name for name in names if not own & {*name.split()})

    def change(text: str, wording: str) -> str:
        return _swap(text, wording, case.rng.choice(others)) if wording in names else text

    return _reword(case, change)


def wrong_unit(case: Case) -> Answer | None:
    def change(text: str, wording: str) -> str:
        unit = next((unit for unit in _SCALES if unit in wording or f"{wording} {unit}" in text), None)
        return text.replace(unit, _SCALES[unit]) if unit else text

    return _reword(case, change)


def wrong_date(case: Case) -> Answer | None:
    for n, item in enumerate(case.right.statements):
        if item.as_of and item.as_of.day:
            day = replace(
                item.as_of.day, year=item.as_of.day.year + case.rng.choice((-2, -1, 1, 2)), day=None
            )
            return _with(case.right, n, replace(item, as_of=replace(item.as_of, day=day)))
    return _reword(case, lambda text, wording: _YEAR.sub(lambda m: str(int(m[0]) + 1), text, count=1))


def wrong_article(case: Case) -> Answer | None:
    gold_articles = {quote.article for quote in case.gold.evidence}
    name = case.rng.choice([name for name in case.articles if name not in gold_articles])
    other = case.rng.choice(sentences(case.articles[name]))
    return written(case.gold, [(item.text, other) for item in case.right.statements])


def wrong_sentence(case: Case) -> Answer | None:
    """Cite another sentence of the right article."""
    citation = case.right.citations[0]
    others = [
        item
        for item in sentences(citation.article)
        if not any(_holds(item, q.quote) for q in case.gold.evidence)
    ]
    other = case.rng.choice(others)
    return written(case.gold, [(item.text, other) for item in case.right.statements])


def accepted_premise(case: Case) -> Answer | None:
    if case.gold.kind != "false-premise":
        return None
    premise = _ASKING.sub("", case.gold.question).rstrip("?")
    return written(case.gold, [(f"{premise[0].upper()}{premise[1:]}.", _source(case.right.statements[0]))])


def stale_value(case: Case) -> Answer | None:
    """Say the older value that gold forbids."""
    if case.gold.kind != "latest" or not case.gold.must_not:
        return None
    stale = case.rng.choice(case.gold.must_not)
    holding = [s for a in case.articles.values() for s in sentences(a) if contains_wording(s.text, stale)]
    return written(case.gold, [(holding[0].text, holding[0])]) if holding else None


def missing_side(case: Case) -> Answer | None:
    kept = case.right.statements[:-1]
    return case.right.replace(statements=kept) if len(case.gold.answers) > 1 and kept else None


def wrong_refusal(case: Case) -> Answer | None:
    return case.right.replace(status="unanswerable", statements=()) if case.right.statements else None


def answered_unanswerable(case: Case) -> Answer | None:
    if case.gold.kind != UNANSWERABLE:
        return None
    source = case.rng.choice(sentences(case.rng.choice(list(case.articles.values()))))
    return written(case.gold, [(source.text, source)])


def extra_statement(case: Case) -> Answer | None:
    """Add a sentence of the same article with its figure changed."""
    if not case.right.statements:
        return None
    with_figures = [s for s in sentences(case.right.citations[0].article) if _DIGITS.search(s.text)]
    if not with_figures:
        return None
    source = case.rng.choice(with_figures)
    text = _DIGITS.sub(lambda m: f"{m[0]}7" if m[0].isdigit() else f"7{m[0]}", source.text, count=1)
    extra = written(case.gold, [(text, source)]).statements[0]
    citations = tuple(replace(c, number=len(case.right.citations) + 1) for c in extra.citations)
    return case.right.replace(statements=(*case.right.statements, replace(extra, citations=citations)))


def lost_hedge(case: Case) -> Answer | None:
    return _reword(case, lambda text, wording: _capital(_HEDGE.sub("", text, count=1)))


def turned_denial(case: Case) -> Answer | None:
    def change(text: str, wording: str) -> str:
        if re.search(r"\bnot\b", text):
            return re.sub(r"\s*\bnot\b", "", text, count=1)
        return _AUXILIARY.sub(lambda match: f"{match[0]} not", text, count=1)

    return _reword(case, change)


def too_long(case: Case) -> Answer | None:
    """Go on with the article, each sentence cited, until it is over 60 words."""
    said = [(item.text, _source(item)) for item in case.right.statements]
    if not said:
        return None
    for source in sentences(case.right.citations[0].article):
        if sum(len(text.split()) for text, _ in said) > strict.MAX_WORDS:
            break
        if all(source.text != text for text, _ in said):
            said.append((source.text, source))
    longer = written(case.gold, said).statements
    labels = {item.text: item.as_of for item in case.right.statements}
    return case.right.replace(statements=tuple(replace(s, as_of=labels.get(s.text)) for s in longer))


def altered_quote(case: Case) -> Answer | None:
    """Show it as a quote, with a word of the quotation changed."""
    if not case.right.statements:
        return None
    item, *rest = (replace(s, verdict=QUOTED) for s in case.right.statements)
    (citation,) = item.citations
    changed = citation.quote.replace(" the ", " a ", 1) if " the " in citation.quote else f"{citation.quote} "
    wrong = replace(item, text=changed, citations=(replace(citation, quote=changed),))
    return case.right.replace(statements=(wrong, *rest))


def beside(case: Case) -> Answer | None:
    """Write something else of the article, and leave the answer to a quote beside it."""
    if not case.right.statements:
        return None
    others = [
        item
        for item in sentences(case.right.citations[0].article)
        if not any(contains_wording(item.text, w) for ws in case.gold.answers for w in ws)
    ]
    other = case.rng.choice(others)
    own = written(case.gold, [(other.text, other)]).statements
    quotes = written(
        case.gold, [(_source(s).text, _source(s)) for s in case.right.statements], QUOTED
    ).statements
    return case.right.replace(statements=(*own, *quotes))


KINDS: dict[str, Callable[[Case], Answer | None]] = {
    "wrong figure": wrong_figure,
    "wrong name": wrong_name,
    "wrong unit": wrong_unit,
    "wrong date": wrong_date,
    "wrong article cited": wrong_article,
    "wrong sentence cited": wrong_sentence,
    "premise accepted": accepted_premise,
    "stale value": stale_value,
    "one of several missing": missing_side,
    "answerable, refused": wrong_refusal,
    "unanswerable, answered": answered_unanswerable,
    "extra wrong statement": extra_statement,
    "hedge removed": lost_hedge,
    "denial turned": turned_denial,
    "over 60 words": too_long,
    "quotation altered": altered_quote,
    "said only in a quote beside": beside,
}


def corruptions(number: int, seed: int) -> Iterator[tuple[str, GoldQuestion, Answer, Answer]]:
    """Yield (kind, question, right answer, wrong answer), the kinds in turn, each question once a kind."""
    rng, articles = random.Random(seed), load_articles()
    golds = read_gold(ROOT / "corpus/gold.jsonl")
    cases = [Case(g, a, articles, golds, rng) for g in golds if (a := right_answer(g, articles))]
    queues = {kind: rng.sample(cases, len(cases)) for kind in KINDS}
    made = 0
    while made < number and any(queues.values()):
        for kind, queue in queues.items():
            while queue and made < number:
                case = queue.pop()
                applies = case.gold.kind != UNANSWERABLE or kind == "unanswerable, answered"
                wrong = KINDS[kind](case) if applies else None
                if wrong and wrong != case.right:
                    made += 1
                    parse(AnswerJson, json.loads(json.dumps(wrong.to_json())))
                    yield kind, case.gold, case.right, wrong
                    break


def measure(number: int, seed: int) -> dict[str, object]:
    """Return, by kind, how many wrong answers were shown and how many cost points in which score."""
    rows: dict[str, dict[str, int]] = {}
    missed = []
    for kind, gold, right, wrong in corruptions(number, seed):
        row = rows.setdefault(kind, {"shown": 0, "cost in strict": 0, "cost in lenient": 0})
        row["shown"] += 1
        row["cost in strict"] += int((strict.strict(gold, wrong) or 0) < (strict.strict(gold, right) or 0))
        row["cost in lenient"] += int((answers.right(gold, wrong) or 0) < (answers.right(gold, right) or 0))
        if strict.strict(gold, wrong):
            missed.append({"kind": kind, "id": gold.id, "wrong": wrong.text, "right": right.text})
    total = {
        name: sum(row[name] for row in rows.values())
        for name in ("shown", "cost in strict", "cost in lenient")
    }
    return {"seed": seed, "kinds": rows, "all": total, "missed": missed}


def table(result: dict[str, object]) -> str:
    """Return the rows as Markdown."""
    kinds, total = result["kinds"], result["all"]
    assert isinstance(kinds, dict)
    lines = ["| one thing wrong | shown | cost points, strict | lenient |", "|---|---|---|---|"]
    for name, row in [*kinds.items(), ("all", total)]:
        lines.append(f"| {name} | {row['shown']} | {row['cost in strict']} | {row['cost in lenient']} |")
    return "\n".join(lines)


def _holds(item: Evidence, quote: str) -> bool:
    start = item.article.body.find(quote)
    return start >= 0 and item.start < start + len(quote) and start < item.end


def _evidence(article: Article, start: int, end: int) -> Evidence:
    return Evidence(Passage(article, start, end), start, end, 0.0, 0.0)


def _source(statement: Statement) -> Evidence:
    citation = statement.citations[0]
    return _evidence(citation.article, citation.start, citation.end)


def _with(answer: Answer, n: int, statement: Statement) -> Answer:
    return answer.replace(statements=(*answer.statements[:n], statement, *answer.statements[n + 1 :]))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _swap(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w.,]){re.escape(old)}(?!\w|[.,]\d)", new, text)


def _reword(case: Case, change: Callable[[str, str], str]) -> Answer | None:
    """Return the answer with the first sentence changed that a change applies to, or None."""
    for n, item in enumerate(case.right.statements):
        for wordings in case.gold.answers:
            for wording in wordings:
                if contains_wording(item.text, wording):
                    text = change(item.text, wording)
                    if text != item.text:
                        return _with(case.right, n, replace(item, text=text))
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=200, help="wrong answers")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--out", type=Path, help="file for the figures and what cost nothing")
    arguments = parser.parse_args()
    result = measure(arguments.number, arguments.seed)
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(result))


if __name__ == "__main__":
    main()
