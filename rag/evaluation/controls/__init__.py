"""What the figures of a run are worth: the same questions asked of systems that should do worse."""
