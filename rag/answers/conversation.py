"""A conversation as the reader's browser keeps it: its questions and answers, oldest first."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from rag import limits
from rag.answers.answer import Answer, to_model
from rag.answers.reverification import ArticleLookup, load_and_reverify
from rag.answers.schema import AnswerJson, ConversationJson, ExchangeJson, InvalidValue, parse
from rag.query.followups import Turn

_ID_CHARS, _TITLE_CHARS = 40, 80  # limits


class InvalidConversation(ValueError):
    """A value is not a conversation, or a conversation has no such answer."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions and answers in their order; a new one has no `id` yet."""

    id: str = ""
    title: str = ""
    exchanges: tuple[ExchangeJson, ...] = ()

    @classmethod
    def from_json(cls, value: object) -> "Conversation":
        """Parse what a browser sent; None or an empty value is a new conversation.

        Raises:
            InvalidConversation: it is no conversation, or is longer than one may be.
        """
        if not value:
            return cls()
        try:
            kept = parse(ConversationJson, value)
        except InvalidValue:
            raise InvalidConversation(
                "This conversation cannot be read; it was kept by another version. Begin a new one."
            ) from None
        if len(kept.exchanges) > limits.MAX_EXCHANGES:
            raise InvalidConversation(
                f"A conversation has at most {limits.MAX_EXCHANGES} questions; begin a new one."
            )
        return cls(kept.id[:_ID_CHARS], kept.title[:_TITLE_CHARS], tuple(kept.exchanges))

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a browser to keep."""
        return ConversationJson(id=self.id, title=self.title, exchanges=list(self.exchanges)).to_json()

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The latest questions and answers, for follow-ups; answers that were stopped are left out."""
        answers = [item.answer for item in self.exchanges if item.answer.status != "writing"]
        return tuple(
            turn for answer in answers[-(limits.MAX_HISTORY_TURNS // 2) :] for turn in _turns(answer)
        )

    def up_to(self, turn: int) -> "Conversation":
        """Return the conversation before its question number `turn` (from 0)."""
        return replace(self, exchanges=self.exchanges[:turn])

    def append(self, answer: Answer) -> "Conversation":
        """Return the conversation with one more answer; the first question gives it its title."""
        title = self.title or " ".join(answer.question.split())[:_TITLE_CHARS]
        exchange = ExchangeJson(answer=to_model(answer), judged="")
        return Conversation(self.id or secrets.token_hex(8), title, (*self.exchanges, exchange))

    def with_verdict(self, turn: int, verdict: str) -> "Conversation":
        """Return the conversation with the reader's verdict on one answer.

        Raises:
            InvalidConversation: there is no such answer.
        """
        exchange = ExchangeJson(answer=self._exchange(turn).answer, judged=verdict)
        return replace(self, exchanges=(*self.exchanges[:turn], exchange, *self.exchanges[turn + 1 :]))

    def load_answer(self, turn: int, lookup: ArticleLookup) -> Answer:
        """Return one answer, checked again; `lookup` finds an article by its id.

        Raises:
            InvalidConversation, InvalidAnswer: there is no such answer, or it cannot be read.
        """
        return load_and_reverify(self._exchange(turn).answer, lookup)

    def _exchange(self, turn: int) -> ExchangeJson:
        if not 0 <= turn < len(self.exchanges):
            raise InvalidConversation("That answer is no longer part of this conversation; ask again.")
        return self.exchanges[turn]


def _turns(answer: AnswerJson) -> tuple[Turn, Turn]:
    most = limits.MAX_TURN_CHARS
    return Turn("user", answer.question[:most]), Turn("assistant", answer.text[:most])
