"""From a corpus to vectors: the story, its rounds, its threads, and going on after an interruption."""
