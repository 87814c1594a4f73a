"""Things to look at: a map of the words, figures, the projector."""
