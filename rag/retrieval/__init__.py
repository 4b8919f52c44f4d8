"""Search the collection and select the sentences that bear on a question."""
