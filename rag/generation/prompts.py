"""Load the prompt files, check their placeholders, and build the messages for a question."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from rag import limits
from rag.retrieval.evidence import Evidence

PROMPTS_FOLDER = Path(__file__).parent.parent.parent / "prompts"
TRAINED_FOLDER = PROMPTS_FOLDER / "trained"  # the prompts that the packaged adapter was trained on
_PLACEHOLDERS = {
    "system": {"refusal"},
    "question": {"evidence", "question"},
    "evidence": {"number", "source", "text"},
    "refusal": set(),
}
WRITING_FOLDER = PROMPTS_FOLDER / "writing"  # the prompts of models that write from chosen sentences
_WRITING_PLACEHOLDERS = {
    "system": set(),
    "source": {"number", "headline", "source", "text"},
    "question": {"sources", "question", "words"},
    "words": {"words"},
}
CHECKING_FOLDER = PROMPTS_FOLDER / "checking"  # the prompts that ask a model about what it wrote
_CHECKING_PLACEHOLDERS = {
    "system": set(),
    "source": {"headline", "source", "text", "question"},
    "answers": set(),
    "says": {"answer"},
}
_BYTES_PER_TOKEN = (
    3  # limit: English text has more; the tokens of other scripts are overestimated, which is safe
)


class PromptError(ValueError):
    """Raised when a prompt file is missing or its placeholders are not the expected ones."""


class Prompts:
    """The prompts of one folder, loaded and checked once."""

    def __init__(self, folder: Path = PROMPTS_FOLDER) -> None:
        """Load the prompts.

        Raises:
            PromptError: A file is missing, or its placeholders are not the expected ones.
        """
        self._templates = {
            name: _load(folder / f"{name}.txt", names) for name, names in _PLACEHOLDERS.items()
        }
        self.refusal = self._templates["refusal"].template

    @classmethod
    def for_model(cls, extractive: bool) -> "Prompts":
        """Return the prompts for an extractive model or any other; with the wrong ones it answers badly."""
        return cls(TRAINED_FOLDER if extractive else PROMPTS_FOLDER)

    def messages(
        self, question: str, evidence: Sequence[Evidence], budget: int
    ) -> tuple[list[BaseMessage], list[Evidence]]:
        """Return the messages for a question, of about `budget` tokens, and their evidence, numbered from 1.

        The lowest-ranked evidence is left out if there are too many tokens, but never all of it.
        """
        used = list(evidence)
        while True:
            messages = self._render(question, used)
            tokens = sum(len(message.text.encode()) for message in messages) / _BYTES_PER_TOKEN
            if len(used) <= 1 or tokens <= budget:
                return messages, used
            used.pop()

    def _render(self, question: str, evidence: Sequence[Evidence]) -> list[BaseMessage]:
        lines = [
            self._templates["evidence"].substitute(
                number=n, source=item.article.dateline, text=prompt_text(item)
            )
            for n, item in enumerate(evidence, 1)
        ]
        system = self._templates["system"].substitute(refusal=self.refusal)
        user = self._templates["question"].substitute(evidence="\n".join(lines), question=question)
        return [SystemMessage(system), HumanMessage(user)]


class WritingPrompts:
    """The prompts for a model that writes sentences from evidence that was chosen for it.

    System line and examples are the same for all questions, so that a local model reads them only once.
    """

    def __init__(self, folder: Path = WRITING_FOLDER) -> None:
        """Load the prompts and the examples.

        Raises:
            PromptError: A file is missing, or its placeholders are not the expected ones.
        """
        self._templates = {
            name: _load(folder / f"{name}.txt", names) for name, names in _WRITING_PLACEHOLDERS.items()
        }
        self._fixed: list[BaseMessage] = [SystemMessage(self._templates["system"].template)]
        with _examples(folder) as lines:
            for line in lines:
                user = self._render(line["question"], map(tuple, line["sources"]), line["words"])
                self._fixed += [HumanMessage(user), AIMessage(line["answer"])]

    def messages(self, question: str, evidence: Sequence[Evidence], words: str = "") -> list[BaseMessage]:
        """Return the messages for a question; `words` are those of the evidence that answer, if known."""
        sources = ((item.article.headline, item.article.dateline, prompt_text(item)) for item in evidence)
        return [*self._fixed, HumanMessage(self._render(question, sources, words))]

    def _render(self, question: str, sources: Iterable[tuple[str, ...]], words: str) -> str:
        lines = [
            self._templates["source"].substitute(number=n, headline=headline, source=source, text=text)
            for n, (headline, source, text) in enumerate(sources, 1)
        ]
        hint = "\n" + self._templates["words"].substitute(words=words) if words else ""
        return self._templates["question"].substitute(sources="\n".join(lines), question=question, words=hint)


class CheckingPrompts:
    """The prompts that ask a model whether a source answers a question, and whether it says what was written.

    Both are the same up to their ending. System line and examples are the same for all questions.
    """

    def __init__(self, folder: Path = CHECKING_FOLDER) -> None:
        """Load the prompts and the examples.

        Raises:
            PromptError: A file is missing, or its placeholders are not the expected ones.
        """
        self._templates = {
            name: _load(folder / f"{name}.txt", names) for name, names in _CHECKING_PLACEHOLDERS.items()
        }
        self.fixed: list[BaseMessage] = [SystemMessage(self._templates["system"].template)]
        with _examples(folder) as lines:
            for line in lines:
                answers, says = self.endings(line["answer"])
                user = self._render(line["question"], *line["source"]) + (says if line["answer"] else answers)
                self.fixed += [HumanMessage(user), AIMessage(line["verdict"])]

    def messages(self, question: str, item: Evidence) -> list[BaseMessage]:
        """Return the messages about a sentence of evidence; one of the `endings` belongs behind the last."""
        text = self._render(question, item.article.headline, item.article.dateline, prompt_text(item))
        return [*self.fixed, HumanMessage(text)]

    def endings(self, answer: str) -> tuple[str, str]:
        """Return the questions whether the source answers at all, and whether it says what is answered."""
        answers, says = self._templates["answers"].template, self._templates["says"].substitute(answer=answer)
        return f"\n{answers}", f"\n{says}"

    def _render(self, question: str, headline: str, source: str, text: str) -> str:
        return self._templates["source"].substitute(
            headline=headline, source=source, text=text, question=question
        )


@contextmanager
def _examples(folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Give the lines of a folder's examples; whatever is wrong with them is one error."""
    file = folder / "examples.jsonl"
    try:
        yield [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PromptError(f"{file} cannot be read ({error}); restore it from the repository") from error


def prompt_text(item: Evidence) -> str:
    """Return a sentence as it is written in a prompt: on one line, truncated to the limit."""
    return " ".join(item.text.split())[: limits.MAX_EVIDENCE_CHARS]


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
