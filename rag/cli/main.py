"""Run the command line, for `dateline` and all that starts it (`python -m rag`, `app.py`).

Only the standard library is imported at the top, so that `dateline doctor` works in a broken installation.
"""

import os
import sys
from collections.abc import Sequence

from corpus.signals import EXIT_STOPPED, raise_on_stop_signals
from rag.errors import is_dateline_error

_EXIT_BAD_INPUT = 2
_EXIT_CLOSED_PIPE = 141
_OWN_PACKAGES = ("corpus", "embeddings", "rag")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Bad input is one sentence on standard error and exit code 2, never a traceback. The exit code is 130 after
    Ctrl-C or SIGTERM, and 141 where the reader of the output has closed the pipe.
    """
    raise_on_stop_signals()
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except (ValueError, RuntimeError) as error:
        if not is_dateline_error(error):
            raise
        return _fail(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in _OWN_PACKAGES:
            raise
        return _fail(
            f"{error.name} is not installed; run: pip install -r requirements.txt "
            "(dateline doctor says what else is wrong)"
        )
    except BrokenPipeError:
        # The reader has seen enough; Python would raise again at exit if it flushed to the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_CLOSED_PIPE
    except KeyboardInterrupt:
        return _fail("Stopped; what was finished is kept.", EXIT_STOPPED)


def _run(arguments: list[str]) -> int:
    try:
        from rag.cli.commands import run
    except ImportError:
        if arguments[:1] != ["doctor"]:
            raise
        # click is missing or broken, and the doctor is asked to say so.
        from rag.serving.diagnostics import print_findings

        return print_findings(as_json="--json" in arguments, full="--full" in arguments)
    return run(arguments)


def _fail(message: str, exit_code: int = _EXIT_BAD_INPUT) -> int:
    sys.stderr.write(f"{message}\n")
    return exit_code
