"""Serve answers: API, MCP server, langchain runnable, authentication and diagnostics."""
