"""Ways to have a small model answer from evidence, compared: python benchmarks/decoding.py [--model FILE.gguf] [--evidence 2] [--out FILE]

On the development questions that one article answers, with the product's own evidence and prompt. "right" is what the text alone says,
"invented" counts texts with a figure or a name that stands neither in the evidence nor in the question, "passed" what the product's checks let
through, "right and passed" what they leave of it.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import llama_cpp
import numpy as np
from tqdm import tqdm

from benchmarks.answers.sets import gold
from embeddings.encoder import Encoder
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.evaluation.gold import GoldQuestion
from rag.evaluation.measures import right
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel, _packaged
from rag.generation.worker import LoadedModel as Weights
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Retriever
from rag.verification.citations import SUPPORTED, Statement, find_support, parse_drafts

TOKENS = 80
# One sentence of any words, and a marker: what a grammar can promise of an answer's form.
_FORM = r'root ::= [A-Z0-9“"£$€] [^\n.!?\[\]]{3,200} "."? " [" [1-9] "]"'
_TOLD = re.compile(r"\d+(?:[.,]\d+)*|(?<=[a-z,] )[A-Z][\w’'-]+")
# Asked in the same form before the question, of articles that no collection holds.
_EXAMPLES = (
    ("[1] The toll road opened on 4 May with 12 kilometres of new lanes. (Coast Herald, 5 May 2009)", "How long are the new lanes?", "12 kilometres [1]."),
    ("[1] Ms Okoro said that the clinic had run out of beds in a week. (Upland News, 11 March 2016)", "What had the clinic run out of?", "It had run out of beds [1]."),
    ("[1] The choir sang in two towns. (Vale Post, 2 June 2011)\n[2] Its conductor, Jan Reuss, fell ill. (Vale Post, 9 June 2011)", "Who conducts the choir?", "Jan Reuss [2]."),
)  # fmt: skip


class Ways:
    """One model and each way of asking it."""

    def __init__(self, path: str, prompts: Prompts) -> None:
        self.weights = Weights(path, 2048, 1)
        self.model = self.weights._model
        self._prompts = prompts

    def chat(self, question: str, evidence: Sequence[Evidence]) -> str:
        """The product's prompt, the likeliest token each time."""
        return "".join(
            self.weights.write(self._messages(question, evidence), TOKENS, 0.0, ["\n\n", "\nQuestion:"])
        )

    def examples(self, question: str, evidence: Sequence[Evidence]) -> str:
        """Three examples in the same form before the question, as a plain completion."""
        shown = "\n\n".join(
            f"{told}\n\nQuestion: {asked}\nAnswer: {answer}" for told, asked, answer in _EXAMPLES
        )
        text = f"{shown}\n\n{self._messages(question, evidence)[-1]['content']}\nAnswer:"
        self.model.reset()
        return self._decoded(self.model.tokenize(text.encode()), stop="\n")

    def form(self, question: str, evidence: Sequence[Evidence]) -> str:
        """A grammar that admits one sentence and one marker."""
        grammar = llama_cpp.LlamaGrammar.from_string(_FORM, verbose=False)
        return self._decoded(self._prompt(question, evidence), grammar=grammar)

    def spans(self, question: str, evidence: Sequence[Evidence]) -> str:
        """Only tokens that continue a run of whole words of one sentence of the evidence; its marker is added."""
        spans = [self.weights.span(" ".join(item.text.split())) for item in evidence]
        prompt, written = self._prompt(question, evidence), list[int]()
        self.model.reset()
        self.model.eval(prompt)
        while len(written) < TOKENS:
            scores = np.ctypeslib.as_array(
                llama_cpp.llama_get_logits_ith(self.model.ctx, -1), shape=(self.model.n_vocab(),)
            )
            following = [span.next_tokens(written) for span in spans]
            best = max(
                set().union(*(tokens for tokens, _ in following)),
                key=lambda token: float(scores[token]),
                default=None,
            )
            ends = bool(written) and any(may_end for _, may_end in following)
            if best is None or (
                ends and max(scores[self.model.token_eos()], scores[self._stop]) > scores[best]
            ):
                break
            written.append(best)
            self.model.eval([best])
        text = self.model.detokenize(written).decode("utf-8", "replace").strip(" .,;:")
        marker = next((n for n, item in enumerate(evidence, 1) if text in " ".join(item.text.split())), 1)
        return f"{text} [{marker}]."

    def likeliest(self, question: str, evidence: Sequence[Evidence]) -> str:
        """The sentence of the evidence after which the question is likeliest."""
        scores = []
        for item in evidence:
            head = self.model.tokenize(f"{' '.join(item.text.split())}\nQuestion:".encode())
            tail = self.model.tokenize(f" {question}".encode(), add_bos=False)
            self.model.reset()
            self.model.eval(head)
            total = 0.0
            for token in tail:
                row = np.ctypeslib.as_array(
                    llama_cpp.llama_get_logits_ith(self.model.ctx, -1), shape=(self.model.n_vocab(),)
                ).astype(np.float64)
                total += float(row[token] - np.logaddexp.reduce(row))
                self.model.eval([token])
            scores.append(total / len(tail))
        best = int(np.argmax(scores))
        return f"{' '.join(evidence[best].text.split()).rstrip('.')} [{best + 1}]."

    @property
    def _stop(self) -> int:
        return self.model.tokenize(b"\n", add_bos=False)[0]

    def _messages(self, question: str, evidence: Sequence[Evidence]) -> list[dict[str, str]]:
        chat, _ = self._prompts.messages(question, evidence, 1600)
        roles = {"system": "system", "human": "user"}
        return [{"role": roles[message.type], "content": message.text} for message in chat]

    def _prompt(self, question: str, evidence: Sequence[Evidence]) -> list[int]:
        self.weights._beginning = []
        self.model.reset()
        return self.weights.prompt(self._messages(question, evidence))[0]

    def _decoded(self, prompt: list[int], stop: str = "\n\n", grammar: Any = None) -> str:
        written: list[int] = []
        for token in self.model.generate(prompt, temp=0.0, grammar=grammar):
            if llama_cpp.llama_vocab_is_eog(self.weights._vocabulary, token) or len(written) >= TOKENS:
                break
            written.append(token)
            if stop in self.model.detokenize(written).decode("utf-8", "replace").lstrip():
                break
        return self.model.detokenize(written).decode("utf-8", "replace").strip()


