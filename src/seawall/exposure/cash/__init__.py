"""The cash ladder: what has to be at each venue by which hour, so that nothing is closed."""
