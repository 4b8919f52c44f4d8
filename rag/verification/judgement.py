"""Judge whether a source says what a model wrote from it, as the answer to its question.

The reranker says how likely the sentence answers the question; the language model itself says whether it
does, and whether it says what was written. None of the three is sure enough alone. `training/judge.py` fits
their weights and measures them (`training/JUDGE.md`).
"""

from dataclasses import dataclass

from corpus.passages import sentence_spans
from embeddings.reranker import Reranker, Window
from rag.query.parts import split_question
from rag.retrieval.evidence import Evidence

# Fitted by training/judge.py fit, for Qwen2.5-Coder-1.5B-Instruct and the prompts of prompts/checking.
_READING, _ANSWERS, _SAYS, _INTERCEPT = 0.387, 1.854, 1.021, -4.165


@dataclass(frozen=True, slots=True)
class Judgement:
    """What speaks for a written sentence.

    reading: the reranker's score of its source, a log-odds.
    answers, says: by how much "yes" is likelier than "no" where the language model is asked whether the
        source answers the question and whether it says what was written, as log-odds.
    """

    reading: float
    answers: float
    says: float

    @property
    def log_odds(self) -> float:
        """The log-odds that the sentence is right."""
        return _READING * self.reading + _ANSWERS * self.answers + _SAYS * self.says + _INTERCEPT


def read_source(question: str, item: Evidence, reranker: Reranker) -> float:
    """Return the reranker's score of a sentence, read with its headline and the sentence before it.

    The question is read without its phrases that name the source, as when sentences are ranked.
    """
    article = item.article
    asked = split_question(question, [article.publisher] if article.publisher else [])[0].text
    before = [article.body[start:end] for start, end in sentence_spans(article.body) if end <= item.start]
    (predictions,) = reranker.predict(asked, [Window(article.headline, (*before[-1:], item.text))])
    return predictions[-1].score
