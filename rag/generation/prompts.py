"""Load the prompt files, check their placeholders, and build the messages for a question."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

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
        examples = folder / "examples.jsonl"
        try:
            lines = [json.loads(line) for line in examples.read_text(encoding="utf-8").splitlines()]
            self._fixed: list[BaseMessage] = [SystemMessage(self._templates["system"].template)]
            for line in lines:
                user = self._render(line["question"], map(tuple, line["sources"]), line["words"])
                self._fixed += [HumanMessage(user), AIMessage(line["answer"])]
        except (OSError, ValueError, KeyError) as error:
            raise PromptError(
                f"{examples} cannot be read ({error}); restore it from the repository"
            ) from error

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
