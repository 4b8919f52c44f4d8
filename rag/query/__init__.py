"""Parse a question: validation, follow-ups, filters, intent, answer type and parts."""
