"""`python -m rag.evaluation` is `dateline evaluate`."""

import sys

from rag.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
