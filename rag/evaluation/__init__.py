"""Gold questions, measures, runs and reports: how well the assistant answers."""
