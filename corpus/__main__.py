"""`python -m corpus VERB`: the collection from the command line. A door: it knows when to import what, the verbs know the rest.

`doctor` is asked when something is broken, so nothing but the standard library stands between it and the command line.
"""

import sys

from corpus.signals import raise_on_stop_signals
from rag.errors import run_command


def main() -> int:
    raise_on_stop_signals()
    if sys.argv[1:2] == ["doctor"]:
        from rag.serving.diagnostics import main as examine

        return examine(sys.argv[2:])
    from rag.cli.collection import run

    return run()


if __name__ == "__main__":
    sys.exit(run_command(main))
