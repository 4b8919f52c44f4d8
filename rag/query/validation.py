"""Validate the text of a question."""

from rag import limits


class InvalidQuestion(ValueError):
    """A question that cannot be asked; the message says why and what to do."""


class QuestionEmpty(InvalidQuestion):
    """A question without any text."""

    code = "question_empty"


class QuestionTooLong(InvalidQuestion):
    """A question with more characters than are allowed."""

    code = "question_too_long"


class ShuttingDown(RuntimeError):
    """Raised for every question once the program has begun to shut down."""

    code = "shutting_down"


def validate_question(question: str, max_chars: int = limits.MAX_QUESTION_CHARS) -> str:
    """Return a question without surrounding white space, NUL characters and lone surrogates.

    Raises:
        InvalidQuestion: it is not a string.
        QuestionTooLong: it has more than `max_chars` characters.
        QuestionEmpty: nothing is left of it.
    """
    if not isinstance(question, str):
        raise InvalidQuestion("The question should be text.")
    if len(question) > max_chars:
        raise QuestionTooLong(
            f"The question has {len(question):,} characters; ask it in at most {max_chars:,}."
        )
    question = question.encode("utf-8", "replace").decode().replace("\x00", " ").strip()
    if not question:
        raise QuestionEmpty("The question is empty; type one.")
    return question
