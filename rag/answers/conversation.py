"""A conversation as the reader's browser keeps it: its questions and answers, oldest first. Knows JSON values and turns, nothing of browsers."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from rag import limits
from rag.answers.answer import Answer, Turn
from rag.answers.reverification import ArticleLookup, load_and_reverify
from rag.answers.schema import AnswerJson


class ExchangeJson(TypedDict):
    """A question with its answer, and what the reader thought of it: "" or a verdict of `rag.answers.feedback`."""

    answer: AnswerJson
    judged: str


class ConversationJson(TypedDict):
    """What a browser keeps of a conversation."""

    id: str
    title: str
    exchanges: list[ExchangeJson]


_READER: TypeAdapter[ConversationJson] = TypeAdapter(ConversationJson)
_TITLE_CHARS = 80


class BadConversation(ValueError):
    """A value that should be a conversation and is none, or a turn that it does not have."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions and answers in their order. Without an `id` it is not yet one."""

    id: str = ""
    title: str = ""
    exchanges: tuple[ExchangeJson, ...] = ()

    @classmethod
    def read(cls, value: Any) -> "Conversation":
        """A conversation from what a browser sent; nothing means a new one.

        Raises:
            BadConversation: it is none, or is longer than a conversation may be.
        """
        if not value:
            return cls()
        try:
            kept = _READER.validate_python(value)
        except ValidationError:
            raise BadConversation(
                "This conversation cannot be read; it was kept by another version. Begin a new one."
            ) from None
        if len(kept["exchanges"]) > limits.MAX_EXCHANGES:
            raise BadConversation(
                f"A conversation has at most {limits.MAX_EXCHANGES} questions; begin a new one."
            )
        return cls(kept["id"][:40], kept["title"][:_TITLE_CHARS], tuple(kept["exchanges"]))

    def to_json(self) -> dict[str, Any]:
        """Plain values for a browser to keep."""
        return {"id": self.id, "title": self.title, "exchanges": list(self.exchanges)}

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What was asked and answered, for follow-ups; answers that were stopped told nothing."""
        finished = [item["answer"] for item in self.exchanges if item["answer"]["status"] != "writing"][
            -(limits.MAX_HISTORY_TURNS // 2) :
        ]
        said = [(Turn("user", answer["question"]), Turn("assistant", answer["text"])) for answer in finished]
        return tuple(Turn(turn.role, turn.text[: limits.MAX_TURN_CHARS]) for pair in said for turn in pair)

    def before(self, turn: int) -> "Conversation":
        """The conversation up to a question, without it."""
        return replace(self, exchanges=self.exchanges[:turn])

    def then(self, answer: Answer) -> "Conversation":
        """The conversation with one more answer; the first question gives it a name."""
        title = self.title or " ".join(answer.question.split())[:_TITLE_CHARS]
        exchange = ExchangeJson(answer=answer.to_json(), judged="")
        return Conversation(self.id or secrets.token_hex(8), title, (*self.exchanges, exchange))

    def judged(self, turn: int, verdict: str) -> "Conversation":
        """The conversation with the reader's verdict on one answer.

        Raises:
            BadConversation: there is no such answer.
        """
        exchange = ExchangeJson(answer=self._exchange(turn)["answer"], judged=verdict)
        return replace(self, exchanges=(*self.exchanges[:turn], exchange, *self.exchanges[turn + 1 :]))

    def answer(self, turn: int, article: ArticleLookup) -> Answer:
        """One answer, checked once more.

        Raises:
            BadConversation, BadAnswer: there is no such answer, or it cannot be read.
        """
        return load_and_reverify(self._exchange(turn)["answer"], article)

    def _exchange(self, turn: int) -> ExchangeJson:
        if not 0 <= turn < len(self.exchanges):
            raise BadConversation("That answer is no longer part of this conversation; ask again.")
        return self.exchanges[turn]
