"""One measure a function: of an answer, of a ranked list, and of what went wrong."""
