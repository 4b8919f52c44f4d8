"""The parts of the page: Gradio components, and what happens when they are used."""
