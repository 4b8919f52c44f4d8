"""Which errors are Dateline's own, and the codes by which scripts recognise them.

Each package defines its own errors as subclasses of ValueError or RuntimeError; a message is one
sentence for people and names the remedy.
"""

_OWN_PACKAGES = ("corpus.", "embeddings.", "rag.")
INTERNAL = "internal"


def is_dateline_error(error: BaseException) -> bool:
    """Return True for an error that Dateline defines, whose message may be shown to people."""
    return isinstance(error, ValueError | RuntimeError) and type(error).__module__.startswith(_OWN_PACKAGES)


def error_code(error: BaseException) -> str:
    """Return the code of an error for scripts; docs/api.md lists them. Errors of others are "internal".

    A class may set `code`; without one a ValueError is a "bad_request" and a RuntimeError "unavailable".
    """
    if not is_dateline_error(error):
        return INTERNAL
    return str(getattr(error, "code", "bad_request" if isinstance(error, ValueError) else "unavailable"))
