"""Whole answers, from the question to what is shown: the product, the product with one step switched off, and a newcomer's recipe."""
