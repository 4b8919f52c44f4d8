"""Measure how fast Dateline is, beside the bare libraries and what people would use instead."""
