"""Gold questions, measures, runs and reports. Asks the assistant as anybody would; knows nothing of its insides."""
