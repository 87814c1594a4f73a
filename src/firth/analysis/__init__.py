"""What vectors are worth: scores by test sets, and models compared."""
