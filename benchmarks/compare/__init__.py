"""firth beside gensim, fastText, word2vec.c and TensorFlow: speed and quality."""
