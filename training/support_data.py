"""Make training examples for the model of support: statements with sources that support them or do not.

The sets are those of `../shared/data` that may be trained on. A question with its answer makes a statement of
two forms: the bare words, or a sentence where the question's wh-phrase can be replaced by them. Statements
that are not supported come from people where a set has them, else from another span of the same sentences, a
question with another name or number, or sentences without the answer.
"""

import csv
import gzip
import io
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.public_sets import detokenise, read_lines
from corpus.passages import sentence_spans
from corpus.words import content_stems
from embeddings.support import Claim
from training.holdout import TRAINED, held_out, part

_SQUAD = ("new_wiki", "reddit", "amazon_reviews")
_SHARES = {"new_wiki": 0.6, "reddit": 0.2, "amazon_reviews": 0.2}
# Five or six sentences; long sources cost time, and the product shows the model three.
_MAX_SOURCE_CHARS = 700
_MAX_DOCUMENT_CHARS = 1500  # beyond it the sentences that decide may not be among those kept
_CONDAQA_LEFT_OUT = 0.4  # share: its passages are the longest
_SPAN = re.compile(
    r"(?<![.!?] )(?<!^)\b[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*|\b\d[\d,.]*\d(?: \w+)?|\b\d+(?: \w+)?"
)
_NAMED = re.compile(r"(?<!^)\b(?:[A-Z][\w’'-]+|\d[\d,.]*\d|\d)(?![\w’'])")
_AUXILIARY = r"did|do|does|is|are|was|were|has|have|had|can|could|will|would|should|may|might"
_VERB_FIRST = re.compile(
    rf"^(?:{_AUXILIARY}|\w+(?:ed|s)|made|won|led|wrote|took|gave|became|ran|held|built)\b"
)
_WH_SUBJECT = re.compile(
    r"^(?:who|what|which(?: \w+){1,2}?|what \w+|how many \w+|how much \w+) (?P<rest>.+?)\?*$", re.IGNORECASE
)
_INVERTED = re.compile(
    r"^(?:when|where|what|which \w+|how many \w+|who|whom) (?:did|do|does) ", re.IGNORECASE
)
_OFFER = re.compile(
    r"\s*(?:(?:would|should|shall|do|does|is|are|can|could|will|what|how|anything|may) [^.?!]*\?|"
    r"thanks?[^.!?]*[.!])\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A claim, whether its source supports it, its set, and its part (`training/holdout.py`)."""

    claim: Claim
    supported: bool
    set: str
    part: str

    @property
    def held_out(self) -> bool:
        return self.part != TRAINED


Keyed = tuple[str, Claim, bool]  # the text that decides its part, the claim, whether it is supported


def read_examples(data: Path, teacher: Path | None, squad: int, seed: int) -> list[Example]:
    """Return the examples of all sets; `squad` questions of SQuADShifts are used, `teacher` is optional."""
    chance = random.Random(seed)
    training = data / "training"
    readers: tuple[tuple[str, Iterable[Keyed]], ...] = (
        ("squadshifts", _squadshifts(data / "squadshifts", squad, chance)),
        ("clapnq", _clapnq(data / "clapnq")),
        ("condaqa", _condaqa(training / "condaqa", chance)),
        ("fool_me_twice", _fool_me_twice(training / "fool_me_twice", chance)),
        ("summedits", _summedits(training / "summedits")),
        ("wice", _wice(training / "wice")),
        ("begin", _begin(training / "begin_wow")),
        ("dstc9", _dstc9(training / "dstc9_faq_answers", chance)),
        ("teacher", _teacher(teacher, chance) if teacher and teacher.exists() else ()),
    )
    return [
        Example(claim, supported, name, part(key))
        for name, examples in readers
        for key, claim, supported in examples
    ]


def _squadshifts(folder: Path, count: int, chance: random.Random) -> Iterator[Keyed]:
    for name in _SQUAD:
        entries = list(read_lines(folder / f"{name}.jsonl.gz"))
        asked = [(entry, qa) for entry in entries for qa in entry["qas"] if qa["answers"]]
        asked.sort(key=lambda pair: sha256(pair[1]["id"].encode()).digest())
        for entry, qa in asked[: round(count * _SHARES[name])]:
            yield from _of_question(entry, qa, name, chance)


def _of_question(entry: Any, qa: Any, name: str, chance: random.Random) -> Iterator[Keyed]:
    text = entry["context"]
    headline = entry["title"].replace("_", " ") if name == "new_wiki" and chance.random() < 0.7 else ""
    spans = sentence_spans(text)
    answer = chance.choice(qa["answers"])
    inside = [n for n, (start, end) in enumerate(spans) if start <= answer["answer_start"] < end]
    if not inside or not answer["text"].strip():
        return
    first = max(0, inside[0] - chance.randint(0, 2))
    last = min(len(spans) - 1, inside[0] + chance.randint(0, 2))
    source = text[spans[first][0] : spans[last][1]]
    question = qa["question"].strip()
    as_sentence = chance.random() < 0.6
    yield text, Claim(question, _state(question, answer["text"], as_sentence), headline, source), True
    draw = chance.random()
    if draw < 0.15:
        other = _exchanged(question, text, chance)
        if other:
            yield text, Claim(other, _state(other, answer["text"], as_sentence), headline, source), False
            return
    if draw < 0.3 and len(spans) > last - first + 1:  # sentences without the answer, and a span of them
        rest = [
            n for n in range(len(spans)) if n != inside[0] and answer["text"] not in text[slice(*spans[n])]
        ]
        if rest:
            n = chance.choice(rest)
            source = text[slice(*spans[n])]
    wrong = _other_span(entry, qa, source, chance)
    if wrong:
        yield text, Claim(question, _state(question, wrong, as_sentence), headline, source), False


def _other_span(entry: Any, qa: Any, source: str, chance: random.Random) -> str:
    """Return a span of the source that does not answer: another question's answer, a name or a number."""
    right = {stem for answer in qa["answers"] for stem in content_stems(answer["text"])}
    asked = set(content_stems(qa["question"]))
    numeric = any(character.isdigit() for character in qa["answers"][0]["text"])
    answers = [a["text"] for other in entry["qas"] if other is not qa for a in other["answers"]]
    candidates = [text for text in answers if text in source and len(text) < 80]
    candidates += _SPAN.findall(source)
    kept = [
        text
        for text in dict.fromkeys(candidates)
        if text.strip() and not right & set(content_stems(text)) and set(content_stems(text)) - asked
    ]
    alike = [text for text in kept if any(character.isdigit() for character in text) == numeric]
    if alike and chance.random() < 0.7:
        return chance.choice(alike)
    return chance.choice(kept) if kept else ""


def _exchanged(question: str, text: str, chance: random.Random) -> str:
    """Return a question with one name or number exchanged for another of the same paragraph, or ""."""
    named = [match for match in _NAMED.finditer(question) if not match[0].lower().startswith(("who", "what"))]
    if not named:
        return ""
    match = chance.choice(named)
    digits = match[0][0].isdigit()
    others = [
        name
        for name in dict.fromkeys(_NAMED.findall(text))
        if name[0].isdigit() == digits and name.lower() not in question.lower()
    ]
    if not others:
        return ""
    return question[: match.start()] + chance.choice(others) + question[match.end() :]


def _state(question: str, words: str, as_sentence: bool) -> str:
    """Return the words as a statement: in place of the question's wh-phrase where that makes a sentence.

    >>> _state("Who led the inquiry?", "Judge Brandt", True), _state("When did it end?", "in May", True)
    ('Judge Brandt led the inquiry.', 'in May')
    """
    words = words.strip()
    match = _WH_SUBJECT.match(question) if as_sentence and not _INVERTED.match(question) else None
    if not match or not _VERB_FIRST.match(match["rest"]):
        return words
    return f"{words[:1].upper()}{words[1:].rstrip('.')} {match['rest'].rstrip(' ?.')}."


def _clapnq(folder: Path) -> Iterator[Keyed]:
    for entry in read_lines(folder / "clapnq_dev_answerable.jsonl.gz"):
        output = entry["output"][0]
        source = detokenise(" ".join(output["selected_sentences"]))
        title = entry["passages"][0]["title"]
        for start, end in sentence_spans(detokenise(output["answer"]))[:2]:
            statement = detokenise(output["answer"])[start:end]
            if source and statement:
                yield source, Claim(entry["input"], statement, title, source[:_MAX_SOURCE_CHARS]), True


def _condaqa(folder: Path, chance: random.Random) -> Iterator[Keyed]:
    for file in sorted(folder.glob("data__*.json.gz")):
        for entry in read_lines(file):
            source, question, label = entry["sentence1"].strip(), entry["sentence2"], entry["label"].strip()
            key = entry.get("original passage") or source
            if chance.random() < _CONDAQA_LEFT_OUT and not held_out(key):
                continue
            source = _near(source, question, "")
            upper = label.upper()
            if upper in ("YES", "NO", "DON'T KNOW"):
                yield key, Claim(question, "Yes", "", source), upper == "YES"
                yield key, Claim(question, "No", "", source), upper == "NO"
            elif label:
                yield key, Claim(question, label, "", source), True


def _fool_me_twice(folder: Path, chance: random.Random) -> Iterator[Keyed]:
    for file in sorted(folder.glob("*.jsonl.gz")):
        for entry in read_lines(file):
            title = entry.get("wikipedia_page", "").replace("_", " ")
            gold = [item["text"] for item in entry["gold_evidence"]]
            others = [item["text"] for item in entry["retrieved_evidence"] if item["text"] not in gold]
            near = gold + chance.sample(others, min(len(others), chance.randint(0, 2)))
            chance.shuffle(near)
            claim = Claim("", entry["text"], title, " ".join(near)[:_MAX_SOURCE_CHARS])
            yield entry["text"], claim, entry["label"] == "SUPPORTS"
            if others and chance.random() < 0.3:  # sentences of the same page that do not say so
                yield entry["text"], Claim("", entry["text"], title, " ".join(others[:2])), False


def _summedits(folder: Path) -> Iterator[Keyed]:
    """Yield the sentences of each summary that an edit changed, and those of the unchanged summaries."""
    seen = set()
    for file in sorted(folder.glob("*.json.gz")):
        for entry in _read(file):
            if len(entry["doc"]) > _MAX_DOCUMENT_CHARS:
                continue
            before = set(_sentences(entry["original_summary"]))
            changed = [text for text in _sentences(entry["summary"]) if text not in before]
            for statement in changed or _sentences(entry["summary"]):
                if changed and not entry["label"] and len(changed) > 1:
                    continue  # which of them is wrong is not known
                if not changed and not entry["label"]:
                    continue
                key = (entry["doc"][:300], statement)
                if key not in seen:
                    seen.add(key)
                    source = _near(entry["doc"], statement, "")
                    yield entry["doc"], Claim("", statement, "", source), bool(entry["label"])


def _wice(folder: Path) -> Iterator[Keyed]:
    for file in sorted(folder.glob("*oracle_chunks*.jsonl.gz")):
        for entry in read_lines(file):
            source = _near(" ".join(entry["evidence"]), entry["claim"], "")
            yield (
                " ".join(entry["evidence"]),
                Claim("", entry["claim"], "", source),
                entry["label"] == "supported",
            )


def _begin(folder: Path) -> Iterator[Keyed]:
    for file in sorted(folder.glob("*.tsv.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for row in csv.DictReader(io.StringIO(lines.read()), delimiter="\t", quoting=csv.QUOTE_NONE):
                label = (row.get("begin_label") or "").strip().lower()
                if label.startswith("generic") or not label or not row.get("response"):
                    continue
                source = _near(detokenise(row["knowledge"]), row["response"], "")
                claim = Claim("", detokenise(row["response"]), "", source)
                yield row["knowledge"], claim, label.startswith("fully")


def _dstc9(folder: Path, chance: random.Random) -> Iterator[Keyed]:
    for labels, knowledge in (
        ("data__val__labels.json.gz", "data__knowledge.json.gz"),
        ("data_eval__test__labels.json.gz", "data_eval__knowledge.json.gz"),
    ):
        known = _read(folder / knowledge)
        for entry in _read(folder / labels):
            if not entry["target"]:
                continue
            item = entry["knowledge"][0]
            entity = known[item["domain"]][str(item["entity_id"])]
            doc = entity["docs"][str(item["doc_id"])]
            statement = _OFFER.sub("", entry["response"]).strip()
            if len(statement) < 8:
                continue
            headline = entity.get("name") or item["domain"]
            key = f"{headline} {doc['title']}"
            yield key, Claim(doc["title"], statement, headline, doc["body"]), True
            others = [other for other in entity["docs"].values() if other is not doc]
            if others and chance.random() < 0.5:
                other = chance.choice(others)
                yield key, Claim(doc["title"], statement, headline, other["body"]), False


def _teacher(file: Path, chance: random.Random) -> Iterator[Keyed]:
    """Yield what the teacher wrote, and the same with other words of the source in place of the answer."""
    for line in file.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        written, words, source = entry["written"], entry["words"], entry["source"]
        if words.lower() not in written.lower():
            continue
        headline = entry["title"].replace("_", " ") if entry["set"].startswith("new") else ""
        yield source, Claim(entry["question"], written, headline, source), True
        spans = [
            text
            for text in dict.fromkeys(_SPAN.findall(source))
            if not set(text.split()) & set(written.split())
        ]
        for other in chance.sample(spans, min(2, len(spans))):
            false = re.sub(re.escape(words), lambda _, other=other: other, written, flags=re.IGNORECASE)
            yield source, Claim(entry["question"], false, headline, source), False


def _near(text: str, statement: str, question: str) -> str:
    """Return the sentences of a text with most words of the statement, in their order, up to the limit."""
    if len(text) <= _MAX_SOURCE_CHARS:
        return text
    spans = sentence_spans(text)
    wanted = set(content_stems(f"{statement} {question}"))
    by_overlap = sorted(
        range(len(spans)), key=lambda n: -len(wanted & set(content_stems(text[slice(*spans[n])])))
    )
    chosen, length = [], 0
    for n in by_overlap:
        size = spans[n][1] - spans[n][0]
        if length + size > _MAX_SOURCE_CHARS and chosen:
            break
        chosen.append(n)
        length += size
    return " ".join(text[slice(*spans[n])] for n in sorted(chosen))[:_MAX_SOURCE_CHARS]


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def _read(file: Path) -> Any:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return json.load(text)
