"""Reports of a run, as HTML and as Markdown."""
