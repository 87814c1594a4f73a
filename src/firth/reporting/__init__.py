"""What is told about long work while it is done: the events, and what shows them."""
