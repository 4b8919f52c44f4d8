"""The web page: its tabs, their markup, script and style. The only package that imports Gradio."""
