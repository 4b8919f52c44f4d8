"""Read files of many formats into raw text and the metadata that they state."""
