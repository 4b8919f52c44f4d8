"""Passages made findable by meaning and by words. Knows vectors and `corpus`; knows neither prompts nor pages."""

import corpus as corpus  # the silent environment is set before torch is imported
