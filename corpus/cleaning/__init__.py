"""Turn raw news text into articles: the body, its metadata, and what is boilerplate."""
