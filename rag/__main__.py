"""`python -m rag` is `dateline`."""

import sys

from rag.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
