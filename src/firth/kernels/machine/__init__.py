"""What a processor does besides: fetch ahead, count among threads, draw random numbers."""
