"""The words that are sent to a model: reads `prompts/`, checks every placeholder, fits messages into a budget. Knows no model."""

from collections.abc import Sequence
from pathlib import Path
from string import Template

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from rag import limits
from rag.retrieval.evidence import Evidence

PROMPTS_FOLDER = Path(__file__).parents[2] / "prompts"
TRAINED_FOLDER = (
    PROMPTS_FOLDER / "trained"
)  # for the packaged reader with its adapter, which was trained on exactly these
_PLACEHOLDERS = {
    "system": {"refusal"},
    "question": {"evidence", "question"},
    "evidence": {"number", "source", "text"},
    "refusal": set(),
}


class PromptError(ValueError):
    """A prompt's file is missing, or its placeholders are not those that are filled in."""


class Prompts:
    """The prompts of one folder, read and checked once."""

    def __init__(self, folder: Path = PROMPTS_FOLDER) -> None:
        """Raises:
        PromptError: a file is missing, or names other placeholders than it should.
        """
        self._templates: dict[str, Template] = {}
        for name, wanted in _PLACEHOLDERS.items():
            file = folder / f"{name}.txt"
            if not file.is_file():
                raise PromptError(f"{file} is missing; restore it from the repository")
            template = Template(file.read_text(encoding="utf-8").strip())
            if set(template.get_identifiers()) != wanted or not template.is_valid():
                raise PromptError(
                    f"{file} should hold the placeholders {_dollars(wanted)}, but holds {_dollars(set(template.get_identifiers()))}"
                )
            self._templates[name] = template
        self.refusal = self._templates["refusal"].template

    @classmethod
    def of(cls, points: bool) -> "Prompts":
        """Those for a reader that was trained to point, or for any other; with the wrong ones a reader answers, but badly."""
        return cls(TRAINED_FOLDER if points else PROMPTS_FOLDER)

    def messages(
        self, question: str, evidence: Sequence[Evidence], budget: int
    ) -> tuple[list[BaseMessage], list[Evidence]]:
        """The messages for a question, at most about `budget` tokens, and the evidence that found room in them, numbered from 1.

        What ranks last is left out whole; the instruction and the question never are.
        """
        used = list(evidence)
        while True:
            chat = self._chat(question, used)
            # A token is seldom shorter than three bytes of English; other scripts are counted too high, which is safe.
            if len(used) <= 1 or sum(len(message.text.encode()) for message in chat) / 3 <= budget:
                return chat, used
            used.pop()

    def _chat(self, question: str, evidence: Sequence[Evidence]) -> list[BaseMessage]:
        lines = [
            self._templates["evidence"].substitute(
                number=n, source=item.article.dateline, text=prompt_text(item)
            )
            for n, item in enumerate(evidence, 1)
        ]
        system = self._templates["system"].substitute(refusal=self.refusal)
        return [
            SystemMessage(system),
            HumanMessage(
                self._templates["question"].substitute(evidence="\n".join(lines), question=question)
            ),
        ]


def prompt_text(item: Evidence) -> str:
    """A sentence as it stands in a prompt."""
    return " ".join(item.text.split())[: limits.MAX_EVIDENCE_CHARS]


def _dollars(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names)) or "none"
