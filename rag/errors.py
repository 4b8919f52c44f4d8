"""What every way in shares: an error that we know is one sentence and a code for scripts; on the command line exit code 2, never a traceback."""

import os
import sys
from collections.abc import Callable

# Each room's own error is a subclass of the nearest builtin, and its message holds the remedy.
_KNOWN = (ValueError, RuntimeError)
_OURS = ("corpus.", "embeddings.", "rag.", "app", "__main__")
INTERNAL = "internal"


def run_command(main: Callable[[], int]) -> int:
    """Run a command; its exit code, or 2 after one sentence about an error that Dateline names itself, or 130 after Ctrl-C."""
    try:
        return main()
    except _KNOWN as error:
        if not is_dateline_error(error):
            raise
        sys.stderr.write(f"{error}\n")
        return 2
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("corpus", "embeddings", "rag"):
            raise
        sys.stderr.write(
            f"{error.name} is not installed; run: pip install -r requirements.txt (python -m corpus doctor tells what else is wrong)\n"
        )
        return 2
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is still buffered goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; what was finished is kept.\n")
        return 130


def is_dateline_error(error: BaseException) -> bool:
    """True if an error is one of Dateline's own, whose message is for people."""
    return isinstance(error, _KNOWN) and type(error).__module__.startswith(_OURS)


def error_code(error: BaseException) -> str:
    """The short name by which scripts tell an error of ours; the table is in docs/design.md. Any other error is "internal".

    An error class says its code where the kind of the error does not say enough: a wrong value is a bad request.
    """
    if not is_dateline_error(error):
        return INTERNAL
    return str(getattr(error, "code", "bad_request" if isinstance(error, ValueError) else "unavailable"))
