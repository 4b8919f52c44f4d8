"""Questions over the collection: retrieve, read, answer, check. Knows `embeddings` and `corpus`; only `app.py` stands above it."""

import corpus as corpus  # the silent environment is set before anything heavy is imported
