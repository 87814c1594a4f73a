"""From what people have to an encoded corpus: sources, text, words, numbers on disk."""
