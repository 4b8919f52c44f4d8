"""`python -m corpus VERB`: the collection from the command line. A door: it knows when to import what, the verbs know the rest.

`doctor` is asked when something is broken, so nothing but the standard library stands between it and the command line.
"""

import sys

from corpus.stopping import interrupt_on_stop
from rag.doors import door


def main() -> int:
    interrupt_on_stop()
    if sys.argv[1:2] == ["doctor"]:
        from rag.doctor import main as examine

        return examine(sys.argv[2:])
    from corpus.verbs import run

    return run()


if __name__ == "__main__":
    sys.exit(door(main))
