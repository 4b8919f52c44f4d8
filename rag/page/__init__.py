"""The page: chat and style. Knows Gradio and the values that travel; nothing of retrieval or prompts."""
