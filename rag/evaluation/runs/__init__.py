"""Runs over gold questions: made, kept, summarised, compared, swept and judged."""
