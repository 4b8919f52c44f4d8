"""Question answering over the collection: parse the question, retrieve, generate, verify, answer."""

import corpus as corpus  # sets the offline environment before anything heavy is imported
