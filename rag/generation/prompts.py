"""Load the prompt files, check their placeholders, and build the messages for a question."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from string import Template
from typing import Any, ClassVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from rag import limits
from rag.retrieval.evidence import Evidence

PROMPTS_FOLDER = Path(__file__).parent.parent.parent / "prompts"
TRAINED_FOLDER = PROMPTS_FOLDER / "trained"  # the prompts that the packaged adapter was trained on
WRITING_FOLDER = PROMPTS_FOLDER / "writing"  # the prompts of models that write from chosen sentences
CHECKING_FOLDER = PROMPTS_FOLDER / "checking"  # the prompts that ask a model about what it wrote
# limit: English has more; used where the model's own tokens cannot be counted
_BYTES_PER_TOKEN = 3


class PromptError(ValueError):
    """Raised when a prompt file is missing or its placeholders are not the expected ones."""


class _Templates:
    """The prompt files of one folder, each with the placeholders that it should hold."""

    placeholders: ClassVar[dict[str, set[str]]]

    def __init__(self, folder: Path) -> None:
        """Load and check the files.

        Raises:
            PromptError: A file is missing, or its placeholders are not the expected ones.
        """
        self._folder = folder
        self._templates = {
            name: _load(folder / f"{name}.txt", names) for name, names in self.placeholders.items()
        }

    def _fill(self, name: str, **values: object) -> str:
        return self._templates[name].substitute(values)

    def _with_examples(self, exchange: Callable[[dict[str, Any]], tuple[str, str]]) -> list[BaseMessage]:
        """Return the system line and the examples: `exchange` makes a question and its answer of a line."""
        file = self._folder / "examples.jsonl"
        messages: list[BaseMessage] = [SystemMessage(self._fill("system"))]
        try:
            for line in file.read_text(encoding="utf-8").splitlines():
                asked, answered = exchange(json.loads(line))
                messages += [HumanMessage(asked), AIMessage(answered)]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PromptError(f"{file} cannot be read ({error}); restore it from the repository") from error
        return messages


class Prompts(_Templates):
    """The prompts of a model that answers from numbered sentences."""

    placeholders: ClassVar[dict[str, set[str]]] = {
        "system": {"refusal"},
        "question": {"evidence", "question"},
        "evidence": {"number", "source", "text"},
        "refusal": set(),
    }

    def __init__(self, folder: Path = PROMPTS_FOLDER) -> None:
        """Load the prompts; errors are those of every folder."""
        super().__init__(folder)
        self.refusal = self._fill("refusal")

    @classmethod
    def for_model(cls, extractive: bool) -> "Prompts":
        """Return the prompts for an extractive model or any other; with the wrong ones it answers badly."""
        return cls(TRAINED_FOLDER if extractive else PROMPTS_FOLDER)

    def messages(
        self,
        question: str,
        evidence: Sequence[Evidence],
        budget: int,
        count: Callable[[str], int] | None = None,
    ) -> tuple[list[BaseMessage], list[Evidence]]:
        """Return the messages for a question, of at most `budget` tokens, and their evidence from number 1.

        The lowest-ranked evidence is left out if there are too many tokens, but never all of it. `count`
        returns the model's tokens in a text; without it they are estimated.
        """
        used = list(evidence)
        while True:
            messages = self._render(question, used)
            if len(used) <= 1 or _fits(messages, budget, count):
                return messages, used
            used.pop()

    def _render(self, question: str, evidence: Sequence[Evidence]) -> list[BaseMessage]:
        lines = [self._fill("evidence", number=n, **_source(item)) for n, item in enumerate(evidence, 1)]
        user = self._fill("question", evidence="\n".join(lines), question=question)
        return [SystemMessage(self._fill("system", refusal=self.refusal)), HumanMessage(user)]


class WritingPrompts(_Templates):
    """The prompts for a model that writes sentences from evidence that was chosen for it.

    System line and examples are the same for all questions, so that a local model reads them only once.
    """

    placeholders: ClassVar[dict[str, set[str]]] = {
        "system": set(),
        "source": {"number", "headline", "source", "text"},
        "question": {"sources", "question", "words"},
        "words": {"words"},
    }

    def __init__(self, folder: Path = WRITING_FOLDER) -> None:
        """Load the prompts and the examples; errors are those of every folder."""
        super().__init__(folder)
        self._fixed = self._with_examples(
            lambda line: (
                self._render(
                    line["question"], [_named(*source) for source in line["sources"]], line["words"]
                ),
                line["answer"],
            )
        )

    def messages(self, question: str, evidence: Sequence[Evidence], words: str = "") -> list[BaseMessage]:
        """Return the messages for a question; `words` are those of the evidence that answer, if known."""
        return [*self._fixed, HumanMessage(self._render(question, map(_source, evidence), words))]

    def _render(self, question: str, sources: Iterable[dict[str, str]], words: str) -> str:
        lines = [self._fill("source", number=n, **source) for n, source in enumerate(sources, 1)]
        hint = "\n" + self._fill("words", words=words) if words else ""
        return self._fill("question", sources="\n".join(lines), question=question, words=hint)


class CheckingPrompts(_Templates):
    """The prompts that ask a model whether a source answers a question, and whether it says what was written.

    Both are the same up to their ending. System line and examples are the same for all questions.
    """

    placeholders: ClassVar[dict[str, set[str]]] = {
        "system": set(),
        "source": {"headline", "source", "text", "question"},
        "answers": set(),
        "says": {"answer"},
    }

    def __init__(self, folder: Path = CHECKING_FOLDER) -> None:
        """Load the prompts and the examples; errors are those of every folder."""
        super().__init__(folder)
        self.fixed = self._with_examples(
            lambda line: (
                self._fill("source", question=line["question"], **_named(*line["source"]))
                + self.endings(line["answer"])[bool(line["answer"])],
                line["verdict"],
            )
        )

    def messages(self, question: str, item: Evidence) -> list[BaseMessage]:
        """Return the messages about a sentence of evidence; one of the `endings` belongs behind the last."""
        return [*self.fixed, HumanMessage(self._fill("source", question=question, **_source(item)))]

    def endings(self, answer: str) -> tuple[str, str]:
        """Return the questions whether the source answers at all, and whether it says what is answered."""
        return f"\n{self._fill('answers')}", f"\n{self._fill('says', answer=answer)}"


def _fits(messages: Iterable[BaseMessage], budget: int, count: Callable[[str], int] | None) -> bool:
    """Return True if messages have at most `budget` tokens; no text has more tokens than bytes."""
    texts = [message.text for message in messages]
    size = sum(len(text.encode()) for text in texts)
    if size <= budget:
        return True
    return sum(map(count, texts)) <= budget if count else size / _BYTES_PER_TOKEN <= budget


def _source(item: Evidence) -> dict[str, str]:
    """Return what a prompt says of a sentence: its headline, publisher and date, and its text."""
    return _named(item.article.headline, item.article.dateline, item.text)


def _named(headline: str, source: str, text: str) -> dict[str, str]:
    return {"headline": _one_line(headline), "source": _one_line(source), "text": _one_line(text)}


def prompt_text(item: Evidence) -> str:
    """Return a sentence as it is written in a prompt: on one line, truncated to the limit."""
    return _one_line(item.text)


def _one_line(text: str) -> str:
    return " ".join(text.split())[: limits.MAX_EVIDENCE_CHARS]


def _load(file: Path, placeholders: set[str]) -> Template:
    if not file.is_file():
        raise PromptError(f"{file} is missing; restore it from the repository")
    template = Template(file.read_text(encoding="utf-8").strip())
    found = set(template.get_identifiers())
    if found != placeholders or not template.is_valid():
        raise PromptError(
            f"{file} should hold the placeholders {_listed(placeholders)}, but holds {_listed(found)}"
        )
    return template


def _listed(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names)) or "none"
