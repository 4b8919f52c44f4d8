"""Parse numbers, units, dates and quantities in questions and in news text."""
