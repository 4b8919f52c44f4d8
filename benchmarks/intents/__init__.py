"""Questions labelled with the kind of account that they want, to measure `rag.query.intent`."""