def judged(asked: GoldQuestion, written: str, evidence: Sequence[Evidence]) -> dict[str, bool]:
    """What a text is worth: before and after the product's checks."""
    said = parse_drafts(written)
    passed = [draft for draft in said if find_support(draft, evidence)[0]]
    known = " ".join(
        [
            asked.question,
            *(f"{item.text} {item.article.headline} {item.article.dateline}" for item in evidence),
        ]
    )

    def answers(texts: Sequence[str]) -> bool:
        return bool(
            right(
                asked,
                Answer(
                    asked.question, "", "answered", tuple(Statement(text, (), SUPPORTED) for text in texts)
                ),
            )
        )

    return {
        "right": answers([draft.text for draft in said]),
        "invented": any(found not in known for draft in said for found in _TOLD.findall(draft.text)),
        "passed": bool(passed),
        "right and passed": answers([draft.text for draft in passed]),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=str(_packaged()))
    parser.add_argument("--evidence", type=int, default=2)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        library, questions = gold(Path(work), Encoder(1))
        assistant = Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts())
        chosen = [
            item
            for item in questions
            if item.for_development
            and item.kind in ("fact", "why")
            and len({w.article for w in item.evidence}) == 1
        ]
        asked = [(item, assistant.ask(item.question).evidence[: given.evidence]) for item in chosen]
        ways, rows = Ways(given.model, Prompts()), {}
        for way in (ways.chat, ways.examples, ways.form, ways.spans, ways.likeliest):
            rows[way.__name__] = _row(way, asked)
            print(way.__name__, rows[way.__name__], flush=True)
        library.store.close()
    if given.out:
        given.out.write_text(
            json.dumps({"questions": len(asked), "evidence": given.evidence, "ways": rows}, indent=1) + "\n"
        )


def _row(
    way: Callable[[str, Sequence[Evidence]], str], asked: Sequence[tuple[GoldQuestion, Sequence[Evidence]]]
) -> dict[str, float]:
    judgements, seconds = [], []
    for item, evidence in tqdm(asked, desc=way.__name__, disable=None):
        began = time.perf_counter()
        written = way(item.question, evidence)
        seconds.append(time.perf_counter() - began)
        judgements.append(judged(item, written, evidence))
    shares = {
        name: round(sum(judgement[name] for judgement in judgements) / len(judgements), 3)
        for name in judgements[0]
    }
    return {**shares, "seconds": round(median(seconds), 2)}


if __name__ == "__main__":
    main()
