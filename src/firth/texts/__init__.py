"""Vectors of whole texts, by the vectors of their words; and folders of them that other programs open."""
