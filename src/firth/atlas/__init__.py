"""A map of words to look at: one HTML file that works by itself, offline."""

from firth.atlas.drawing import MAX_WORDS, word_map
from firth.atlas.page import Page

__all__ = ["MAX_WORDS", "Page", "word_map"]
