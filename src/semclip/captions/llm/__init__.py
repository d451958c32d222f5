"""Requests to a language model: the server, costs, prompts, and how answers are read."""
