"""Asking a language model: the server, what it costs, how its answers are read, and the prompts."""
