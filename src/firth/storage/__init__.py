"""Bytes on disk: files that are written whole or not at all, arrays, what is kept for the next time."""
