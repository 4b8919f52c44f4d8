"""Say what went wrong with an OpenAI-compatible server, and what to do about it."""

import openai

_SAID_CHARS = 200  # limit: of a server's own words in an error


def why_failed(error: Exception, server: str, name: str, setting: str) -> str:
    """Return a sentence, without its capital and full stop, about an error that the openai client raised.

    `server` is who failed ("the model server at http://127.0.0.1:8000/v1", without credentials), `name` the
    model there, and `setting` the variable that names both.
    """
    if isinstance(error, openai.APITimeoutError):
        return f"{server} took too long; ask again, or have it run a smaller model"
    if isinstance(error, openai.APIConnectionError):
        return f"{server} cannot be reached; start it, or correct {setting}"
    if isinstance(error, openai.APIStatusError):
        return _why_refused(error, server, name, setting)
    if isinstance(error, openai.APIError):  # in the middle of a stream
        return f"{server} failed ({error.message[:_SAID_CHARS]}); see its log, and ask again"
    return f"{server} does not answer as an OpenAI-compatible server does; correct the address in {setting}"


def _why_refused(error: openai.APIStatusError, server: str, name: str, setting: str) -> str:
    status = error.status_code
    if status in (401, 403):
        return f"{server} refuses the key; set OPENAI_API_KEY to one that it accepts"
    if status == 404:
        return f"{server} has no model {name}, or its address should end in /v1; correct {setting}"
    if status == 429:
        return f"{server} has too much to do; ask again in a minute"
    if status < 500:
        return f"{server} refuses the request ({error.message[:_SAID_CHARS]}); check its settings"
    return f"{server} failed with status {status}; see its log, and ask again"
