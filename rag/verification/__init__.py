"""Check statements against the words that they cite, and whether evidence answers at all."""
