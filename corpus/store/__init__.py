"""Keep articles, passages, vectors and the full-text index in one SQLite file."""
