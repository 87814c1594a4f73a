"""TensorFlow's word2vec tutorial, whole: its steps, its examples, its batches."""
