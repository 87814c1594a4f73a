"""A map of words to look at: one HTML file that works by itself, offline."""

from firth.visual.map import MAX_WORDS, word_map
from firth.visual.page import Page

__all__ = ["MAX_WORDS", "Page", "word_map"]
