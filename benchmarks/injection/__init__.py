"""Instructions in articles, file names and metadata, and articles made to outvote others."""
