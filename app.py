"""`python app.py` is `dateline serve`: it opens the page and the API. Hugging Face Spaces start this file."""

import sys

from rag.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
