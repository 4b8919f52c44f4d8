"""True statements and copies of them with one thing made false, to measure `rag.verification.verify`: python -m benchmarks.corruption"""
