"""Compare decoding strategies with which a small model answers from evidence.

    python benchmarks/decoding.py [--model FILE.gguf] [--evidence 2] [--out FILE]

On the development questions that one article answers, with the product's own evidence and prompt. "right"
measures the text as written, "invented" counts texts with a number or a name that is neither in the evidence
nor in the question, "passed" those of which the product's checks leave something, and "right and passed"
measures what is left.
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

from benchmarks.answers.sets import gold_set
from embeddings.encoder import Encoder
from rag.answers.answer import Answer
from rag.assistant import Assistant
from rag.evaluation.gold.questions import GoldQuestion
from rag.evaluation.measures.answers import right
from rag.generation.prompts import Prompts
from rag.generation.registry import AnswerModel, packaged_file
from rag.generation.worker import LoadedModel
from rag.retrieval.evidence import Evidence
from rag.retrieval.search import Retriever
from rag.verification.citations import SUPPORTED, Statement, find_support, parse_drafts

TOKENS = 80
# One sentence of any words, and a marker: what a grammar can guarantee of an answer's form.
_FORM = r'root ::= [A-Z0-9“"£$€] [^\n.!?\[\]]{3,200} "."? " [" [1-9] "]"'
_NUMBER_OR_NAME = re.compile(r"\d+(?:[.,]\d+)*|(?<=[a-z,] )[A-Z][\w’'-]+")
# Shown in the same form before the question, about articles that no collection holds.
_EXAMPLES = (
    ("[1] The toll road opened on 4 May with 12 kilometres of new lanes. (Coast Herald, 5 May 2009)", "How long are the new lanes?", "12 kilometres [1]."),
    ("[1] Ms Okoro said that the clinic had run out of beds in a week. (Upland News, 11 March 2016)", "What had the clinic run out of?", "It had run out of beds [1]."),
    ("[1] The choir sang in two towns. (Vale Post, 2 June 2011)\n[2] Its conductor, Jan Reuss, fell ill. (Vale Post, 9 June 2011)", "Who conducts the choir?", "Jan Reuss [2]."),
)  # fmt: skip


class DecodingStrategies:
    """One model and each strategy; the names of the methods are the keys of decoding.json."""

    def __init__(self, path: str, prompts: Prompts) -> None:
        self.weights = LoadedModel(path, 2048, 1)
        self.model = self.weights._model
        self._prompts = prompts

    def chat(self, question: str, evidence: Sequence[Evidence]) -> str:
        """Answer the product's prompt, always with the most probable token."""
        return "".join(
            self.weights.generate(self._messages(question, evidence), TOKENS, 0.0, ["\n\n", "\nQuestion:"])
        )

    def examples(self, question: str, evidence: Sequence[Evidence]) -> str:
        """Complete a text of three examples in the same form and the question."""
        shown = "\n\n".join(
            f"{sentences}\n\nQuestion: {gold}\nAnswer: {answer}" for sentences, gold, answer in _EXAMPLES
        )
        text = f"{shown}\n\n{self._messages(question, evidence)[-1]['content']}\nAnswer:"
        self.model.reset()
        return self._decoded(self.model.tokenize(text.encode()), stop="\n")

    def form(self, question: str, evidence: Sequence[Evidence]) -> str:
        """Answer under a grammar that admits one sentence and one marker."""
        grammar = llama_cpp.LlamaGrammar.from_string(_FORM, verbose=False)
        return self._decoded(self._prompt(question, evidence), grammar=grammar)

    def spans(self, question: str, evidence: Sequence[Evidence]) -> str:
        """Allow only tokens that continue a span of whole words of one sentence; add its marker."""
        spans = [self.weights.sentence_tokens(" ".join(item.text.split())) for item in evidence]
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
        """Quote the evidence sentence after which the question is most probable."""
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
        self.weights._cached_prefix = []
        self.model.reset()
        return self.weights.chat.prompt(self._messages(question, evidence))[0]

    def _decoded(self, prompt: list[int], stop: str = "\n\n", grammar: Any = None) -> str:
        written: list[int] = []
        for token in self.model.generate(prompt, temp=0.0, grammar=grammar):
            if llama_cpp.llama_vocab_is_eog(self.weights._vocabulary, token) or len(written) >= TOKENS:
                break
            written.append(token)
            if stop in self.model.detokenize(written).decode("utf-8", "replace").lstrip():
                break
        return self.model.detokenize(written).decode("utf-8", "replace").strip()


def judge(gold: GoldQuestion, written: str, evidence: Sequence[Evidence]) -> dict[str, bool]:
    """Measure a text before and after the product's checks."""
    drafts = parse_drafts(written)
    passed = [draft for draft in drafts if find_support(draft, evidence)[0]]
    known = " ".join(
        [
            gold.question,
            *(f"{item.text} {item.article.headline} {item.article.dateline}" for item in evidence),
        ]
    )

    def answers(texts: Sequence[str]) -> bool:
        return bool(
            right(
                gold,
                Answer(
                    gold.question, "", "answered", tuple(Statement(text, (), SUPPORTED) for text in texts)
                ),
            )
        )

    return {
        "right": answers([draft.text for draft in drafts]),
        "invented": any(
            found not in known for draft in drafts for found in _NUMBER_OR_NAME.findall(draft.text)
        ),
        "passed": bool(passed),
        "right and passed": answers([draft.text for draft in passed]),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=str(packaged_file()))
    parser.add_argument("--evidence", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        library, questions = gold_set(Path(work), Encoder(1))
        assistant = Assistant(Retriever(library=library, k=8), AnswerModel("none", None), Prompts())
        single_article = [
            item
            for item in questions
            if item.for_development
            and item.kind in ("fact", "why")
            and len({w.article for w in item.evidence}) == 1
        ]
        pairs = [(item, assistant.ask(item.question).evidence[: options.evidence]) for item in single_article]
        strategies, rows = DecodingStrategies(options.model, Prompts()), {}
        for strategy in (
            strategies.chat,
            strategies.examples,
            strategies.form,
            strategies.spans,
            strategies.likeliest,
        ):
            rows[strategy.__name__] = _row(strategy, pairs)
            print(strategy.__name__, rows[strategy.__name__], flush=True)
        library.store.close()
    if options.out:
        options.out.write_text(
            json.dumps({"questions": len(pairs), "evidence": options.evidence, "ways": rows}, indent=1) + "\n"
        )


def _row(
    strategy: Callable[[str, Sequence[Evidence]], str],
    pairs: Sequence[tuple[GoldQuestion, Sequence[Evidence]]],
) -> dict[str, float]:
    judgements, seconds = [], []
    for item, evidence in tqdm(pairs, desc=strategy.__name__, disable=None):
        started = time.perf_counter()
        written = strategy(item.question, evidence)
        seconds.append(time.perf_counter() - started)
        judgements.append(judge(item, written, evidence))
    shares = {
        name: round(sum(judgement[name] for judgement in judgements) / len(judgements), 3)
        for name in judgements[0]
    }
    return {**shares, "seconds": round(median(seconds), 2)}


if __name__ == "__main__":
    main()
