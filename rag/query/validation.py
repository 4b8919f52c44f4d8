"""A question as it comes in: what it may be, and why it is refused. Knows nothing of how it is answered."""

from rag import limits


class InvalidQuestion(ValueError):
    """A question that cannot be asked; the message says why and what to do."""


class QuestionEmpty(InvalidQuestion):
    """No question at all."""

    code = "question_empty"


class QuestionTooLong(InvalidQuestion):
    """More characters than a question may have."""

    code = "question_too_long"


class ShuttingDown(RuntimeError):
    """Questions are answered no more, since the program is about to end."""

    code = "shutting_down"


def validate_question(question: str, most: int = limits.MAX_QUESTION_CHARS) -> str:
    """A question without white space around it.

    Raises:
        BadQuestion: it is no text.
        QuestionTooLong: it has more than `most` characters.
        QuestionEmpty: nothing is left of it.
    """
    if not isinstance(question, str):
        raise InvalidQuestion("The question should be text.")
    if len(question) > most:
        raise QuestionTooLong(f"The question has {len(question):,} characters; ask it in at most {most:,}.")
    question = question.encode("utf-8", "replace").decode().replace("\x00", " ").strip()
    if not question:
        raise QuestionEmpty("The question is empty; type one.")
    return question
