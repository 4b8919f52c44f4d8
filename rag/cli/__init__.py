"""The command line `dateline`."""
