"""The answer: its values, its schema, conversations, export and feedback."""
