"""Fetch the public sets that benchmarks and training read, and write them in the form that they read."""
