"""`python -m corpus add`, `list` and so on are `dateline add`, `dateline list` and so on.

Nothing that is imported from `corpus` imports `rag`; this file is only ever started.
"""

import sys

from rag.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
