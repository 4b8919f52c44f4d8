"""Measures of the search: on MultiHop-RAG, and on questions that are typed differently."""
