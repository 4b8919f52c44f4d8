"""What every command line shares: an error that we know becomes one sentence and exit code 2, never a traceback."""

import os
import sys
from collections.abc import Callable

# Each room's own error is a subclass of the nearest builtin, and its message holds the remedy.
_KNOWN = (ValueError, RuntimeError)
_OURS = ("corpus.", "embeddings.", "rag.", "app", "__main__")


def door(main: Callable[[], int]) -> int:
    """Run a command; its exit code, or 2 after one sentence about an error that Dateline names itself, or 130 after Ctrl-C."""
    try:
        return main()
    except _KNOWN as error:
        if not type(error).__module__.startswith(_OURS):
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
