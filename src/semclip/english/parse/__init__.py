"""A caption as a dependency tree, by spaCy or by the small built-in parser."""

from semclip.english.parse.source import Parses, open_parser
from semclip.english.parse.tree import Token, Tree

__all__ = ["Parses", "Token", "Tree", "open_parser"]
