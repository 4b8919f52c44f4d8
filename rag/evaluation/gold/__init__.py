"""Gold questions: read, checked, drafted, and converted from public sets."""
