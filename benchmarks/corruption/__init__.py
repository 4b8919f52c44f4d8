"""True statements and copies with one thing made false, to measure `rag.verification.verify`."""
