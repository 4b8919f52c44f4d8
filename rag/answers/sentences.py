"""Choose the sentences of an answer: evidence to quote, and what of a model's words the evidence supports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from rag.generation.decoding import CONFIDENCE_THRESHOLD
from rag.generation.writer import ModelOutput
from rag.retrieval.evidence import Evidence
from rag.retrieval.selection import SelectedEvidence
from rag.retrieval.values import DatedValue
from rag.verification.citations import (
    QUOTED,
    SUPPORTED,
    find_support,
    parse_drafts,
    parse_extractive_answer,
)

_SIDES = 4  # limit: dates or sides in one answer
# How much worse than the best sentence another date's or side's may be.
# hand-set on the sample questions; issue J replaces it
_SIDE_GAP = 5.0
# How much worse the second-best sentence may be to be quoted too: the best one answers 53 % of the
# development questions, two answer 69 %. hand-set on the sample questions; issue J replaces it
_SECOND_GAP = 2.0


@dataclass(frozen=True, slots=True)
class SourcedSentence:
    """A sentence of an answer, the evidence that it cites, and a verdict of `rag.verification.citations`.

    `words` are the words of a quote that answer the question, "" if they are not known.
    """

    text: str
    evidence: tuple[Evidence, ...]
    verdict: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class VerifiedSentences:
    """The sentences of an answer, in their order.

    `values` are those that the sentences are quoted for, `warnings` say what was left out and why.
    """

    sentences: tuple[SourcedSentence, ...]
    values: tuple[DatedValue, ...] = ()
    warnings: tuple[str, ...] = ()


def quote_evidence(evidence: SelectedEvidence) -> VerifiedSentences:
    """Return the evidence itself: the sentences with its values, newest first, or else its best sentences."""
    if not evidence.values:
        return VerifiedSentences(quotes(_best(evidence)))
    sentences = dict.fromkeys(value.evidence for value in evidence.values)
    return VerifiedSentences(quotes(sentences), evidence.values)


def verify_output(output: ModelOutput, evidence: SelectedEvidence, extractive: bool) -> VerifiedSentences:
    """Return what of a model's output the evidence supports, the best evidence itself if that is nothing."""
    warnings = [output.failure] if output.failure else []
    sentences = _pointed_out(output, evidence) if extractive else _supported(output, warnings)
    return VerifiedSentences(sentences or quotes(_best(evidence)), warnings=tuple(warnings))


def _supported(output: ModelOutput, warnings: list[str]) -> tuple[SourcedSentence, ...]:
    """Return the written sentences that the evidence supports, and warn of the others."""
    sentences = []
    for draft in parse_drafts(output.text, len(output.evidence)):
        cited, reasons = find_support(draft, output.evidence)
        if cited:
            sentences.append(SourcedSentence(draft.text, tuple(cited), SUPPORTED))
        else:
            warnings.append(f"Dropped “{draft.text}”: {'; '.join(reasons)}.")
    return tuple(sentences)


def _pointed_out(output: ModelOutput, evidence: SelectedEvidence) -> tuple[SourcedSentence, ...]:
    """Return the sentences that an extractive model points to, and the best one, newest first.

    If the model is not sure of the best one alone, the next is quoted too if it is nearly as good. The
    model's words are never shown; they only mark words of articles.
    """
    pointed = dict(parse_extractive_answer(output.text, output.evidence))
    if not pointed:
        return ()
    best, *others = evidence.shown
    chosen = list(dict.fromkeys([best, *pointed]))
    if len(chosen) == 1 and output.probabilities and output.probabilities[1] <= CONFIDENCE_THRESHOLD:
        chosen += [item for item in others[:1] if item.score >= best.score - _SECOND_GAP]
    return tuple(
        _quote(item, pointed.get(item, "")) for item in sorted(chosen, key=attrgetter("day"), reverse=True)
    )


def _best(evidence: SelectedEvidence) -> Sequence[Evidence]:
    """Return the best sentences: one for each sub-question, one an article, or the best one or two."""
    best = evidence.shown[0]
    if evidence.answered > 1:
        return evidence.shown[: evidence.answered]
    if evidence.question.intent.several:
        sides = [item for item in evidence.shown[:_SIDES] if item.score >= best.score - _SIDE_GAP]
        return sorted(sides, key=attrgetter("day"), reverse=True)
    return [item for item in evidence.shown[:2] if item.score >= best.score - _SECOND_GAP]


def quotes(items: Iterable[Evidence]) -> tuple[SourcedSentence, ...]:
    """Return sentences of evidence as they stand, as sentences of an answer."""
    return tuple(map(_quote, items))


def _quote(item: Evidence, words: str = "") -> SourcedSentence:
    return SourcedSentence(item.text, (item,), QUOTED, item.words or words)
